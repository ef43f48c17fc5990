/*
 * Signals that the profiler uses for a while: taken only when the program has no use for them, and
 * given back so that none that is still on its way does harm.
 *
 * SIGPROF is for the timers of the CPU profile. SIGURG is for perf events and for asking threads
 * for their stacks: it is ignored by default, so one that is pending when the program calls exec
 * does not kill what comes after.
 */
#ifndef RUNTIME_SIGTAKE_H
#define RUNTIME_SIGTAKE_H

#include <signal.h>
#include <stdbool.h>

typedef void rt_sigtake_handler(int, siginfo_t *, void *);

/*
 * Installs the handler (SA_RESTART, SA_ONSTACK, all signals blocked while it runs) and stores in
 * *old what was there. False when the program has a handler of its own. RT_ANY
 */
bool rt_sigtake(int number, rt_sigtake_handler *handler, struct sigaction *old);
/* Whether the handler is still the one installed. RT_ANY */
bool rt_sigtake_holds(int number, rt_sigtake_handler *handler);
/*
 * Puts back what was there, unless somebody has installed something else; signals that are pending
 * in any thread are dropped. RT_ANY
 */
void rt_sigtake_give(int number, rt_sigtake_handler *handler, const struct sigaction *old);

/* SIGURG, which has two users: installed for the first, given back by the last. RT_ANY */
bool rt_sigtake_urgent(void);
void rt_sigtake_urgent_give(void);
/* In a forked child: neither user is there. */
void rt_sigtake_after_fork(void);

/* The value of SIGURGs that ask for a stack is this address. */
extern __attribute__((visibility("hidden"))) const char rt_sigtake_ask;

#endif
