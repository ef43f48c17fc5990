/*
 * The flame tree, grown best first. A node owns a stretch of the array of samples: those whose
 * stacks begin with its path. Expanding it deals that stretch out to its children in place, by
 * the source of each sample's next frame; a heap yields the heaviest node that was not expanded.
 */
#include "graph/stacks.h"

#include <stdlib.h>

#include "base/vec.h"
#include "graph/stackwalk.h"

#define NO_PARENT UINT32_MAX
#define AHEAD     12 /* samples */

/* A node, first as a candidate in the heap, then in the tree. */
struct grown {
	uint32_t parent, source;
	uint32_t begin, end; /* its stretch of walkers */
	int64_t value, self, net, self_net;
};

/* Sums of the samples of one node whose next frame has this source. */
struct bin {
	int64_t value, net;
	uint32_t n, at; /* samples, and where the next of them goes */
};

struct grower {
	struct stacks_tree *t;
	const struct profile *p;
	const struct stacks_options *o;
	struct arena scratch;
	struct stack_frames frames;
	struct stackwalk walk;
	struct walker *walkers, *dealt;
	struct bin *bins;      /* per source; zero between expansions */
	VEC(uint32_t) touched; /* sources with a bin in use, in order of appearance */
	VEC(struct grown) nodes;
	VEC(struct grown) heap;
	int64_t least; /* value below which a node is left out */
};

static int64_t add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t sample_value(const struct grower *g, uint32_t sample)
{
	return sample_values(g->p, sample)[g->o->value_index];
}

/* What a sample adds to the width of a box; INT64_MIN has no magnitude of its own. */
static int64_t width(int64_t v)
{
	if (v == INT64_MIN)
		return INT64_MAX;
	return v < 0 ? -v : v;
}

/* Order in which nodes enter the tree; equal ones in the order of their samples. */
static bool is_heavier(const struct grown *a, const struct grown *b)
{
	if (a->value != b->value)
		return a->value > b->value;
	if (a->parent != b->parent)
		return a->parent < b->parent;
	return a->begin < b->begin;
}

static void swap(struct grown *a, struct grown *b)
{
	struct grown t = *a;

	*a = *b;
	*b = t;
}

static bool heap_push(struct grower *g, struct grown node)
{
	size_t i = g->heap.n;

	if (!VEC_PUSH(&g->heap, node))
		return false;
	for (; i > 0 && is_heavier(&g->heap.p[i], &g->heap.p[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&g->heap.p[i], &g->heap.p[(i - 1) / 2]);
	return true;
}

static struct grown heap_pop(struct grower *g)
{
	struct grown top = g->heap.p[0];
	size_t i = 0, n = --g->heap.n;

	g->heap.p[0] = g->heap.p[n];
	for (;;) {
		size_t best = i, child = 2 * i + 1;

		if (child < n && is_heavier(&g->heap.p[child], &g->heap.p[best]))
			best = child;
		if (child + 1 < n && is_heavier(&g->heap.p[child + 1], &g->heap.p[best]))
			best = child + 1;
		if (best == i)
			return top;
		swap(&g->heap.p[i], &g->heap.p[best]);
		i = best;
	}
}

static bool is_cancelled(const struct grower *g)
{
	return g->p->cancel && g->p->cancel->is_raised;
}

/*
 * Has what later samples of the node need on its way into the cache. Always inline: gcc takes a
 * function that only fetches ahead for one without effect, and drops the calls.
 */
__attribute__((always_inline)) static inline void look_ahead(
    const struct grower *g, uint32_t i, uint32_t end)
{
	if (end - i <= 2 * AHEAD)
		return;
	__builtin_prefetch(&g->p->samples.stack_at[g->walkers[i + 2 * AHEAD].sample]);
	stackwalk_fetch(&g->walk, &g->walkers[i + AHEAD]);
}

/* Steps every sample of the node and sums up bins; those that end here move to the front. */
static bool fill_bins(struct grower *g, struct grown *node, uint32_t *sources)
{
	uint32_t ended = node->begin;

	g->touched.n = 0;
	for (uint32_t i = node->begin; i < node->end && !cancel_now(g->p->cancel, i); i++) {
		struct walker w = g->walkers[i];
		int64_t v = sample_value(g, w.sample);
		struct bin *bin;
		uint32_t source;

		look_ahead(g, i, node->end);
		if (!stackwalk_next(&g->walk, &w, &source)) {
			node->self = add(node->self, width(v));
			node->self_net = add(node->self_net, v);
			g->walkers[i] = g->walkers[ended];
			sources[i] = sources[ended];
			ended++;
			continue;
		}
		g->walkers[i] = w;
		sources[i] = source;
		bin = &g->bins[source];
		if (bin->n++ == 0 && !VEC_PUSH(&g->touched, source))
			return false;
		bin->value = add(bin->value, width(v));
		bin->net = add(bin->net, v);
	}
	node->begin = ended;
	return !is_cancelled(g);
}

/* Puts the walkers of each bin together, bins in order of appearance. */
static void deal(struct grower *g, const struct grown *node, const uint32_t *sources)
{
	uint32_t at = node->begin;

	for (size_t i = 0; i < g->touched.n; i++) {
		struct bin *bin = &g->bins[g->touched.p[i]];

		bin->at = at;
		at += bin->n;
	}
	for (uint32_t i = node->begin; i < node->end; i++)
		g->dealt[g->bins[sources[i]].at++] = g->walkers[i];
	memcpy(g->walkers + node->begin, g->dealt + node->begin,
	    (node->end - node->begin) * sizeof *g->walkers);
}

/* Makes candidates of the bins and empties them. */
static bool push_children(struct grower *g, uint32_t parent)
{
	bool ok = true;

	for (size_t i = 0; i < g->touched.n; i++) {
		struct bin *bin = &g->bins[g->touched.p[i]];
		struct grown child = {
			.parent = parent,
			.source = g->touched.p[i],
			.begin = bin->at - bin->n,
			.end = bin->at,
			.value = bin->value,
			.net = bin->net,
		};

		*bin = (struct bin){ 0 };
		if (child.value < g->least)
			g->t->hidden++;
		else
			ok = ok && heap_push(g, child);
	}
	return ok;
}

/* Samples of value 0 would be boxes of width 0. */
static bool start(struct grower *g)
{
	struct grown root = { .parent = NO_PARENT, .source = STACKS_ROOT_SOURCE };
	size_t n = g->p->samples.n;

	g->walkers = arena_alloc_raw(&g->scratch, n, sizeof *g->walkers);
	g->dealt = arena_alloc_raw(&g->scratch, n, sizeof *g->dealt);
	g->bins = ARENA_ARRAY(&g->scratch, struct bin, g->t->n_sources);
	if (arena_failed(&g->scratch))
		return false;
	for (uint32_t i = 0; i < n && !cancel_now(g->p->cancel, i); i++) {
		int64_t v = sample_value(g, i);

		if (v == 0 || !stackwalk_start(&g->walk, i, &g->walkers[root.end]))
			continue;
		root.end++;
		root.value = add(root.value, width(v));
		root.net = add(root.net, v);
		g->t->has_negative |= v < 0;
	}
	g->least = (int64_t)((double)root.value * g->o->min_share);
	return !is_cancelled(g) && heap_push(g, root);
}

/* False when memory is short, or nobody waits any more. */
static bool grow(struct grower *g)
{
	uint32_t *sources = arena_alloc_raw(&g->scratch, g->p->samples.n, sizeof *sources);
	uint32_t limit = g->o->max_nodes ? g->o->max_nodes : UINT32_MAX;

	if (!sources || !start(g))
		return false;
	while (g->heap.n > 0 && g->nodes.n < limit && !cancel_now(g->p->cancel, g->nodes.n)) {
		struct grown node = heap_pop(g);

		if (!fill_bins(g, &node, sources))
			return false;
		deal(g, &node, sources);
		if (!push_children(g, (uint32_t)g->nodes.n) || !VEC_PUSH(&g->nodes, node))
			return false;
	}
	g->t->hidden += (uint32_t)g->heap.n;
	return !is_cancelled(g);
}

/* Children of one parent lie together: heaviest first, then by name. */
static int compare_siblings(const void *left, const void *right, void *ctx)
{
	const struct grower *g = ctx;
	uint32_t i = *(const uint32_t *)left, k = *(const uint32_t *)right;
	const struct grown *a = &g->nodes.p[i], *b = &g->nodes.p[k];
	int order;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	order = str_cmp(g->t->sources[a->source].name, g->t->sources[b->source].name);
	return order ? order : i < k ? -1 : i > k;
}

static bool alloc_tree(struct stacks_tree *t, uint32_t n)
{
	t->parent = arena_alloc_raw(&t->arena, n, sizeof *t->parent);
	t->source = arena_alloc_raw(&t->arena, n, sizeof *t->source);
	t->value = arena_alloc_raw(&t->arena, n, sizeof *t->value);
	t->self = arena_alloc_raw(&t->arena, n, sizeof *t->self);
	t->net = arena_alloc_raw(&t->arena, n, sizeof *t->net);
	t->self_net = arena_alloc_raw(&t->arena, n, sizeof *t->self_net);
	return !arena_failed(&t->arena);
}

static void put_node(struct stacks_tree *t, const struct grown *node, uint32_t parent)
{
	uint32_t at = t->n++;

	t->parent[at] = parent;
	t->source[at] = node->source;
	t->value[at] = node->value;
	t->self[at] = node->self;
	t->net[at] = node->net;
	t->self_net[at] = node->self_net;
}

/*
 * Writes the nodes in pre-order. `order` has the children of each parent together, the root (whose
 * parent is the largest number) last; first[i] is where the children of node i begin in it.
 */
static void put_all(struct grower *g, const uint32_t *order, const uint32_t *first, uint32_t *stack,
    uint32_t *place)
{
	uint32_t depth = 0;

	stack[depth++] = 0;
	while (depth > 0) {
		uint32_t node = stack[--depth];
		const struct grown *n = &g->nodes.p[node];

		place[node] = g->t->n;
		put_node(g->t, n, n->parent == NO_PARENT ? NO_PARENT : place[n->parent]);
		for (uint32_t i = first[node + 1]; i-- > first[node];)
			stack[depth++] = order[i];
	}
}

static bool publish(struct grower *g)
{
	uint32_t n = (uint32_t)g->nodes.n;
	uint32_t *order = arena_alloc_raw(&g->scratch, n, sizeof *order);
	uint32_t *first = ARENA_ARRAY(&g->scratch, uint32_t, (size_t)n + 2);
	uint32_t *stack = arena_alloc_raw(&g->scratch, n, sizeof *stack);
	uint32_t *place = arena_alloc_raw(&g->scratch, n, sizeof *place);

	if (arena_failed(&g->scratch) || !alloc_tree(g->t, n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		order[i] = i;
		if (i > 0)
			first[g->nodes.p[i].parent + 1]++;
	}
	for (uint32_t i = 0; i < n; i++)
		first[i + 1] += first[i];
	if (n > 1)
		qsort_r(order, n, sizeof *order, compare_siblings, g);
	if (n > 0)
		put_all(g, order, first, stack, place);
	return true;
}

/* Marks the sources that the pivot's pattern matches. */
static bool find_pivots(struct grower *g)
{
	bool *pivots = ARENA_ARRAY(&g->scratch, bool, g->t->n_sources);

	for (uint32_t i = 0; pivots && i < g->t->n_sources; i++)
		pivots[i] = i != STACKS_ROOT_SOURCE &&
			    (regex_match(g->o->pivot, g->t->sources[i].name) ||
				regex_match(g->o->pivot, g->t->sources[i].unique));
	g->walk.pivots = pivots;
	return pivots != NULL;
}

static enum err_code build(struct grower *g, struct err *e)
{
	if (g->p->samples.n >= UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many samples");
	TRY(stacksources_collect(g->t, &g->frames, g->p, g->o, &g->scratch, e));
	g->walk = (struct stackwalk){ g->p, &g->frames, NULL, g->o->outward };
	if ((!g->o->pivot || find_pivots(g)) && grow(g) && publish(g))
		return OK;
	TRY(cancel_check(g->p->cancel, e));
	return FAIL_NOMEM(e);
}

enum err_code stacks_new(struct stacks_tree *t, const struct profile *p,
    const struct stacks_options *options, struct err *e)
{
	struct grower g = { .t = t, .p = p, .o = options };
	enum err_code code;

	*t = (struct stacks_tree){ 0 };
	code = build(&g, e);
	VEC_RELEASE(&g.touched);
	VEC_RELEASE(&g.nodes);
	VEC_RELEASE(&g.heap);
	arena_release(&g.scratch);
	if (code != OK)
		stacks_release(t);
	return code;
}

void stacks_release(struct stacks_tree *t)
{
	arena_release(&t->arena);
	*t = (struct stacks_tree){ 0 };
}
