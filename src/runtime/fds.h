/*
 * The opt-in profile of file descriptors (PPROF_FD=1): which stacks opened those that are open now.
 *
 * What is open is read from the kernel (/proc/self/fd) when the profile is asked for; the table
 * only knows who opened what, by number. A descriptor that was opened past the hooks (by libc for
 * itself, by the loader, before the start) is under a frame that names its type. An entry holds a
 * check of the file's identity, so that a number closed and opened again past the hooks is not
 * taken for what it was before, unless it is of the same file.
 *
 * Lock-free: an entry is one word.
 */
#ifndef RUNTIME_FDS_H
#define RUNTIME_FDS_H

#include <stdbool.h>

#include "runtime/profiles.h"

/* Higher numbers are shown by type only. */
#define RT_FDS_MAX (1 << 20)

/* Maps the table; without memory for it there is no such profile. Init only. */
void rt_fds_init(void);
/* True when there is one. RT_SIGSAFE */
bool rt_fds_enabled(void);

/* fd was opened by the function that `caller` is in (nothing if < 0). Keeps errno. RT_NOALLOC */
void rt_fds_opened(int fd, void *caller);
/* Before fd is closed, as its number may be another's at once. Keeps errno. RT_SIGSAFE */
void rt_fds_closing(int fd);
/* The same of all from first to last. RT_SIGSAFE */
void rt_fds_closing_range(unsigned first, unsigned last);

/* For the table of profiles. RT_ANY */
bool rt_fds_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);
size_t rt_fds_count(const struct rt_profile_kind *kind);

#endif
