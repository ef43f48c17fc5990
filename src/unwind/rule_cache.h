/*
 * Code address to rule, lock free. A slot is one word: 34 bits of tag over 30 bits of rule.
 * Multiplication by an odd constant is a bijection on 48 bits, so a slot's index and tag together
 * name one address exactly: there are no false hits among user addresses. The tag is mixed with a
 * number of the generation: that turns older entries into strangers, so a flush costs nothing,
 * and what a slower thread stores late is already an old entry.
 *
 * An address with higher bits is garbage from a broken stack. It is neither stored nor found, as it
 * would be taken for the address without them.
 *
 * A key is a return address, or an exact pc plus one: the byte before a key is in the instruction
 * to be looked up, and no two meanings fall together, as a call is longer than a byte.
 * Inside this room only.
 */
#ifndef UNWIND_RULE_CACHE_H
#define UNWIND_RULE_CACHE_H

#include "unwind/rule.h"
#include "unwind/unwind.h"

#define RULE_CACHE_UNUSED   16 /* bits above a user address */
#define RULE_CACHE_TAG_BITS (64 - RULE_CACHE_UNUSED - UNWIND_CACHE_BITS)

_Static_assert(RULE_CACHE_TAG_BITS + RULE_BITS == 64, "a slot is one word");

/* What the generation adds to all tags, in a slot's tag bits; 0 for the first. */
static inline uint64_t rule_cache_salt(struct unwind_cache *cache)
{
	uint64_t generation = atomic_load_explicit(&cache->generation, memory_order_acquire);

	return generation * 0x9e3779b97f4a7c15ULL >> RULE_BITS << RULE_BITS;
}

/* Index in the top bits, then the tag, then zeros. The factor's shift drops unused bits. */
static inline uint64_t rule_cache_mix(uintptr_t key)
{
	return key * (0x9e3779b97f4bULL << RULE_CACHE_UNUSED);
}

/* The remembered rule, kind RULE_INVALID when there is none. */
static inline uint32_t rule_cache_get(struct unwind_cache *cache, uintptr_t key, uint64_t salt)
{
	uint64_t mixed = rule_cache_mix(key);
	uint64_t slot = atomic_load_explicit(
	    &cache->slots[mixed >> (64 - UNWIND_CACHE_BITS)], memory_order_relaxed);

	/* Equal tag bits vanish, and an empty slot leaves rule 0. */
	if (((slot ^ salt ^ mixed << UNWIND_CACHE_BITS) >> RULE_BITS |
		key >> (64 - RULE_CACHE_UNUSED)) != 0)
		return RULE_INVALID;
	return (uint32_t)slot & ((1u << RULE_BITS) - 1);
}

static inline void rule_cache_put(
    struct unwind_cache *cache, uintptr_t key, uint64_t salt, uint32_t rule)
{
	uint64_t mixed = rule_cache_mix(key);

	if (key >> (64 - RULE_CACHE_UNUSED) != 0)
		return;
	atomic_store_explicit(&cache->slots[mixed >> (64 - UNWIND_CACHE_BITS)],
	    (mixed << UNWIND_CACHE_BITS ^ salt) | rule, memory_order_relaxed);
}

#endif
