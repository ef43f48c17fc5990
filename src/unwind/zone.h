/*
 * Zones: stretches of code that are proven to keep frame pointers. In one, every return address is
 * in a function that has pushed its caller's rbp and points rbp there, so the walk goes from frame
 * to frame by two loads, without a rule for each.
 *
 * The proof is for each byte of a zone: either its row says CFA = rbp + 16 with rbp at CFA - 16,
 * or it is in a stretch (a prologue, the end of a function, padding) that holds no byte sequence
 * of a call instruction, so that no return address can point there. Modules are proven a piece at
 * a time, around addresses whose rules were not remembered: nothing is done at start or dlopen.
 * Inside this room only.
 */
#ifndef UNWIND_ZONE_H
#define UNWIND_ZONE_H

#include "unwind/unwind.h"
#include "unwind/walk.h"

/* Return addresses less one are in the zone when they are in [lo, lo + size). */
struct zone_range {
	uintptr_t lo, size;
};

/* A zone of the generation of `salt` (rule_cache_salt); false when there is none of that number. */
static inline bool zone_get(
    const struct unwind_cache *cache, uint64_t salt, size_t number, struct zone_range *out)
{
	const struct unwind_zone *z = &cache->zones[number];
	uint64_t stamp = atomic_load_explicit(&z->stamp, memory_order_acquire);
	uintptr_t lo, hi;

	/* A zone only grows, so the bounds need not be of one moment; its place may be reused. */
	lo = atomic_load_explicit(&z->lo, memory_order_relaxed);
	hi = atomic_load_explicit(&z->hi, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	*out = (struct zone_range){ lo, hi - lo };
	return stamp == (salt | 1) &&
	       atomic_load_explicit(&z->stamp, memory_order_relaxed) == stamp;
}

/* The rule RULE_ZONE of the zone that pc is in, RULE_INVALID when it is in none. */
uint32_t zone_find(const struct unwind_cache *cache, uint64_t salt, uintptr_t pc);

/*
 * Proves some more functions at pc, which is in `module` and whose own row is as in a zone.
 * Returns what zone_find then does. Reads code by the caller's read_word. Never waits: another
 * thread may be at it, then nothing is done.
 */
uint32_t zone_learn(struct walk *w, const struct unwind_module *module, uintptr_t pc);

#endif
