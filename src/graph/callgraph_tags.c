/*
 * Tags of nodes, for dot's nodelets: under each node, how its value splits over the label sets of
 * the samples, and within a set over the sizes in label "bytes" (the only numeric label that the
 * drawing knows). Costs a table entry per node, set and size, so it is collected only for nodes
 * that may be drawn; no other report touches labels here.
 *
 * Sizes that print alike are one tag; its value is the first that was seen under that node.
 */
#include <stdlib.h>

#include "base/map.h"
#include "core/hash.h"
#include "graph/tagsums.h"
#include "profile/unit.h"

/* Texts with a number each. */
struct texts {
	VEC(struct str) v;
	struct map map;
};

struct tagger {
	struct work *w;
	const bool *wanted; /* per origin */
	struct texts sets, sizes;
	struct str unit;
	str_id bytes_key, base_key; /* 0 when no label has it */
	VEC(struct tag_sum) sums;
	struct map map;
	uint32_t *stamp; /* per origin: sample + 1 that was counted last */
	VEC(struct str) pairs; /* of one sample: "k:v" */
	struct buf text;
	VEC(struct sized) values; /* of one sample */
};

struct sized {
	uint32_t size;
	int64_t value;
};

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct str *)ctx)[index], *(const struct str *)key);
}

/* The text's number; new texts are copied into `arena`. MAP_NONE when memory is short. */
static uint32_t text_number(struct texts *t, struct str text, struct arena *arena)
{
	uint32_t fresh = (uint32_t)t->v.n;
	uint32_t at;

	if (!VEC_RESERVE(&t->v, 1))
		return MAP_NONE;
	at = map_intern(&t->map, hash_bytes(text.p, text.n), same_text, t->v.p, &text, fresh);
	if (at == fresh)
		t->v.p[t->v.n++] = arena_str(arena, text);
	return at;
}

static bool same_key(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_key *a = &((const struct tag_sum *)ctx)[index].key;
	const struct tag_key *b = key;

	return a->origin == b->origin && a->set == b->set && a->size == b->size;
}

static bool add(struct tagger *t, struct tag_key key, int64_t value, int64_t v, int64_t div,
    bool flat)
{
	uint64_t hash = hash_mix((uint64_t)key.origin << 32 | key.set, key.size);
	uint32_t fresh = (uint32_t)t->sums.n;
	struct tag_sum *sum;
	uint32_t at;

	if (!VEC_RESERVE(&t->sums, 1))
		return false;
	at = map_intern(&t->map, hash, same_key, t->sums.p, &key, fresh);
	if (at == MAP_NONE)
		return false;
	if (at == fresh)
		t->sums.p[t->sums.n++] = (struct tag_sum){ .key = key, .value = value };
	sum = &t->sums.p[at];
	if (flat) {
		sum->flat = wrap_add(sum->flat, v);
		sum->flat_div = wrap_add(sum->flat_div, div);
	} else {
		sum->cum = wrap_add(sum->cum, v);
		sum->cum_div = wrap_add(sum->cum_div, div);
	}
	return true;
}

static int compare_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Collects "key:value" of every text label; pairs point into t->text once that is complete. */
static bool list_pairs(struct tagger *t, const struct label *labels, size_t n)
{
	const struct profile *p = t->w->p;
	size_t at = 0;

	buf_clear(&t->text);
	t->pairs.n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t before = t->text.n;

		if (labels[i].is_num || (t->base_key && labels[i].key == t->base_key))
			continue;
		buf_add_str(&t->text, profile_str(p, labels[i].key));
		buf_char(&t->text, ':');
		buf_add_str(&t->text, profile_str(p, labels[i].str));
		if (!VEC_PUSH(&t->pairs, (struct str){ NULL, t->text.n - before }))
			return false;
	}
	for (size_t i = 0; i < t->pairs.n; at += t->pairs.p[i++].n)
		t->pairs.p[i].p = t->text.p + at;
	return !buf_failed(&t->text);
}

/* As text between double quotes in dot's language. */
static void add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n') {
			BUF_LIT(out, "\\l");
			continue;
		}
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, s.p[i]);
	}
}

/* The number of a sample's label set: its pairs in byte order, joined. MAP_NONE on failure. */
static uint32_t set_number(struct tagger *t, const struct label *labels, size_t n)
{
	struct buf joined = { 0 };
	uint32_t set = MAP_NONE;

	if (!list_pairs(t, labels, n))
		return MAP_NONE;
	if (t->pairs.n > 1)
		qsort(t->pairs.p, t->pairs.n, sizeof *t->pairs.p, compare_text);
	for (size_t i = 0; i < t->pairs.n; i++) {
		if (i > 0)
			BUF_LIT(&joined, "\\n");
		add_escaped(&joined, t->pairs.p[i]);
	}
	if (!buf_failed(&joined))
		set = text_number(&t->sets, buf_str(&joined), &t->w->g->arena);
	buf_release(&joined);
	return set;
}

static bool list_sizes(struct tagger *t, const struct label *labels, size_t n)
{
	t->values.n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t number;

		if (!labels[i].is_num || !t->bytes_key || labels[i].key != t->bytes_key)
			continue;
		buf_clear(&t->text);
		unit_scaled_label(&t->text, labels[i].num, t->unit, t->w->o->tag_unit);
		if (buf_failed(&t->text))
			return false;
		number = text_number(&t->sizes, buf_str(&t->text), &t->w->g->arena);
		if (number == MAP_NONE ||
		    !VEC_PUSH(&t->values, (struct sized){ number + 1, labels[i].num }))
			return false;
	}
	return true;
}

/* Counts the sample (its set and sizes) for one node. */
static bool add_node(struct tagger *t, uint32_t origin, uint32_t set, int64_t v, int64_t div,
    bool flat)
{
	struct tag_key key = { .origin = origin, .set = set };

	if (!t->wanted[origin])
		return true;
	if (set != TAG_SET_NONE && !add(t, key, 0, v, div, flat))
		return false;
	for (size_t i = 0; i < t->values.n; i++) {
		key.size = t->values.p[i].size;
		if (!add(t, key, t->values.p[i].value, v, div, flat))
			return false;
	}
	return true;
}

static bool add_call_path(struct tagger *t, size_t i, uint32_t set, int64_t v, int64_t div)
{
	const struct calls *c = &t->w->calls;
	uint32_t leaf = c->leaf[i];

	for (uint32_t at = leaf; at != PATHTREE_NONE; at = c->tree.nodes.p[at].parent)
		if (!add_node(t, at, set, v, div, false))
			return false;
	return leaf == PATHTREE_NONE || add_node(t, leaf, set, v, div, true);
}

static bool add_stack(struct tagger *t, size_t i, uint32_t set, int64_t v, int64_t div)
{
	const struct frames *f = &t->w->frames;
	size_t depth;
	const uint32_t *stack = sample_stack(t->w->p, i, &depth);

	for (size_t k = 0; k < depth; k++) {
		for (uint32_t at = f->at[stack[k]]; at < f->at[stack[k] + 1]; at++) {
			uint32_t origin = f->node[at];

			if (t->stamp[origin] == (uint32_t)i + 1)
				continue;
			t->stamp[origin] = (uint32_t)i + 1;
			if (!add_node(t, origin, set, v, div, false))
				return false;
		}
	}
	return depth == 0 || add_node(t, f->node[f->at[stack[0]]], set, v, div, true);
}

static bool walk(struct tagger *t)
{
	struct work *w = t->w;

	if (text_number(&t->sets, STR(""), &w->g->arena) != TAG_SET_NONE)
		return false;
	for (size_t i = 0; i < w->p->samples.n; i++) {
		int64_t v, div;
		size_t n;
		const struct label *labels = sample_labels(w->p, i, &n);
		uint32_t set;

		if (n == 0 || !sample_weight(w, i, &v, &div))
			continue;
		set = set_number(t, labels, n);
		if (set == MAP_NONE || !list_sizes(t, labels, n))
			return false;
		if (!(w->o->call_tree ? add_call_path : add_stack)(t, i, set, v, div))
			return false;
	}
	return !arena_failed(&w->g->arena);
}

/* Ids of the two keys that matter, and the unit of sizes: the first that is told, else bytes. */
static void find_keys(struct tagger *t)
{
	const struct profile *p = t->w->p;
	uint32_t n = p->samples.label_at ? p->samples.label_at[p->samples.n] : 0;

	t->unit = STR("bytes");
	for (uint32_t i = n; i-- > 0;) {
		const struct label *l = &p->samples.labels[i];
		struct str key = profile_str(p, l->key);

		if (str_eq(key, STR("pprof::base")))
			t->base_key = l->key;
		if (!l->is_num || !str_eq(key, STR("bytes")))
			continue;
		t->bytes_key = l->key;
		if (l->unit)
			t->unit = profile_str(p, l->unit);
	}
}

static void tagger_release(struct tagger *t)
{
	VEC_RELEASE(&t->sets.v);
	VEC_RELEASE(&t->sizes.v);
	VEC_RELEASE(&t->sums);
	VEC_RELEASE(&t->pairs);
	VEC_RELEASE(&t->values);
	map_release(&t->sets.map);
	map_release(&t->sizes.map);
	map_release(&t->map);
	buf_release(&t->text);
}

static void *keep(struct arena *a, const void *v, size_t n, size_t size)
{
	void *p = arena_alloc_raw(a, n, size);

	if (p && n > 0)
		memcpy(p, v, n * size);
	return p;
}

enum err_code tags_collect(struct work *w, uint32_t n, struct tag_sums **out, struct err *e)
{
	struct arena *a = &w->scratch;
	bool *wanted = ARENA_ARRAY(a, bool, w->n_origins);
	struct tag_sums *sums = ARENA_NEW(a, struct tag_sums);
	struct tagger t = { .w = w, .wanted = wanted };
	bool ok;

	t.stamp = ARENA_ARRAY(a, uint32_t, w->n_origins);
	for (uint32_t i = 0; wanted && i < n; i++)
		wanted[w->g->nodes[i].origin] = true;
	ok = wanted && sums && t.stamp;
	if (ok) {
		find_keys(&t);
		ok = walk(&t);
	}
	if (ok) {
		sums->v = keep(a, t.sums.p, t.sums.n, sizeof *sums->v);
		sums->n = (uint32_t)t.sums.n;
		sums->sets = keep(a, t.sets.v.p, t.sets.v.n, sizeof *sums->sets);
		sums->sizes = keep(a, t.sizes.v.p, t.sizes.v.n, sizeof *sums->sizes);
		sums->size_unit = t.unit;
	}
	tagger_release(&t);
	*out = sums;
	return ok && !arena_failed(a) ? OK : FAIL_NOMEM(e);
}
