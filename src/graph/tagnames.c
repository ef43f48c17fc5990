/*
 * What the labels of samples say, as numbers: label sets ("k:v" pairs in byte order, joined) and
 * sizes (the numeric label "bytes", as printed). Called by callgraph_tags.c for every sample of a
 * drawn graph.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "graph/quote.h"
#include "graph/tagsums.h"
#include "profile/unit.h"

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct str *)ctx)[index], *(const struct str *)key);
}

static uint32_t text_number(
    struct tag_texts *t, struct str text, struct str plain, struct arena *arena)
{
	uint32_t fresh = (uint32_t)t->v.n;
	uint32_t at;

	if (!VEC_RESERVE(&t->v, 1) || !VEC_RESERVE(&t->plain, 1))
		return MAP_NONE;
	at = map_intern(&t->map, hash_bytes(text.p, text.n), same_text, t->v.p, &text, fresh);
	if (at == fresh) {
		t->v.p[t->v.n++] = arena_str(arena, text);
		t->plain.p[t->plain.n++] = arena_str(arena, plain);
	}
	return arena_failed(arena) ? MAP_NONE : at;
}

/* Ids of the two keys that matter, and the unit of sizes: the first that is told, else bytes. */
static void find_keys(struct tag_names *t)
{
	const struct samples *s = &t->p->samples;
	uint32_t n = s->label_at ? s->label_at[s->n] : 0;

	for (uint32_t i = 1; i < t->p->strings.n; i++) {
		if (str_eq(profile_str(t->p, i), STR("pprof::base")))
			t->base_key = i;
		else if (str_eq(profile_str(t->p, i), STR("bytes")))
			t->bytes_key = i;
	}
	t->unit = STR("bytes");
	for (uint32_t i = 0; t->bytes_key && i < n; i++) {
		const struct label *l = &s->labels[i];

		if (l->is_num && l->key == t->bytes_key && l->unit != 0) {
			t->unit = profile_str(t->p, l->unit);
			return;
		}
	}
}

bool tagnames_init(
    struct tag_names *t, const struct profile *p, struct str tag_unit, struct arena *arena)
{
	*t = (struct tag_names){ .p = p, .arena = arena, .tag_unit = tag_unit };
	find_keys(t);
	return text_number(&t->sets, STR(""), STR(""), arena) == TAG_SET_NONE;
}

void tagnames_release(struct tag_names *t)
{
	VEC_RELEASE(&t->sets.v);
	VEC_RELEASE(&t->sets.plain);
	VEC_RELEASE(&t->sizes.v);
	VEC_RELEASE(&t->sizes.plain);
	VEC_RELEASE(&t->values);
	VEC_RELEASE(&t->seen);
	VEC_RELEASE(&t->ids);
	VEC_RELEASE(&t->pairs);
	map_release(&t->sets.map);
	map_release(&t->sizes.map);
	map_release(&t->value_map);
	map_release(&t->seen_map);
	buf_release(&t->text);
	buf_release(&t->plain);
	buf_release(&t->joined);
}

static int compare_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* "key:value" of n pairs of ids; pairs point into t->text, which is complete by then. */
static bool list_pairs(struct tag_names *t, const uint32_t *ids, size_t n)
{
	size_t at = 0;

	buf_clear(&t->text);
	t->pairs.n = 0;
	for (size_t i = 0; i < n; i += 2) {
		size_t before = t->text.n;

		buf_add_str(&t->text, profile_str(t->p, ids[i]));
		buf_char(&t->text, ':');
		buf_add_str(&t->text, profile_str(t->p, ids[i + 1]));
		if (!VEC_PUSH(&t->pairs, (struct str){ NULL, t->text.n - before }))
			return false;
	}
	for (size_t i = 0; i < t->pairs.n; at += t->pairs.p[i++].n)
		t->pairs.p[i].p = t->text.p + at;
	return !buf_failed(&t->text);
}

static uint32_t make_set(struct tag_names *t, const uint32_t *ids, size_t n)
{
	if (!list_pairs(t, ids, n))
		return MAP_NONE;
	if (t->pairs.n > 1)
		qsort(t->pairs.p, t->pairs.n, sizeof *t->pairs.p, compare_text);
	buf_clear(&t->joined);
	buf_clear(&t->plain);
	for (size_t i = 0; i < t->pairs.n; i++) {
		if (i > 0) {
			BUF_LIT(&t->joined, "\\n");
			BUF_LIT(&t->plain, "\\n");
		}
		graph_quote(&t->joined, t->pairs.p[i]);
		buf_add_str(&t->plain, t->pairs.p[i]);
	}
	if (buf_failed(&t->joined) || buf_failed(&t->plain))
		return MAP_NONE;
	return text_number(&t->sets, buf_str(&t->joined), buf_str(&t->plain), t->arena);
}

static bool same_ids(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_names *t = ctx;
	const struct tag_ids *a = &t->seen.p[index], *b = key;

	return a->n == b->n && (a->n == 0 || memcmp(t->ids.p + a->at, t->ids.p + b->at,
						 a->n * sizeof *t->ids.p) == 0);
}

/* Appends the ids of keys and values to t->ids; false when memory is short. */
static bool list_ids(struct tag_names *t, const struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (labels[i].is_num || (t->base_key && labels[i].key == t->base_key))
			continue;
		if (!VEC_PUSH(&t->ids, labels[i].key) || !VEC_PUSH(&t->ids, labels[i].str))
			return false;
	}
	return t->ids.n <= UINT32_MAX;
}

uint32_t tagnames_set(struct tag_names *t, const struct label *labels, size_t n)
{
	struct tag_ids key = { .at = (uint32_t)t->ids.n };
	uint32_t fresh = (uint32_t)t->seen.n, at;

	if (!VEC_RESERVE(&t->seen, 1) || !list_ids(t, labels, n))
		return MAP_NONE;
	key.n = (uint32_t)t->ids.n - key.at;
	if (key.n == 0)
		return TAG_SET_NONE;
	at = map_intern(&t->seen_map, hash_bytes(t->ids.p + key.at, key.n * sizeof *t->ids.p),
	    same_ids, t, &key, fresh);
	if (at != fresh) {
		t->ids.n = key.at;
		return at == MAP_NONE ? MAP_NONE : t->seen.p[at].set;
	}
	key.set = make_set(t, t->ids.p + key.at, key.n);
	t->seen.p[t->seen.n++] = key;
	return key.set;
}

static bool same_value(const void *ctx, uint32_t index, const void *key)
{
	return ((const struct tag_size *)ctx)[index].value == *(const int64_t *)key;
}

uint32_t tagnames_size(struct tag_names *t, int64_t value)
{
	uint32_t fresh = (uint32_t)t->values.n, at;
	uint32_t size = MAP_NONE;

	if (!VEC_RESERVE(&t->values, 1))
		return MAP_NONE;
	at = map_intern(
	    &t->value_map, hash_u64((uint64_t)value), same_value, t->values.p, &value, fresh);
	if (at != fresh)
		return at == MAP_NONE ? MAP_NONE : t->values.p[at].size;
	buf_clear(&t->text);
	unit_scaled_label(&t->text, value, t->unit, t->tag_unit);
	buf_clear(&t->joined);
	graph_quote(&t->joined, buf_str(&t->text)); /* the unit is the profile's */
	if (!buf_failed(&t->text) && !buf_failed(&t->joined))
		size = text_number(&t->sizes, buf_str(&t->joined), buf_str(&t->text), t->arena);
	t->values.p[t->values.n++] = (struct tag_size){ value, size };
	return size;
}
