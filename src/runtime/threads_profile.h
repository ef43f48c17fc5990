/*
 * The profiles of threads, for the table in profiles.h: `threads` (each with its name, id, state),
 * the same added up under Go's name `goroutine`, and `threadcreate`. RT_ANY
 */
#ifndef RUNTIME_THREADS_PROFILE_H
#define RUNTIME_THREADS_PROFILE_H

#include "runtime/profiles.h"

extern const struct rt_shape rt_threads_shape, rt_goroutine_shape, rt_threadcreate_shape;

bool rt_threads_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);
bool rt_goroutine_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);
bool rt_threadcreate_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);

size_t rt_threads_count(const struct rt_profile_kind *kind);

/*
 * Appends the text of debug=2, as a Go program that panics shows its goroutines: a paragraph for
 * each thread. The snapshot is one of rt_threads_take.
 */
void rt_threads_dump(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out);

#endif
