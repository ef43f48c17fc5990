/*
 * What a forked child has of its parent's standing. Threads do not live on in a child, so nobody
 * serves there and nobody waits for the signal that asks for a profile. In the preloaded library a
 * thread of ours starts both again, a moment after the fork so that children which soon become
 * another program are left alone:
 *
 * - in every child, when the names in PPROF_ADDR or PPROF_DUMP tell processes apart (%p);
 * - in one that has left its session (a daemon), at the address of the process that was started, as
 *   soon as that one has ended and the address is free.
 *
 * Only where parent and child have one thread of the program: a thread that was not copied may have
 * left any lock taken, and starting one of ours must not wait for that.
 */
#ifndef RUNTIME_HEIR_H
#define RUNTIME_HEIR_H

#include <stdbool.h>

/* This is the process that was started, and it serves at address. Once, at the start. RT_ANY */
void rt_heir_serves(const char *address);

/* In a child, after its fork has returned. errno stays. RT_ANY */
void rt_heir_forked(void);
/* The calling process has become the leader of a session. errno stays. RT_ANY */
void rt_heir_detached(void);

/* True in a daemon that serves in the place of the process that was started. */
bool rt_heir_took_over(void);

/* Ends and joins the thread that waits, if there is one. RT_ANY */
void rt_heir_stop(void);
/* In a forked child, from the fork handler: the thread is not here. */
void rt_heir_after_fork(void);

#endif
