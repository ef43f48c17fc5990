/*
 * The sampled blocks that are alive: address to weight and record. free() first asks a filter of
 * byte counters by address hash (most frees end there), then takes the exact entry out.
 *
 * The table is a series of levels, each four times the last, in buckets of four entries. A block
 * goes into its bucket of the first level with a free entry, so an entry is found by looking at
 * one bucket a level and removal leaves nothing behind: no tombstones, no moves, no locks.
 */
#ifndef RUNTIME_HEAP_LIVE_H
#define RUNTIME_HEAP_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/state.h"

struct rt_live_entry {
	_Atomic uintptr_t ptr; /* 0 free, 1 being changed; a block's address otherwise */
	uint64_t objects;      /* weight, as in struct rt_amounts */
	uint64_t bytes;
	uint32_t record;
	uint32_t born; /* seconds since the runtime's start */
};

_Static_assert(sizeof(struct rt_live_entry) == 32, "four entries in two cache lines");

/* One live block by value. */
struct rt_live {
	uint64_t objects, bytes;
	uint32_t record, born;
};

/*
 * The filter: live samples by address, up to 255 a slot. Neighbours share a slot, 819 bytes of
 * heap, and neighbouring slots are of neighbouring addresses: what of the filter is in the cache is
 * a thousandth of what the program frees from, and pages of it that stand for nothing in use are
 * never backed by memory. A hash would spread every program's frees over all of it.
 */
#define RT_FILTER_SLOTS ((size_t)1 << 20)
extern __attribute__((visibility("hidden"))) _Atomic uint8_t rt_filter[RT_FILTER_SLOTS];

/*
 * Five times the low half of the address, in one instruction: the four goes up by one each KiB,
 * the one brings in the bits above 2^30, which tell apart the arenas of allocators. There is one
 * live sample in a mean interval of heap, so the chance to meet another's slot is 819 / 524288,
 * and where the heap is larger than the filter one in a million for each live sample.
 */
static inline size_t rt_filter_slot(uintptr_t p)
{
	return (uint32_t)p * 5u >> 12;
}

/* The slot is taken for good: for blocks that must always come to the cold path. RT_SIGSAFE */
void rt_filter_pin(uintptr_t p);

/* Fetches what rt_live_add will need, while the caller does other things. RT_SIGSAFE */
void rt_live_prefetch(uintptr_t p);
/* Adds a block; false (nothing done, a counted loss) when all its buckets are full. RT_NOALLOC */
bool rt_live_add(uintptr_t p, const struct rt_live *what);
/* Takes a block out; false when it was not sampled. Call before the real free. RT_SIGSAFE */
bool rt_live_take(uintptr_t p, struct rt_live *out);

/*
 * In a forked child: copies the blocks to `to`, while others go on changing `from`, and sets the
 * filter up for them. Entries that are being changed are left out. RT_NOALLOC
 */
bool rt_live_copy(struct rt_state *to, const struct rt_state *from);

/* Slots that may hold a block, and the block in one; false when it is empty or changing. RT_ANY */
size_t rt_live_slots(void);
bool rt_live_read(size_t slot, struct rt_live *out);
/* The same with the block's address. RT_ANY */
bool rt_live_read_at(size_t slot, uintptr_t *address, struct rt_live *out);

/* How many blocks are in the table; walks it. RT_ANY */
size_t rt_live_count(void);

#endif
