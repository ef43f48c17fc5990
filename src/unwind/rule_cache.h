/*
 * Code address to rule, lock free. A slot is one word: 34 bits of tag over 30 bits of rule. The
 * index is bits 2 to 15 of the address and the tag is all others, so they name one address exactly:
 * there are no false hits among user addresses. No hash, as it would be on the path that each frame
 * of a walk waits for, and calls lie about as they please: two return addresses are hardly ever
 * within four bytes, and 64 KB apart no more often than by chance. The tag is mixed with a number
 * of the generation: that turns older entries into strangers, so a flush costs nothing, and what a
 * slower thread stores late is already an old entry.
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
static inline uint64_t rule_cache_salt(const struct unwind_cache *cache)
{
	uint64_t generation = atomic_load_explicit(&cache->generation, memory_order_acquire);

	return generation * 0x9e3779b97f4a7c15ULL >> RULE_BITS << RULE_BITS;
}

#define RULE_CACHE_LOW 2 /* bits below the index */

static inline size_t rule_cache_index(uintptr_t key)
{
	return key >> RULE_CACHE_LOW & (((size_t)1 << UNWIND_CACHE_BITS) - 1);
}

/* What the index does not say, in a slot's tag bits: the bits above it, then those below. */
static inline uint64_t rule_cache_tag(uintptr_t key)
{
	uint64_t high = key >> (RULE_CACHE_LOW + UNWIND_CACHE_BITS) << (RULE_BITS + RULE_CACHE_LOW);

	return high | (uint64_t)key << (64 - RULE_CACHE_LOW) >> (64 - RULE_CACHE_LOW - RULE_BITS);
}

/* The remembered rule, kind RULE_INVALID when there is none. */
static inline uint32_t rule_cache_get(struct unwind_cache *cache, uintptr_t key, uint64_t salt)
{
	uint64_t slot =
	    atomic_load_explicit(&cache->slots[rule_cache_index(key)], memory_order_relaxed);
	uint64_t other = (slot ^ salt ^ rule_cache_tag(key)) >> RULE_BITS;

	/* Equal tag bits vanish, and an empty slot leaves rule 0. */
	if ((other | key >> (64 - RULE_CACHE_UNUSED)) != 0)
		return RULE_INVALID;
	return (uint32_t)slot & ((1u << RULE_BITS) - 1);
}

static inline void rule_cache_put(
    struct unwind_cache *cache, uintptr_t key, uint64_t salt, uint32_t rule)
{
	if (key >> (64 - RULE_CACHE_UNUSED) != 0)
		return;
	atomic_store_explicit(&cache->slots[rule_cache_index(key)],
	    (rule_cache_tag(key) ^ salt) | rule, memory_order_relaxed);
}

/* Fetches the slot of an address that may be asked about soon. */
static inline void rule_cache_prefetch(const struct unwind_cache *cache, uintptr_t key)
{
	__builtin_prefetch(&cache->slots[rule_cache_index(key)]);
}

#endif
