/*
 * The CPU profile: stacks of the program's threads, one for each period of CPU time that a thread
 * has used. One runs at a time.
 *
 *	rt_cpu_start -> cpu_timer.c gives each thread a timer -> cpu_signal.c counts in `bag`
 *	             -> a thread of ours looks for threads that pthread_create did not tell of
 *	rt_cpu_stop  -> timers gone, handlers done -> snapshot
 *
 * A thread's CPU time is divided into periods that end at u, u + period, ... with a random u
 * below the period. A sample counts the ends that the thread has passed since its last sample, by
 * its CPU clock: so time stays right when the kernel's clock is slower than the rate, and however
 * late a signal comes. Ends passed after the last sample are counted where the thread was last
 * seen; docs/cpu.md says more.
 */
#ifndef RUNTIME_RT_CPU_H
#define RUNTIME_RT_CPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/profiles.h"
#include "runtime/snapshot.h"
#include "runtime/stackbag.h"
#include "runtime/rt_threads.h"

#define RT_CPU_HZ_MAX 10000u

/* What the handler needs. Written while no handler runs. */
struct rt_cpu {
	_Atomic bool active;     /* handlers count */
	_Atomic uint32_t inside; /* handlers that are at work */
	uint64_t period_ns;
	struct rt_stackbag bag;
};

extern __attribute__((visibility("hidden"))) struct rt_cpu rt_cpu;

/*
 * Starts at `hz` samples a second of CPU time (1 to RT_CPU_HZ_MAX). NULL when it runs, else why
 * not: a phrase, static. RT_ANY
 */
const char *rt_cpu_start(uint32_t hz);
/* What is said when one runs already. */
#define RT_CPU_IN_USE "cpu profiling already in use"

/* True while a profile runs, starts or ends. RT_NOALLOC */
bool rt_cpu_is_on(void);

/*
 * Ends the profile that the caller has started and fills *s (NULL: drops the data). False when
 * memory is short (nothing to release). RT_ANY
 */
bool rt_cpu_stop(struct rt_snapshot *s);

/*
 * Ends the thread that looks for new threads, if there is one: the profile goes on with those that
 * it knows. RT_ANY
 */
void rt_cpu_end_scanner(void);

/* For profiles.h: names of values, and the encoded profile. */
extern const struct rt_shape rt_cpu_shape;

/* A thread begins (the caller is it: `is_self`) or ends. The threads' lock is held. */
void rt_cpu_thread_begins(struct rt_thread *t, bool is_self);
void rt_cpu_thread_ends(struct rt_thread *t);

/* Around fork: SIGPROF does not interrupt it; the child profiles nothing. */
void rt_cpu_before_fork(void);
void rt_cpu_after_fork(void);
void rt_cpu_after_fork_child(void);

/* Lines for the page about the profiler itself. RT_ANY */
void rt_cpu_print(struct rt_bytes *out);

#endif
