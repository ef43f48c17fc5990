/*
 * What every file of the runtime shares: the words that say where a function may run, the one
 * process-wide struct and its phases.
 *
 * The runtime lives in other people's processes. A malloc hook can be entered on any thread, at
 * any depth of stack, with any lock held, from the dynamic linker, before the first constructor
 * and after the last destructor. So nothing that a hook reaches may take a lock that others take,
 * allocate, use stdio or be bound lazily; docs/signal-safety.md lists what it does use.
 */
#ifndef RUNTIME_RT_H
#define RUNTIME_RT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/real.h"
#include "runtime/rt_options.h"
#include "runtime/rt_stats.h"
#include "runtime/state.h"

#define RT_COLD        __attribute__((noinline, cold))
#define RT_HIDDEN      __attribute__((visibility("hidden")))
#define rt_likely(x)   __builtin_expect(!!(x), 1)
#define rt_unlikely(x) __builtin_expect(!!(x), 0)

enum rt_phase {
	RT_STARTING = 0, /* before our constructor: allocations pass through unsampled */
	RT_READY,
	RT_DORMANT, /* it cannot work in this process: pass everything through for ever */
};

/* The one process-wide struct. Zero but for `real` until init.c's constructor. */
struct rt {
	/* Next malloc & co; set by real.c, then constant. What is hot of it is one cache line. */
	_Alignas(64) struct rt_real real;
	_Atomic uint32_t phase;             /* enum rt_phase; release-stored by init.c */
	_Atomic uint32_t heap_rate_gen;     /* bumped with every heap_rate change; starts at 1 */
	_Atomic uint64_t heap_rate;         /* mean bytes between samples; 0 off, 1 everything */
	uint64_t seed;                      /* mixed into each thread's random state */
	_Atomic uint64_t threads;           /* threads seeded so far */
	uint64_t start_mono_ns;             /* CLOCK_MONOTONIC at init */
	uint64_t init_ns;                   /* time our constructor took */
	const char *why_dormant;            /* in words, when the phase is that */
	int32_t pid;                        /* of this process; refreshed in a forked child */
	struct rt_options options;          /* set by init.c, then constant */
	_Alignas(64) struct rt_stats stats; /* on lines that no fast path reads */
	struct rt_state state;              /* the mapping of indices */
};

extern RT_HIDDEN struct rt rt;

static inline bool rt_is_ready(void)
{
	return atomic_load_explicit(&rt.phase, memory_order_acquire) == RT_READY;
}

#endif
