/*
 * From sampled blocks up to who holds them, as a tree of holders that is small: blocks that are
 * held in the same way share a node, lists are one step. For the child of a retention snapshot.
 */
#ifndef RUNTIME_RETAIN_CHAINS_H
#define RUNTIME_RETAIN_CHAINS_H

#include "runtime/retain_mark.h"
#include "runtime/retain_wire.h"

/* Fills nodes and samples of *out from all sampled live blocks. False when memory is short. */
bool retain_chains_make(
    const struct retain_mark *k, const struct retain_input *in, struct retain_result *out);

#endif
