/*
 * Who holds the sampled blocks that are alive: the profile `retained`. A child process, a copy of
 * this one, walks the allocator's blocks, marks from all roots with the way back, and climbs from
 * the sampled blocks to their roots. The program goes on meanwhile; it stands still only while the
 * kernel copies page tables. docs/retention.md has the method, its limits and figures.
 *
 * The child is made by the system call alone: the C library's fork would run the program's fork
 * handlers, wait for its locks, and its end would be told to the program by SIGCHLD. So the heap
 * may be seen in the middle of a change, which the walk steps over.
 */
#ifndef RUNTIME_RETAIN_H
#define RUNTIME_RETAIN_H

#include <stdbool.h>

#include "core/fmt.h"
#include "runtime/profiles.h"
#include "runtime/snapshot.h"

/* Its values. */
extern const struct rt_shape rt_retain_shape;

/*
 * Whether blocks cannot be found by looking at the heap, as another malloc than glibc's is called:
 * they are taken from the live table, if it has all. RT_ANY, init too
 */
bool rt_retain_needs_table(void);

/* True while there is a child, or its result was not taken yet. RT_SIGSAFE */
bool rt_retain_is_busy(void);
/*
 * Makes the child. False, with the reason in *why, when the pause would be too long
 * (PPROF_RETAIN_PAUSE), memory is short, the allocator is not known, or there is a child already.
 * RT_ANY
 */
bool rt_retain_start(struct fmt_buf *why);
/* True when there is nothing more to wait for. One that takes too long is ended. RT_ANY */
bool rt_retain_is_over(void);
/* Fills *s from what the child has left, and releases all; false with the reason. RT_ANY */
bool rt_retain_finish(struct rt_snapshot *s, struct fmt_buf *why);
/* Ends the child. RT_ANY */
void rt_retain_cancel(void);

/* In a forked child: the snapshot's child is the parent's. */
void rt_retain_after_fork(void);

/* The profile as text. */
void rt_retain_text(struct rt_snapshot *s, struct rt_bytes *out);

#endif
