/*
 * A thread that writes heap profiles while the program runs: when a signal asks for one
 * (PPROF_DUMP_SIGNAL), and when little memory is left (PPROF_DUMP_AT). Without these there is none.
 *
 * The signal's handler only wakes it. A signal that the program was given a disposition for is left
 * alone, and the program may take it at any time by a handler of its own.
 */
#ifndef RUNTIME_WATCH_H
#define RUNTIME_WATCH_H

#include <stdbool.h>

#include "runtime/mem.h"

/* Starts what the options ask for. Preloaded library only, once in a process. RT_ANY */
void rt_watch_start(void);
/* True when there is something to watch for and PPROF_DUMP tells processes apart. RT_ANY */
bool rt_watch_for_all(void);
/* rt_watch_start will be called soon: the signal is kept until then. RT_ANY */
void rt_watch_expect(void);
/* Ends and joins the thread. RT_ANY */
void rt_watch_stop(void);
/* In a forked child: the thread is not here; the signal does what it does by default. */
void rt_watch_after_fork(void);

/* Appends lines for /debug/pprof/self. RT_ANY */
void rt_watch_print(struct rt_bytes *out);

#endif
