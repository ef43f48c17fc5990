/*
 * The one hash map: open addressing, power-of-two capacity, from a caller's hash to a 32-bit index
 * into the caller's own array. Equality is asked of the caller, so keys live in that array only.
 * Iteration order is never output order, so there is no iteration. Fails stickily.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map_slot {
	uint32_t hash;  /* upper half of the caller's hash */
	uint32_t index; /* MAP_NONE in an empty slot */
};

struct map {
	struct map_slot *slots;
	size_t cap; /* power of two, or 0 */
	size_t n;
	bool failed;
};

/* True when the element at `index` of the caller's array equals `key`. */
typedef bool map_equal(const void *ctx, uint32_t index, const void *key);

static inline uint32_t map_fold(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

/*
 * What looking up this hash will read first, to be prefetched by callers that have something to do
 * until then. (A function that only prefetches is removed by the compiler.)
 */
static inline const void *map_place(const struct map *m, uint64_t hash)
{
	return m->cap ? (const void *)&m->slots[map_fold(hash) & (m->cap - 1)] : m;
}

/* A zero struct is a valid empty map. */
void map_release(struct map *m);
/* Sizes the table for n entries; false when memory is short. */
bool map_reserve(struct map *m, size_t n);
/* The index stored for an equal key, or MAP_NONE. */
uint32_t map_find(
    const struct map *m, uint64_t hash, map_equal *equal, const void *ctx, const void *key);
/*
 * The index of an equal key; when there is none, stores and returns `fresh` (the index at which
 * the caller appends the key when the result equals `fresh`). MAP_NONE when memory is short.
 */
uint32_t map_intern(struct map *m, uint64_t hash, map_equal *equal, const void *ctx,
    const void *key, uint32_t fresh);

#endif
