/* Stacks by number; see stacktab.h. Called by heap_sample.c; read by the encoders. */
#include "runtime/stacktab.h"

#include <string.h>

#include "core/hash.h"
#include "runtime/rt.h"
#include "runtime/state_modules.h"

#define INDEX_SLOTS ((uint32_t)1 << 16)
#define INDEX_LIMIT RT_STACKS_MAX

_Static_assert(INDEX_LIMIT == INDEX_SLOTS / 4 * 3, "the index keeps a quarter free");

static _Atomic uint32_t *index_slots(void)
{
	return (_Atomic uint32_t *)(void *)rt.state.base[RT_REGION_STACK_INDEX];
}

const struct rt_stack *rt_stacktab_get(rt_stack_id id)
{
	return (const struct rt_stack *)(const void *)(rt.state.base[RT_REGION_STACKS] +
						       (size_t)id * 8);
}

struct str rt_stacktab_pseudo_name(uint64_t pc)
{
	return statefmt_pseudo_name(pc);
}

static bool same(rt_stack_id id, uint32_t hash, const uintptr_t *pcs, size_t depth)
{
	const struct rt_stack *s = rt_stacktab_get(id);

	return s->hash == hash && s->depth == depth &&
	       memcmp(s->pc, pcs, depth * sizeof(uint64_t)) == 0;
}

/* Fresh space with the stack in it; 0 when the region is full. */
static rt_stack_id store(uint32_t hash, const uintptr_t *pcs, size_t depth)
{
	size_t bytes = sizeof(struct rt_stack) + depth * sizeof(uint64_t);
	uint64_t at = atomic_load(&rt.state.head->stack_used);
	struct rt_stack *s;

	do {
		if (!rt_state_need(&rt.state, RT_REGION_STACKS, at + bytes))
			return 0;
	} while (!atomic_compare_exchange_weak(&rt.state.head->stack_used, &at, at + bytes));
	s = (struct rt_stack *)(void *)(rt.state.base[RT_REGION_STACKS] + at);
	s->hash = hash;
	s->depth = (uint32_t)depth;
	memcpy(s->pc, pcs, depth * sizeof(uint64_t));
	return (rt_stack_id)(at / 8);
}

/* Takes back what store() gave when nothing was handed out since; else it is lost for good. */
static void unstore(rt_stack_id id, size_t depth)
{
	uint64_t bytes = sizeof(struct rt_stack) + depth * sizeof(uint64_t);
	uint64_t end = (uint64_t)id * 8 + bytes;

	if (!atomic_compare_exchange_strong(&rt.state.head->stack_used, &end, (uint64_t)id * 8))
		rt_stats_add(RT_STAT_WASTED_STACK_BYTES, bytes);
}

static rt_stack_id full(void)
{
	rt_stats_add(RT_STAT_LOST_STACKS, 1);
	return 1; /* where rt_stacktab_init put it */
}

uint32_t rt_stacktab_hash(const uintptr_t *pcs, size_t depth)
{
	return (uint32_t)hash_bytes(pcs, depth * sizeof(*pcs));
}

rt_stack_id rt_stacktab_id(const uintptr_t *pcs, size_t depth)
{
	return rt_stacktab_find(rt_stacktab_hash(pcs, depth), pcs, depth);
}

rt_stack_id rt_stacktab_find(uint32_t hash, const uintptr_t *pcs, size_t depth)
{
	_Atomic uint32_t *slots = index_slots();
	rt_stack_id fresh = 0;

	for (uint32_t i = hash;; i++) {
		_Atomic uint32_t *slot = &slots[i % INDEX_SLOTS];
		uint32_t id = atomic_load_explicit(slot, memory_order_acquire);

		if (id == 0 && fresh == 0) {
			if (atomic_load(&rt.state.head->stack_count) >= INDEX_LIMIT)
				return full();
			fresh = store(hash, pcs, depth);
			if (fresh == 0)
				return full();
			if (rt.state.backing != RT_BACKING_MEMORY)
				rt_state_modules_note(pcs, depth);
		}
		if (id == 0 && atomic_compare_exchange_strong(slot, &id, fresh)) {
			atomic_fetch_add(&rt.state.head->stack_count, 1);
			return fresh;
		}
		if (same(id, hash, pcs, depth)) {
			if (fresh)
				unstore(fresh, depth);
			return id;
		}
	}
}

void rt_stacktab_prefetch(void)
{
	const uint8_t *next =
	    rt.state.base[RT_REGION_STACKS] +
	    atomic_load_explicit(&rt.state.head->stack_used, memory_order_relaxed);

	/* The processor itself goes on behind these. */
	__builtin_prefetch(next, 1);
	__builtin_prefetch(next + 64, 1);
}

void rt_stacktab_prefetch_slot(uint32_t hash)
{
	__builtin_prefetch(&index_slots()[hash % INDEX_SLOTS], 1);
}

void rt_stacktab_init(void)
{
	uintptr_t pc = RT_PC_STACKS_FULL;

	store(0, &pc, 1); /* first in the region: number 1; not in the index */
}
