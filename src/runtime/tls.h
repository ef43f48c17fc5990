/*
 * The one thread-local struct. Initial-exec, so that reaching it is one segment-relative
 * instruction and never a call that could allocate; the price is the loader's small reserve of
 * static TLS, hence the size limits, which hold for dlopen and for attaching too.
 *
 * Zero is the state of a new thread: the first allocation finds `left` used up and comes to the
 * cold path, which draws the thread's first interval. There is no destructor: frees that run after
 * a thread's other TLS is torn down find plain memory here.
 */
#ifndef RUNTIME_TLS_H
#define RUNTIME_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_tls {
	uint64_t left;      /* bytes until the cold path is next visited */
	uint64_t rest;      /* bytes from there to the sample point */
	uint64_t rate;      /* mean the present interval was drawn with */
	uint64_t random;    /* splitmix64 state; 0: not seeded */
	uintptr_t stack_lo; /* verified readable part of this thread's stack; 0: none yet */
	uintptr_t stack_hi;
	uintptr_t busy_at; /* in the sampler, at this stack address: a nested hook passes through */
	uint32_t rate_gen; /* of `rate`; 0: never drawn */
	uint8_t nested;    /* hooks that found busy_at set, in a row */
	bool resolving;    /* in real.c's dlsym: a nested hook uses the boot arena */

	/* Here the hot part ends. */
	uint16_t waits_at; /* place of its announcement in waiters.c; 0: it waits for no lock */
	uint16_t place;    /* index in the table of threads + 1, as noted last; 0: not noted */
	uint32_t labels;   /* the thread's set, see rt_labels.h; 0: none */
	bool guarded;      /* libc made this thread's stack, with a guard below; see saferead.h */
	bool own_files;    /* its descriptors are not the program's; see own_files.h */
	bool makes_own;    /* in ownthread.c: the thread that it creates is not the program's */
	bool masked;       /* SIGPROF is blocked while this thread forks; see rt_cpu.c */
};

/* busy_at of the runtime's own threads: they sample nothing. */
#define RT_BUSY_FOR_EVER UINTPTR_MAX

_Static_assert(offsetof(struct rt_tls, waits_at) <= 64, "hot thread-local data is one cache line");
_Static_assert(sizeof(struct rt_tls) <= 512, "what the loader keeps for libraries that come later");

extern _Thread_local struct rt_tls rt_tls
    __attribute__((tls_model("initial-exec"), visibility("hidden"), aligned(64)));

#endif
