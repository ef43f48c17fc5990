/* Grouping of stacks; see groups.h. */
#include "leaks/groups.h"

#include <string.h>

#include "core/hash.h"

struct keys {
	enum leaks_level level;
	VEC(struct frame) list;
	struct map map;
};

/* Without a function the address is all that tells lines and functions apart. */
static struct frame key_of(const struct frame *owner, enum leaks_level level)
{
	struct frame key = { 0, owner->function, owner->line };

	if (owner->function == PROFILE_NONE)
		key.location = owner->location;
	else if (level == LEAKS_FUNCTION)
		key.line = 0;
	return key;
}

static bool same_key(const void *ctx, uint32_t index, const void *key)
{
	const struct keys *keys = ctx;
	const struct frame *a = &keys->list.p[index], *b = key;

	return a->location == b->location && a->function == b->function && a->line == b->line;
}

static uint32_t site_of(struct keys *keys, const struct frame *owner)
{
	struct frame key = key_of(owner, keys->level);
	uint64_t hash =
	    hash_u64(hash_u64((uint64_t)key.function << 32 | key.location) ^ (uint64_t)key.line);
	uint32_t at;

	if (!VEC_RESERVE(&keys->list, 1))
		return MAP_NONE;
	at = map_intern(&keys->map, hash, same_key, keys, &key, (uint32_t)keys->list.n);
	if (at == keys->list.n)
		(void)VEC_PUSH(&keys->list, key);
	return at;
}

/* Stacks by site: a counting sort. */
static bool list_stacks(struct groups *s, enum leaks_level level)
{
	struct arena *a = s->series->arena;
	uint32_t n = s->n[level], stacks = s->series->n_stacks;
	uint32_t *first = ARENA_ARRAY(a, uint32_t, (size_t)n + 2);
	uint32_t *by_site = ARENA_ARRAY(a, uint32_t, stacks);
	const uint32_t *of_stack = s->of_stack[level];

	if (!first || !by_site)
		return false;
	for (uint32_t i = 0; i < stacks; i++)
		first[of_stack[i] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < stacks; i++)
		by_site[first[of_stack[i] + 1]++] = i;
	s->first[level] = first;
	s->by_site[level] = by_site;
	return true;
}

static bool group_level(struct groups *s, enum leaks_level level)
{
	struct keys keys = { .level = level };
	uint32_t *of_stack = ARENA_ARRAY(s->series->arena, uint32_t, s->series->n_stacks);
	bool good = of_stack != NULL;

	for (uint32_t i = 0; good && i < s->series->n_stacks; i++)
		of_stack[i] = level == LEAKS_STACK ? i : site_of(&keys, &s->owners[i]);
	s->of_stack[level] = of_stack;
	s->n[level] = level == LEAKS_STACK ? s->series->n_stacks : (uint32_t)keys.list.n;
	good = good && !keys.list.failed && !keys.map.failed && list_stacks(s, level);
	VEC_RELEASE(&keys.list);
	map_release(&keys.map);
	return good;
}

static bool index_rows(struct groups *s)
{
	const struct series *series = s->series;
	uint32_t *at = ARENA_ARRAY(series->arena, uint32_t, (size_t)series->n_stacks + 1);

	if (!at)
		return false;
	for (size_t i = 0; i < series->n_rows; i++)
		at[series->rows[i].stack + 1]++;
	for (uint32_t i = 0; i < series->n_stacks; i++)
		at[i + 1] += at[i];
	s->row_at = at;
	return true;
}

enum err_code groups_make(struct groups *out, const struct series *s, struct err *e)
{
	struct frame frames[OWNERS_DEPTH];

	*out = (struct groups){ .series = s };
	out->owners = ARENA_ARRAY(s->arena, struct frame, s->n_stacks);
	if (!out->owners || !index_rows(out))
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < s->n_stacks; i++) {
		size_t n = owners_frames(s, i, frames);

		out->owners[i] = frames[owners_find(s, frames, n)];
	}
	for (unsigned level = 0; level < LEAKS_LEVELS; level++)
		if (!group_level(out, (enum leaks_level)level))
			return FAIL_NOMEM(e);
	return OK;
}

void groups_release(struct groups *s)
{
	VEC_RELEASE(&s->scratch);
}

bool groups_view(struct groups *s, enum leaks_level level, uint32_t site, struct leaks_view *view)
{
	s->scratch.n = 0;
	for (uint32_t i = s->first[level][site]; i < s->first[level][site + 1]; i++) {
		uint32_t stack = s->by_site[level][i];

		for (uint32_t r = s->row_at[stack]; r < s->row_at[stack + 1]; r++)
			if (!VEC_PUSH(&s->scratch, s->series->rows[r]))
				return false;
	}
	return leaks_view_fill(view, s->series, s->scratch.p, s->scratch.n);
}
