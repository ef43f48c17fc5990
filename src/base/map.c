#include "base/map.h"

#include <string.h>

#include "base/arena.h"
#include "core/ckd.h"

#define MAP_MIN ((size_t)16)

void map_release(struct map *m)
{
	alloc_put(m->slots);
	*m = (struct map){ 0 };
}

static void place(struct map_slot *slots, size_t cap, struct map_slot entry)
{
	size_t mask = cap - 1;
	size_t at = entry.hash & mask;

	while (slots[at].index != MAP_NONE)
		at = (at + 1) & mask;
	slots[at] = entry;
}

static bool rehash(struct map *m, size_t cap)
{
	struct map_slot *slots;
	size_t bytes;

	if (cap > (size_t)1 << 32 || !ckd_mul_size(cap, sizeof *slots, &bytes) ||
	    !(slots = alloc_get(bytes))) {
		m->failed = true;
		return false;
	}
	memset(slots, 0xff, bytes); /* every index MAP_NONE */
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].index != MAP_NONE)
			place(slots, cap, m->slots[i]);
	alloc_put(m->slots);
	m->slots = slots;
	m->cap = cap;
	return true;
}

/* At most three quarters full. */
bool map_reserve(struct map *m, size_t n)
{
	size_t cap = m->cap ? m->cap : MAP_MIN;

	while (n > cap / 4 * 3 && cap)
		cap *= 2;
	if (m->failed || !cap)
		return false;
	return cap == m->cap || rehash(m, cap);
}

/* The slot of an equal key, or the empty slot where it belongs. */
static size_t probe(
    const struct map *m, uint32_t hash, map_equal *equal, const void *ctx, const void *key)
{
	size_t mask = m->cap - 1;
	size_t at = hash & mask;

	while (m->slots[at].index != MAP_NONE) {
		if (m->slots[at].hash == hash && equal(ctx, m->slots[at].index, key))
			break;
		at = (at + 1) & mask;
	}
	return at;
}

uint32_t map_find(
    const struct map *m, uint64_t hash, map_equal *equal, const void *ctx, const void *key)
{
	if (m->n == 0)
		return MAP_NONE;
	return m->slots[probe(m, map_fold(hash), equal, ctx, key)].index;
}

uint32_t map_intern(struct map *m, uint64_t hash, map_equal *equal, const void *ctx,
    const void *key, uint32_t fresh)
{
	uint32_t folded = map_fold(hash);
	size_t at;

	/* Asked here first: nearly always there is room. */
	if ((m->failed || m->n >= m->cap / 4 * 3) && !map_reserve(m, m->n + 1))
		return MAP_NONE;
	at = probe(m, folded, equal, ctx, key);
	if (m->slots[at].index == MAP_NONE) {
		m->slots[at] = (struct map_slot){ folded, fresh };
		m->n++;
	}
	return m->slots[at].index;
}
