/*
 * From sums of tags to the sets that a graph's nodes carry: what is too light goes, the rest is
 * grouped by node and label set. Called by trimming, after the nodes are final.
 */
#include <stdlib.h>

#include "graph/tagsums.h"
#include "graph/work.h"

static bool is_heavy(const struct tag_sum *s, int64_t cutoff)
{
	return wrap_abs(s->flat) >= cutoff || wrap_abs(s->cum) >= cutoff;
}

void tags_count(const struct work *w, int64_t cutoff, uint32_t *cost)
{
	for (size_t i = 0; i < w->tags->v.n; i++) {
		const struct tag_sum *s = &w->tags->v.p[i];

		if (s->flat != 0 && is_heavy(s, cutoff))
			cost[s->key.origin]++;
	}
}

struct order {
	const struct work *w;
	const struct tag_names *names;
};

static int compare_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* As they were before they were escaped; what is different only then keeps an order too. */
static int compare_texts(const struct tag_texts *t, uint32_t a, uint32_t b)
{
	int order = str_cmp(t->plain.p[a], t->plain.p[b]);

	return order ? order : str_cmp(t->v.p[a], t->v.p[b]);
}

/* By node, then set by text (the empty set last), then the set's own sum, then size by text. */
static int compare_sums(const void *left, const void *right, void *ctx)
{
	const struct order *o = ctx;
	const struct tag_key *a = &((const struct tag_sum *)left)->key;
	const struct tag_key *b = &((const struct tag_sum *)right)->key;

	if (a->origin != b->origin)
		return compare_u32(o->w->node_of[a->origin], o->w->node_of[b->origin]);
	if ((a->set == TAG_SET_NONE) != (b->set == TAG_SET_NONE))
		return a->set == TAG_SET_NONE ? 1 : -1;
	if (a->set != b->set)
		return compare_texts(&o->names->sets, a->set, b->set);
	if (!a->size || !b->size)
		return compare_u32(a->size, b->size);
	return compare_texts(&o->names->sizes, a->size - 1, b->size - 1);
}

static struct tag make_tag(const struct tag_names *t, const struct tag_sum *s)
{
	const struct tag_texts *texts = s->key.size ? &t->sizes : &t->sets;
	const uint32_t at = s->key.size ? s->key.size - 1 : s->key.set;
	struct tag tag = {
		.name = texts->v.p[at],
		.plain = texts->plain.p[at],
		.unit = s->key.size ? t->unit : STR(""),
		.value = s->value,
		.flat = s->flat,
		.flat_div = s->flat_div,
		.cum = s->cum,
		.cum_div = s->cum_div,
	};

	return tag;
}

/* Sums i up to the result belong to one set (by_set) or one node. */
static uint32_t group_end(const struct tag_sum *v, uint32_t n, uint32_t i, bool by_set)
{
	uint32_t end = i + 1;

	while (end < n && v[end].key.origin == v[i].key.origin &&
	       (!by_set || v[end].key.set == v[i].key.set))
		end++;
	return end;
}

/* Sizes of a group of one set. */
static bool fill_sizes(struct graph *g, const struct tag_names *t, const struct tag_sum *v,
    uint32_t n, struct tag_set *out)
{
	uint32_t skip = n > 0 && v[0].key.size == 0;

	out->v = arena_alloc_raw(&g->arena, n - skip, sizeof *out->v);
	if (!out->v)
		return false;
	for (uint32_t i = skip; i < n; i++)
		out->v[out->n++] = make_tag(t, &v[i]);
	return true;
}

/* Sets whose own sum is too light are not drawn, nor are their sizes. */
static bool fill_node(struct graph *g, const struct tag_names *t, const struct tag_sum *v,
    uint32_t n, struct node_tags *out)
{
	out->labels.v = arena_alloc_raw(&g->arena, n, sizeof *out->labels.v);
	out->numeric = arena_alloc_array(&g->arena, (size_t)n + 1, sizeof *out->numeric);
	if (!out->labels.v || !out->numeric)
		return false;
	for (uint32_t i = 0, end; i < n; i = end) {
		end = group_end(v, n, i, true);
		if (v[i].key.size != 0 && v[i].key.set != TAG_SET_NONE)
			continue;
		/* The empty set comes last: labels.n is final by then. */
		if (!fill_sizes(g, t, v + i, end - i, &out->numeric[out->labels.n]))
			return false;
		if (v[i].key.set != TAG_SET_NONE)
			out->labels.v[out->labels.n++] = make_tag(t, &v[i]);
	}
	return true;
}

/* Drops light sums and those of nodes that are gone; returns what is left. */
static uint32_t select_sums(const struct work *w, int64_t cutoff)
{
	struct tag_sum *v = w->tags->v.p;
	uint32_t n = 0;

	for (size_t i = 0; i < w->tags->v.n; i++)
		if (w->node_of[v[i].key.origin] < w->g->n_nodes && is_heavy(&v[i], cutoff))
			v[n++] = v[i];
	return n;
}

enum err_code tags_publish(struct work *w, int64_t cutoff, struct err *e)
{
	struct graph *g = w->g;
	struct order order = { w, &w->tags->names };
	uint32_t n = select_sums(w, cutoff);
	struct tag_sum *v = w->tags->v.p;

	g->tags = arena_alloc_array(&g->arena, g->n_nodes, sizeof *g->tags);
	if (!g->tags)
		return FAIL_NOMEM(e);
	if (n > 1)
		qsort_r(v, n, sizeof *v, compare_sums, &order);
	for (uint32_t i = 0, end; i < n; i = end) {
		struct node *node = &g->nodes[w->node_of[v[i].key.origin]];

		end = group_end(v, n, i, false);
		node->tags = g->n_tags++;
		if (!fill_node(g, order.names, v + i, end - i, &g->tags[node->tags]))
			return FAIL_NOMEM(e);
	}
	return OK;
}
