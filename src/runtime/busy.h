/*
 * Being inside the profiler: a hook that is entered meanwhile on the same thread (a signal handler
 * of the program allocates or waits for a lock) passes its call on and records nothing.
 */
#ifndef RUNTIME_BUSY_H
#define RUNTIME_BUSY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/tls.h"

/*
 * Whether this thread is inside. A handler may have jumped away from there, so that it never ends:
 * that is seen when the stack pointer is above it again or, on other stacks, by the number of
 * hooks. To be wrong about that (a handler on a stack that lies higher) costs nothing but a
 * mixed-up stack: what is done to tables inside may be interrupted by the same. Counts what is
 * passed on. RT_SIGSAFE
 */
bool rt_busy(void);

/* Enters; returns what rt_busy_end is to be given. RT_SIGSAFE */
static inline uintptr_t rt_busy_begin(void)
{
	uintptr_t was = rt_tls.busy_at;

	rt_tls.busy_at = (uintptr_t)__builtin_frame_address(0);
	return was;
}

/* RT_SIGSAFE */
static inline void rt_busy_end(uintptr_t was)
{
	rt_tls.busy_at = was;
	rt_tls.nested = 0;
}

/* The calling thread is the profiler's own: nothing it does is the program's. RT_SIGSAFE */
static inline void rt_busy_for_ever(void)
{
	rt_tls.busy_at = RT_BUSY_FOR_EVER;
}

#endif
