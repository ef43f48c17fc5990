/*
 * Graphs and flame trees of random profiles against a slow model written straight from the
 * definitions, and against every possible failure of an allocation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "from_text.h"
#include "graph/stacks.h"

#define SAMPLES 40
#define DEPTH   7
#define NAMES   9

/* One sample of the model: names by number, root first; -1 ends it. */
struct path {
	int frames[DEPTH];
	bool inlined[DEPTH];
	int n;
	int64_t value;
};

struct model {
	struct path paths[SAMPLES];
	char text[SAMPLES][128];
	struct profile p;
	uint64_t random;
};

static uint32_t below(struct model *m, uint32_t n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->random >> 33) % n;
}

static void make_path(struct model *m, int i)
{
	struct path *path = &m->paths[i];
	char *out = m->text[i];

	path->n = 1 + (int)below(m, DEPTH);
	path->value = (int64_t)below(m, 50) - 10;
	for (int k = 0; k < path->n; k++) {
		path->frames[k] = (int)below(m, NAMES);
		path->inlined[k] = k > 0 && below(m, 4) == 0;
		if (k > 0)
			*out++ = path->inlined[k] ? '+' : ';';
		*out++ = (char)('a' + path->frames[k]);
	}
	snprintf(out, 64, " %d k=%u bytes#%u", (int)path->value, below(m, 3), below(m, 5) * 512);
}

static void make_model(struct model *m, uint64_t seed)
{
	const char *lines[SAMPLES];

	m->random = seed;
	for (int i = 0; i < SAMPLES; i++) {
		make_path(m, i);
		lines[i] = m->text[i];
	}
	from_text(&m->p, lines, SAMPLES);
}

static bool contains(const struct path *path, int frame)
{
	for (int k = 0; k < path->n; k++)
		if (path->frames[k] == frame)
			return true;
	return false;
}

static int64_t model_cum(const struct model *m, int frame)
{
	int64_t sum = 0;

	for (int i = 0; i < SAMPLES; i++)
		sum += contains(&m->paths[i], frame) ? m->paths[i].value : 0;
	return sum;
}

static int64_t model_flat(const struct model *m, int frame)
{
	int64_t sum = 0;

	for (int i = 0; i < SAMPLES; i++)
		if (m->paths[i].frames[m->paths[i].n - 1] == frame)
			sum += m->paths[i].value;
	return sum;
}

/* An edge as the definition reads: kept frames that follow each other, the outermost once. */
struct model_edge {
	int64_t weight;
	bool exists, residual, inlined;
};

static void add_traversal(
    const struct path *path, const bool *kept, int src, int dest, struct model_edge *e)
{
	int before = -1;
	bool skipped = false;

	for (int k = 0; k < path->n; k++) {
		int frame = path->frames[k];

		if (!kept[frame]) {
			skipped = true;
			continue;
		}
		if (before == src && frame == dest && src != dest) {
			e->inlined = (!e->exists || e->inlined) && path->inlined[k];
			e->residual |= skipped;
			e->exists = true;
			e->weight += path->value;
			return;
		}
		before = frame;
		skipped = false;
	}
}

static struct model_edge model_edge(const struct model *m, const bool *kept, int src, int dest)
{
	struct model_edge e = { 0 };

	for (int i = 0; i < SAMPLES; i++)
		if (m->paths[i].value != 0)
			add_traversal(&m->paths[i], kept, src, dest, &e);
	return e;
}

static void name_of(int frame, char name[2])
{
	name[0] = (char)('a' + frame);
	name[1] = '\0';
}

static void check_edges(const struct model *m, const struct graph *g, const bool *kept)
{
	uint32_t n = 0;

	for (int src = 0; src < NAMES; src++) {
		for (int dest = 0; dest < NAMES; dest++) {
			struct model_edge want = model_edge(m, kept, src, dest);
			char a[2], b[2];
			const struct edge *got;

			name_of(src, a);
			name_of(dest, b);
			got = find_edge(g, a, b);
			assert_int_equal(got != NULL, want.exists);
			if (!got)
				continue;
			n++;
			assert_int_equal(got->weight, want.weight);
			assert_int_equal(got->residual, want.residual);
			assert_int_equal(got->inlined, want.inlined);
		}
	}
	assert_int_equal(g->n_edges, n);
}

static void check_nodes(const struct model *m, const struct graph *g, const bool *kept)
{
	uint32_t n = 0;

	for (int frame = 0; frame < NAMES; frame++) {
		int64_t cum = model_cum(m, frame), flat = model_flat(m, frame);
		char name[2];
		const struct node *node;

		if (!kept[frame] || (cum == 0 && flat == 0))
			continue;
		name_of(frame, name);
		node = find_node(g, name);
		assert_int_equal(node->cum, cum);
		assert_int_equal(node->flat, flat);
		n++;
	}
	assert_int_equal(g->n_nodes, n);
}

/* Nodes by |flat|, then name: what a limit of `count` keeps. */
static void model_keep(const struct model *m, int count, bool *kept)
{
	for (int frame = 0; frame < NAMES; frame++)
		kept[frame] = false;
	for (int i = 0; i < count; i++) {
		int best = -1;

		for (int frame = 0; frame < NAMES; frame++) {
			if (kept[frame] || (model_cum(m, frame) == 0 && model_flat(m, frame) == 0))
				continue;
			if (best < 0 || llabs(model_flat(m, frame)) > llabs(model_flat(m, best)))
				best = frame;
		}
		if (best >= 0)
			kept[best] = true;
	}
}

static void graphs_match_the_model(void **state)
{
	struct graph_options o = { .sort = GRAPH_SORT_FLAT };
	struct graph_counts counts;
	struct graph g;
	struct err e;
	bool kept[NAMES];

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct model m;

		make_model(&m, seed);
		for (int frame = 0; frame < NAMES; frame++)
			kept[frame] = true;
		assert_int_equal(graph_new(&g, &m.p, &o, &e), OK);
		check_nodes(&m, &g, kept);
		check_edges(&m, &g, kept);
		graph_release(&g);

		o.node_count = 1 + (int64_t)(seed % 6);
		model_keep(&m, (int)o.node_count, kept);
		assert_int_equal(graph_new_trimmed(&g, &counts, &m.p, &o, &e), OK);
		check_nodes(&m, &g, kept);
		check_edges(&m, &g, kept);
		graph_release(&g);
		profile_release(&m.p);
	}
}

/* 1: some in-edge was inlined, 2: some was not. */
static int marks_of(const struct graph *g, const struct node *n)
{
	int marks = 0;

	for (uint32_t i = 0; i < n->n_in; i++)
		marks |= g->edges[n->in[i]].inlined ? 1 : 2;
	return marks & 1 ? marks : 0;
}

/* What text prints behind a name is the same with all edges and with few. */
static void marks_need_few_edges(void **state)
{
	struct graph_options all = { .sort = GRAPH_SORT_FLAT }, few = all;
	struct graph_counts counts;
	struct graph g, h;
	struct err e;

	(void)state;
	few.inline_marks_only = true;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct model m;

		make_model(&m, seed);
		all.node_count = few.node_count = seed % 3 ? 0 : 5;
		all.edge_fraction = few.edge_fraction = seed % 2 ? 0 : 0.02;
		assert_int_equal(graph_new_trimmed(&g, &counts, &m.p, &all, &e), OK);
		assert_int_equal(graph_new_trimmed(&h, &counts, &m.p, &few, &e), OK);
		assert_int_equal(g.n_nodes, h.n_nodes);
		for (uint32_t i = 0; i < g.n_nodes; i++)
			assert_int_equal(marks_of(&g, &g.nodes[i]), marks_of(&h, &h.nodes[i]));
		assert_true(h.n_edges <= g.n_edges);
		graph_release(&g);
		graph_release(&h);
		profile_release(&m.p);
	}
}

/* Edges of a call tree weigh what their lower node does, and values of siblings add up. */
static void call_trees_add_up(void **state)
{
	struct graph_options o = { .call_tree = true, .visual = true, .tags = true };
	struct graph g;
	struct err e;

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct model m;

		make_model(&m, seed);
		assert_int_equal(graph_new(&g, &m.p, &o, &e), OK);
		for (uint32_t i = 0; i < g.n_all; i++) {
			const struct node *n = &g.nodes[i];
			int64_t sum = n->flat;

			for (uint32_t k = 0; k < n->n_out; k++)
				sum += g.edges[n->out[k]].weight;
			assert_int_equal(sum, n->cum);
			if (n->n_in > 0)
				assert_int_equal(g.edges[n->in[0]].weight, n->cum);
		}
		graph_release(&g);
		profile_release(&m.p);
	}
}

/* Number of paths in the samples that begin with the path of the node. */
static int64_t model_width(const struct model *m, const int *frames, const bool *inlined, int n)
{
	int64_t sum = 0;

	for (int i = 0; i < SAMPLES; i++) {
		const struct path *path = &m->paths[i];
		bool same = path->n >= n;

		for (int k = 0; same && k < n; k++)
			same = path->frames[k] == frames[k] && path->inlined[k] == inlined[k];
		sum += same ? llabs(path->value) : 0;
	}
	return sum;
}

static void flame_trees_match_the_model(void **state)
{
	struct stacks_options o = { 0 };
	struct err e;

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct stacks_tree t;
		struct model m;

		make_model(&m, seed);
		o.max_nodes = (uint32_t)(seed % 3) * 20;
		assert_int_equal(stacks_new(&t, &m.p, &o, &e), OK);
		for (uint32_t i = 0; i < t.n; i++) {
			int frames[DEPTH];
			bool inlined[DEPTH];
			int n = 0;

			for (uint32_t at = i; at != 0; at = t.parent[at])
				n++;
			for (uint32_t at = i, k = (uint32_t)n; at != 0; at = t.parent[at]) {
				const struct stack_source *s = &t.sources[t.source[at]];

				frames[--k] = s->name.p[0] - 'a';
				inlined[k] = s->inlined;
			}
			assert_int_equal(t.value[i], model_width(&m, frames, inlined, n));
		}
		stacks_release(&t);
		profile_release(&m.p);
	}
}

static void every_allocation_may_fail(void **state)
{
	struct graph_options options[] = {
		{ .visual = true, .tags = true, .node_count = 4, .node_fraction = 0.01 },
		{ .visual = true,
		    .tags = true,
		    .node_count = 4,
		    .call_tree = true,
		    .node_fraction = 0.05 },
		{ .inline_marks_only = true, .mean = true },
	};
	struct stacks_options flame = { .max_nodes = 30 };
	struct model m;
	struct err e;

	(void)state;
	make_model(&m, 5);
	for (size_t k = 0; k <= sizeof options / sizeof *options; k++) {
		enum err_code code = ERR_NOMEM;

		for (size_t n = 1; code != OK; n++) {
			struct graph_counts counts;
			struct stacks_tree t = { 0 };
			struct graph g = { 0 };

			assert_true(n < 2000);
			alloc_fail_at(n);
			if (k < sizeof options / sizeof *options)
				code = graph_new_trimmed(&g, &counts, &m.p, &options[k], &e);
			else
				code = stacks_new(&t, &m.p, &flame, &e);
			alloc_fail_at(0);
			assert_true(code == OK || code == ERR_NOMEM);
			graph_release(&g);
			stacks_release(&t);
		}
	}
	profile_release(&m.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graphs_match_the_model),
		cmocka_unit_test(marks_need_few_edges),
		cmocka_unit_test(call_trees_add_up),
		cmocka_unit_test(flame_trees_match_the_model),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
