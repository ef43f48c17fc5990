/*
 * The program's last thread. The C library ends a process by exit(0) when its last thread has
 * ended, as happens after main has called pthread_exit. Our own threads are threads too: they must
 * be gone before the program's last is, or there would be no end.
 *
 * Counted are the first thread and those that come by hook_pthread.c. Of others (C11's thrd_create)
 * nothing is known: a program that goes on with such ones alone is not served any more.
 */
#ifndef RUNTIME_LASTTHREAD_H
#define RUNTIME_LASTTHREAD_H

#include <stdbool.h>

/* The program is about to start a thread, or could not after all. RT_NOALLOC */
void rt_lastthread_enter(void);
void rt_lastthread_enter_failed(void);

/* The calling thread of the program's ends; after the last of them no thread of ours is left.
 * RT_ANY */
void rt_lastthread_leave(void);

/* True when the program has one thread that we know of. RT_NOALLOC */
bool rt_lastthread_alone(void);

/* In a forked child: there is one thread. */
void rt_lastthread_after_fork(void);

#endif
