/*
 * From the ids of a file's mappings, functions or locations to their indices. Most writers number
 * from 1 without gaps: then no table is needed at all; ids in a small range get a direct table, and
 * only wild ids are hashed. Callers: proto_decode, check.
 */
#ifndef PROFILE_IDTABLE_H
#define PROFILE_IDTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"

#define IDTABLE_NONE UINT32_MAX

/* A zero struct is a valid empty table. */
struct idtable {
	const void *first; /* the elements; the id is the first member of each */
	size_t stride;
	uint32_t n;
	const uint32_t *direct; /* index by id < limit; NULL: id is index + 1, or hashed */
	uint64_t limit;
	struct map map;
	bool hashed;
	uint32_t fault; /* first element whose id is 0 or taken, else IDTABLE_NONE */
};

/*
 * Builds the table of n elements of `stride` bytes whose first member is a uint64_t id; `first` is
 * kept and must outlive t. Of several elements with one id the first is found. Direct tables come
 * from `scratch`. False when memory is short. Released with idtable_release in either case.
 */
bool idtable_build(
    struct idtable *t, struct arena *scratch, const void *first, size_t stride, uint32_t n);
void idtable_release(struct idtable *t);

/* The general case of idtable_find. */
uint32_t idtable_find_hashed(const struct idtable *t, uint64_t id);

/* Index of the element with this id, or IDTABLE_NONE. */
static inline uint32_t idtable_find(const struct idtable *t, uint64_t id)
{
	if (t->direct)
		return id < t->limit ? t->direct[id] : IDTABLE_NONE;
	if (t->hashed)
		return idtable_find_hashed(t, id);
	return id - 1 < t->n ? (uint32_t)(id - 1) : IDTABLE_NONE;
}

#endif
