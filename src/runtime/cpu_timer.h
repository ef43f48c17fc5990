/*
 * What makes a thread's signals: a POSIX timer on its CPU time (SIGPROF) or, above the rates that
 * those deliver, a perf event (SIGURG, see sigtake.h). Both tell nobody but the thread itself.
 */
#ifndef RUNTIME_CPU_TIMER_H
#define RUNTIME_CPU_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/rt_threads.h"

/* Above this many samples a second POSIX timers deliver less than is asked for. */
#define RT_CPU_TIMER_HZ 250u

/* Identifies the signals of our timers. */
extern __attribute__((visibility("hidden"))) const char rt_cpu_cookie;

/* CPU time of a thread of this process, ns; 0 when it is gone. RT_SIGSAFE */
uint64_t rt_cpu_time_of(int32_t tid);

/* Whether perf events work here; asked once. RT_ANY */
bool rt_cpu_perf_works(void);

/*
 * Sets t->source, t->handle: signals after `first_ns` of the thread's CPU time and then each
 * `period_ns`. False when there is no timer for it. RT_ANY
 */
bool rt_cpu_timer_attach(struct rt_thread *t, uint64_t first_ns, uint64_t period_ns, bool use_perf);
/* No more signals. RT_ANY */
void rt_cpu_timer_detach(struct rt_thread *t);
/* In a forked child: the parent's descriptors are closed. */
void rt_cpu_timer_forget(struct rt_thread *t);
/* A perf event goes on with its period after the first one. RT_SIGSAFE */
void rt_cpu_timer_settle(struct rt_thread *t, uint64_t period_ns);

#endif
