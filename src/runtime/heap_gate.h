/*
 * The inline half of the sampler: what every malloc pays. The thread's countdown is lowered by the
 * requested size plus one (so that empty blocks count too); when it would pass zero, the cold path
 * decides. Included by hook_malloc.c and hook_new.c only.
 *
 * The countdown is unsigned and the test is the borrow of the subtraction: a huge size (a bug of
 * the host, or a failing calloc) can therefore not push it up. SIZE_MAX wraps to no cost at all.
 */
#ifndef RUNTIME_HEAP_GATE_H
#define RUNTIME_HEAP_GATE_H

#include "runtime/heap_live.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

#ifdef __x86_64__
#include "runtime/heap_gate_x86_64.h"
#else
static inline bool rt_gate_take(uint64_t *left, uint64_t cost)
{
	return __builtin_sub_overflow(*left, cost, left);
}

static inline bool rt_gate_counted(_Atomic uint8_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed) != 0;
}
#endif

/* True when the allocation can pass; else rt_heap_due must be asked. RT_SIGSAFE */
static inline bool rt_gate_pass(size_t n)
{
	return rt_likely(!rt_gate_take(&rt_tls.left, n + 1));
}

/* True when p may be a sampled block (or one of the boot arena). RT_SIGSAFE */
static inline bool rt_gate_known(const void *p)
{
	return rt_unlikely(rt_gate_counted(&rt_filter[rt_filter_slot((uintptr_t)p)]));
}

#endif
