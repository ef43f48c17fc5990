/*
 * Life, derivation and strings of a profile. The string map is built when a string is first looked
 * up or added, so a derived profile that adds none costs nothing.
 */
#include "profile/profile.h"

#include "core/hash.h"

static const uint32_t no_stacks[1] = { 0 };

enum err_code profile_init(struct profile *p, struct err *e)
{
	*p = (struct profile){ 0 };
	p->samples.stack_at = no_stacks;
	p->strings.cap = 16;
	p->strings.v = ARENA_ARRAY(&p->arena, struct str, p->strings.cap);
	if (!p->strings.v) {
		profile_release(p);
		return FAIL_NOMEM(e);
	}
	p->strings.v[0] = STR("");
	p->strings.n = 1;
	return OK;
}

void profile_release(struct profile *p)
{
	map_release(&p->strings.map);
	arena_release(&p->arena);
	*p = (struct profile){ 0 };
}

enum err_code profile_derive(struct profile *dst, const struct profile *src, struct err *e)
{
	(void)e;
	*dst = *src;
	arena_init(&dst->arena);
	dst->strings.cap = src->strings.n; /* full: the first addition moves the table here */
	dst->strings.map = (struct map){ 0 };
	dst->strings.mapped = 0;
	return OK;
}

static bool string_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct strtab *t = ctx;
	const struct str *s = key;

	return str_eq(t->v[index], *s);
}

/* Adds the strings that the map does not know yet; false when memory is short. */
static bool strtab_catch_up(struct strtab *t)
{
	if (t->mapped < t->n && !map_reserve(&t->map, t->n))
		return false;
	for (; t->mapped < t->n; t->mapped++) {
		const struct str *s = &t->v[t->mapped];

		if (map_intern(&t->map, hash_bytes(s->p, s->n), string_equal, t, s, t->mapped) ==
		    MAP_NONE)
			return false;
	}
	return true;
}

static bool strtab_resize(struct strtab *t, struct arena *a, size_t cap)
{
	struct str *v;

	if (cap >= UINT32_MAX)
		return false;
	v = arena_alloc_raw(a, cap, sizeof *v);
	if (!v)
		return false;
	memcpy(v, t->v, t->n * sizeof *v);
	t->v = v;
	t->cap = (uint32_t)cap;
	return true;
}

static bool strtab_grow(struct strtab *t, struct arena *a)
{
	return t->n < t->cap || strtab_resize(t, a, t->cap < 8 ? 16 : (size_t)t->cap * 2);
}

bool profile_reserve_texts(struct profile *p, size_t n)
{
	struct strtab *t = &p->strings;

	return t->cap - t->n >= n || strtab_resize(t, &p->arena, t->n + n);
}

bool profile_reserve_strings(struct profile *p, size_t n)
{
	return map_reserve(&p->strings.map, p->strings.n + n) && profile_reserve_texts(p, n);
}

static str_id intern(struct profile *p, struct str s, bool keep)
{
	struct strtab *t = &p->strings;
	uint32_t id;

	if (s.n == 0)
		return 0;
	if (p->arena.failed || !strtab_catch_up(t) || !strtab_grow(t, &p->arena))
		goto failed;
	id = map_intern(&t->map, hash_bytes(s.p, s.n), string_equal, t, &s, t->n);
	if (id == MAP_NONE)
		goto failed;
	if (id < t->n)
		return id;
	if (!keep)
		s = arena_str(&p->arena, s);
	t->v[t->n++] = s; /* {NULL, 0} when the copy failed: the arena knows */
	t->mapped = t->n;
	return p->arena.failed ? 0 : id;
failed:
	p->arena.failed = true;
	return 0;
}

str_id profile_intern(struct profile *p, struct str s)
{
	return intern(p, s, false);
}

str_id profile_intern_kept(struct profile *p, struct str s)
{
	return intern(p, s, true);
}

str_id profile_find_str(struct profile *p, struct str s)
{
	struct strtab *t = &p->strings;
	uint32_t id;

	if (s.n == 0)
		return 0;
	if (!strtab_catch_up(t)) {
		p->arena.failed = true;
		return 0;
	}
	id = map_find(&t->map, hash_bytes(s.p, s.n), string_equal, t, &s);
	return id == MAP_NONE ? 0 : id;
}

int profile_sample_type_index(const struct profile *p, struct str name)
{
	for (uint32_t i = 0; i < p->n_sample_types; i++)
		if (str_eq(profile_str(p, p->sample_types[i].type), name))
			return (int)i;
	return -1;
}

enum err_code profile_add_fake_mapping(struct profile *p, struct err *e)
{
	struct mapping *fake;
	struct location *moved;

	if (p->n_mappings > 0)
		return OK;
	fake = ARENA_NEW(&p->arena, struct mapping);
	moved = arena_alloc_raw(&p->arena, p->n_locations, sizeof *moved);
	if (!fake || !moved)
		return FAIL_NOMEM(e);
	fake->id = 1;
	for (uint32_t i = 0; i < p->n_locations; i++) {
		moved[i] = p->locations[i];
		moved[i].mapping = 0;
	}
	p->mappings = fake;
	p->n_mappings = 1;
	p->locations = moved;
	return OK;
}
