/* What the handlers of SIGPROF and SIGURG do while a CPU profile runs. */
#ifndef RUNTIME_CPU_SIGNAL_H
#define RUNTIME_CPU_SIGNAL_H

#include <signal.h>

#include "runtime/rt_threads.h"

/* For sigaction with SA_SIGINFO. RT_SIGSAFE */
void rt_cpu_on_signal(int number, siginfo_t *info, void *ucontext);

/*
 * Ends of periods that the thread has passed at this CPU time, up to half a period early with
 * perf, whose clock is another; moves t->next behind them. RT_SIGSAFE
 */
uint64_t rt_cpu_passed(struct rt_thread *t, uint64_t now_ns, uint64_t early_ns);

#endif
