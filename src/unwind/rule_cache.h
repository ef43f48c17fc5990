/*
 * Code address to rule, lock free. A slot is one word: 34 bits of tag over 30 bits of rule.
 * Multiplication by an odd constant is a bijection on 48 bits, so a slot's index and tag together
 * name one address exactly: there are no false hits for canonical user addresses. The generation
 * is mixed into the address first, which turns all older entries into strangers: a flush costs
 * nothing, and an entry that a slower thread stores late is already one of the old ones.
 * Inside this room only.
 */
#ifndef UNWIND_RULE_CACHE_H
#define UNWIND_RULE_CACHE_H

#include "unwind/rule.h"
#include "unwind/unwind.h"

#define RULE_CACHE_ADDRESS_BITS 48
#define RULE_CACHE_TAG_BITS     (RULE_CACHE_ADDRESS_BITS - UNWIND_CACHE_BITS)

_Static_assert(RULE_CACHE_TAG_BITS + RULE_BITS == 64, "a slot is one word");

/* What a look-up works with: the place in the cache, for a later store. */
struct rule_place {
	uint32_t index;
	uint64_t tag;
};

/* The generation's contribution to every address of a walk; 0 for the first. */
static inline uint64_t rule_cache_salt(struct unwind_cache *cache)
{
	uint64_t generation = atomic_load_explicit(&cache->generation, memory_order_acquire);

	return generation * 0x9e3779b97f4a7c15ULL >> (64 - RULE_CACHE_ADDRESS_BITS);
}

static inline struct rule_place rule_cache_place(uintptr_t pc, uint64_t salt)
{
	/* Kept in the upper 48 bits, where the product wraps by itself. */
	uint64_t h = (pc ^ salt) * 0x9e3779b97f4bULL << (64 - RULE_CACHE_ADDRESS_BITS);

	return (struct rule_place){
		.index = (uint32_t)(h >> (64 - UNWIND_CACHE_BITS)),
		.tag = h << UNWIND_CACHE_BITS >> (64 - RULE_CACHE_TAG_BITS),
	};
}

/* The remembered rule, RULE_INVALID when there is none. */
static inline uint32_t rule_cache_get(struct unwind_cache *cache, struct rule_place place)
{
	uint64_t v = atomic_load_explicit(&cache->slots[place.index], memory_order_relaxed);

	return v >> RULE_BITS == place.tag ? (uint32_t)v & ((1u << RULE_BITS) - 1) : RULE_INVALID;
}

static inline void rule_cache_put(struct unwind_cache *cache, struct rule_place place,
    uint32_t rule)
{
	atomic_store_explicit(&cache->slots[place.index], place.tag << RULE_BITS | rule,
	    memory_order_relaxed);
}

#endif
