/*
 * Tags of nodes, for dot's nodelets: under each node, how its value splits over the label sets of
 * the samples, and within a set over the sizes in label "bytes" (the only numeric label that the
 * drawing knows). Costs a table entry per node, set and size, so it is collected only for nodes
 * that may be drawn; no other report touches labels here.
 *
 * Sizes that print alike are one tag; its value is the first that was seen under that node.
 */
#include "core/hash.h"
#include "graph/tagsums.h"
#include "graph/work.h"

struct tagger {
	struct work *w;
	struct tag_sums *sums;
	const bool *wanted; /* per origin */
	const bool *hit_by; /* per location: one of its nodes is wanted; NULL in a call tree */
	uint32_t *stamp;    /* per origin: sample + 1 that was counted last */
	/* Of the sample at hand: */
	VEC(uint32_t) hits; /* wanted nodes in its stack */
	uint32_t leaf;      /* the node that gets its flat value */
	VEC(struct tag_size) values;
	int64_t v, div;
};

static bool same_key(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_key *a = &((const struct tag_sum *)ctx)[index].key;
	const struct tag_key *b = key;

	return a->origin == b->origin && a->set == b->set && a->size == b->size;
}

static bool add(struct tagger *t, struct tag_key key, int64_t value)
{
	uint64_t hash = hash_mix((uint64_t)key.origin << 32 | key.set, key.size);
	struct tag_sums *sums = t->sums;
	uint32_t fresh = (uint32_t)sums->v.n;
	struct tag_sum *sum;
	uint32_t at;

	if (!VEC_RESERVE(&sums->v, 1))
		return false;
	at = map_intern(&sums->map, hash, same_key, sums->v.p, &key, fresh);
	if (at == MAP_NONE)
		return false;
	if (at == fresh)
		sums->v.p[sums->v.n++] = (struct tag_sum){ .key = key, .value = value };
	sum = &sums->v.p[at];
	sum->cum = wrap_add(sum->cum, t->v);
	sum->cum_div = wrap_add(sum->cum_div, t->div);
	if (key.origin == t->leaf) {
		sum->flat = wrap_add(sum->flat, t->v);
		sum->flat_div = wrap_add(sum->flat_div, t->div);
	}
	return true;
}

/* Every node of a call tree's path is another one. */
static bool find_hits_on_path(struct tagger *t, size_t i)
{
	const struct calls *c = &t->w->calls;

	t->leaf = c->leaf[i];
	for (uint32_t at = t->leaf; at != PATHTREE_NONE; at = c->tree.nodes.p[at].parent)
		if (t->wanted[at] && !VEC_PUSH(&t->hits, at))
			return false;
	return true;
}

static bool find_hits_in_stack(struct tagger *t, size_t i)
{
	const struct frames *f = &t->w->frames;
	size_t depth;
	const uint32_t *stack = sample_stack(t->w->p, i, &depth);

	t->leaf = depth > 0 ? f->node[f->at[stack[0]]] : GRAPH_NONE;
	for (size_t k = 0; k < depth; k++) {
		if (!t->hit_by[stack[k]])
			continue; /* nearly all */
		for (uint32_t at = f->at[stack[k]]; at < f->at[stack[k] + 1]; at++) {
			uint32_t origin = f->node[at];

			if (!t->wanted[origin] || t->stamp[origin] == (uint32_t)i + 1)
				continue;
			t->stamp[origin] = (uint32_t)i + 1;
			if (!VEC_PUSH(&t->hits, origin))
				return false;
		}
	}
	return true;
}

static bool list_sizes(struct tagger *t, const struct label *labels, size_t n)
{
	struct tag_names *names = &t->sums->names;

	t->values.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct tag_size s = { .value = labels[i].num };

		if (!labels[i].is_num || !names->bytes_key || labels[i].key != names->bytes_key)
			continue;
		s.size = tagnames_size(names, s.value);
		if (s.size == MAP_NONE || !VEC_PUSH(&t->values, s))
			return false;
	}
	return true;
}

static bool add_hits(struct tagger *t, uint32_t set)
{
	for (size_t i = 0; i < t->hits.n; i++) {
		struct tag_key key = { .origin = t->hits.p[i], .set = set };

		if (set != TAG_SET_NONE && !add(t, key, 0))
			return false;
		for (size_t k = 0; k < t->values.n; k++) {
			key.size = t->values.p[k].size + 1;
			if (!add(t, key, t->values.p[k].value))
				return false;
		}
	}
	return true;
}

static bool add_sample(struct tagger *t, size_t i)
{
	size_t n;
	const struct label *labels = sample_labels(t->w->p, i, &n);
	uint32_t set;

	if (n == 0 || !sample_weight(t->w, i, &t->v, &t->div))
		return true;
	t->hits.n = 0;
	if (!(t->w->o->call_tree ? find_hits_on_path : find_hits_in_stack)(t, i))
		return false;
	if (t->hits.n == 0)
		return true;
	set = tagnames_set(&t->sums->names, labels, n);
	return set != MAP_NONE && list_sizes(t, labels, n) && add_hits(t, set);
}

static bool note_locations(struct tagger *t)
{
	const struct frames *f = &t->w->frames;
	uint32_t n = t->w->p->n_locations;
	bool *hit_by = ARENA_ARRAY(&t->w->scratch, bool, n);

	for (uint32_t i = 0; hit_by && i < n; i++)
		for (uint32_t at = f->at[i]; at < f->at[i + 1]; at++)
			hit_by[i] |= t->wanted[f->node[at]];
	t->hit_by = hit_by;
	return hit_by;
}

static bool collect(struct tagger *t, bool *wanted, uint32_t n)
{
	struct work *w = t->w;

	t->stamp = ARENA_ARRAY(&w->scratch, uint32_t, w->n_origins);
	if (!t->stamp || !tagnames_init(&t->sums->names, w->p, w->o->tag_unit, &w->g->arena))
		return false;
	for (uint32_t i = 0; i < n; i++)
		wanted[w->g->nodes[i].origin] = true;
	if (!w->o->call_tree && !note_locations(t))
		return false;
	for (size_t i = 0; i < w->p->samples.n && !cancel_now(w->p->cancel, i); i++)
		if (!add_sample(t, i))
			return false;
	return true;
}

enum err_code tags_collect(struct work *w, uint32_t n, struct err *e)
{
	bool *wanted = ARENA_ARRAY(&w->scratch, bool, w->n_origins);
	struct tag_sums *sums = ARENA_NEW(&w->scratch, struct tag_sums);
	struct tagger t = { .w = w, .sums = sums, .wanted = wanted };
	bool ok;

	w->tags = sums;
	ok = wanted && sums && collect(&t, wanted, n);
	VEC_RELEASE(&t.hits);
	VEC_RELEASE(&t.values);
	return ok ? cancel_check(w->p->cancel, e) : FAIL_NOMEM(e);
}

void tags_release(struct work *w)
{
	if (!w->tags)
		return;
	tagnames_release(&w->tags->names);
	VEC_RELEASE(&w->tags->v);
	map_release(&w->tags->map);
}
