#include "profile/idtable.h"

#include <string.h>

#include "core/hash.h"

static uint64_t id_of(const struct idtable *t, uint32_t i)
{
	uint64_t id;

	memcpy(&id, (const char *)t->first + i * t->stride, sizeof id);
	return id;
}

static bool id_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct idtable *t = ctx;
	const uint64_t *id = key;

	return id_of(t, index) == *id;
}

static void note_fault(struct idtable *t, uint32_t i)
{
	if (t->fault == IDTABLE_NONE)
		t->fault = i;
}

static bool build_direct(struct idtable *t, struct arena *scratch)
{
	uint32_t *direct = arena_alloc_raw(scratch, t->limit, sizeof *direct);

	if (!direct)
		return false;
	memset(direct, 0xff, t->limit * sizeof *direct); /* IDTABLE_NONE */
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t id = id_of(t, i);

		if (id == 0 || direct[id] != IDTABLE_NONE)
			note_fault(t, i);
		if (direct[id] == IDTABLE_NONE)
			direct[id] = i;
	}
	t->direct = direct;
	return true;
}

static bool build_hashed(struct idtable *t)
{
	t->hashed = true;
	if (!map_reserve(&t->map, t->n))
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t id = id_of(t, i);
		uint32_t at = map_intern(&t->map, hash_u64(id), id_equal, t, &id, i);

		if (at == MAP_NONE)
			return false;
		if (id == 0 || at != i)
			note_fault(t, i);
	}
	return true;
}

bool idtable_build(
    struct idtable *t, struct arena *scratch, const void *first, size_t stride, uint32_t n)
{
	uint64_t max = 0;
	uint32_t in_order = 0;

	*t = (struct idtable){ .first = first, .stride = stride, .n = n, .fault = IDTABLE_NONE };
	for (uint32_t i = 0; i < n; i++) {
		uint64_t id = id_of(t, i);

		in_order += id == (uint64_t)i + 1;
		max = id > max ? id : max;
	}
	if (in_order == n)
		return true;
	if (max > (uint64_t)n * 4 + 64)
		return build_hashed(t);
	t->limit = max + 1;
	return build_direct(t, scratch);
}

void idtable_release(struct idtable *t)
{
	map_release(&t->map);
	*t = (struct idtable){ 0 };
}

uint32_t idtable_find_hashed(const struct idtable *t, uint64_t id)
{
	uint32_t at = map_find(&t->map, hash_u64(id), id_equal, t, &id);

	return at == MAP_NONE ? IDTABLE_NONE : at;
}
