/*
 * Profiles of the program's own making, as Go's NewProfile: a named list of values (things that are
 * there now: connections, handles, jobs), each with the stack that added it. For api.c and the
 * table of profiles. RT_ANY: a profile has a lock, which calls from the program's threads take.
 */
#ifndef RUNTIME_CUSTOM_H
#define RUNTIME_CUSTOM_H

#include "runtime/profiles.h"

#define RT_CUSTOM_MAX  64         /* profiles */
#define RT_CUSTOM_NAME 64         /* bytes of a name, the end included */
#define RT_CUSTOM_FULL (1u << 20) /* values of a profile */

/* A new profile; NULL and *why on failure. */
const struct rt_profile_kind *rt_custom_new(const char *name, const char **why);

/* The profiles there are, in the order in which they were made. */
size_t rt_custom_count(void);
const struct rt_profile_kind *rt_custom_at(size_t i);
/* True when the profile is one of these. */
bool rt_custom_is(const struct rt_profile_kind *kind);

/*
 * Adds a value with the stack that begins `skip` frames above the one that `caller` is in. NULL, or
 * why not.
 */
const char *rt_custom_add(
    const struct rt_profile_kind *kind, const void *value, void *caller, unsigned skip);
/* Takes it out; nothing happens when it is not there. */
void rt_custom_remove(const struct rt_profile_kind *kind, const void *value);

/* Around fork, in the thread that forks: no list is being changed. Then in parent and child. */
void rt_custom_before_fork(void);
void rt_custom_after_fork(void);

#endif
