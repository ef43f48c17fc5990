/*
 * Copying the tables of another process's file, for a forked child. See rt_state_leave() in
 * state.h.
 */
#ifndef RUNTIME_STATE_FORK_H
#define RUNTIME_STATE_FORK_H

#include <stdbool.h>

#include "runtime/state.h"

/*
 * Copies everything in `from`, which others may be changing, to the fresh tables `to`, and sets
 * the filter and the spare cells up for them. False when memory is short. RT_NOALLOC
 */
bool rt_state_copy(struct rt_state *to, const struct rt_state *from);

/* Makes *fresh the process's tables and gives the former ones back. RT_NOALLOC */
void rt_state_replace(struct rt_state *fresh);

#endif
