/* What the child of a retention snapshot has left, as a profile; see retain.h. */
#ifndef RUNTIME_RETAIN_PROFILE_H
#define RUNTIME_RETAIN_PROFILE_H

#include <stdbool.h>

#include "runtime/retain_wire.h"
#include "runtime/snapshot.h"

/*
 * Fills *s; false when memory is short (nothing to release). A row's stack is, innermost first, the
 * allocation's stack, the steps from the block to the root, and the root. RT_ANY
 */
bool retain_profile(
    const struct retain_input *in, const struct retain_result *out, struct rt_snapshot *s);

#endif
