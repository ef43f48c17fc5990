/*
 * The blocks of any allocator, as the live table has them when every allocation is sampled
 * (PPROF_HEAP_RATE=1): for the child of a retention snapshot. Exact but for what the runtime has
 * not seen: blocks from before it was ready, and counted losses. Free memory is not known to be
 * free, it is just in no block.
 */
#ifndef RUNTIME_RETAIN_TABLE_H
#define RUNTIME_RETAIN_TABLE_H

#include "runtime/retain_blocks.h"
#include "runtime/retain_maps.h"
#include "runtime/retain_wire.h"

/*
 * Fills *b, which has no block yet, and the counters of *out. Mappings are those that were seen
 * being made by anyone but the allocator (mapranges.h): its own tables, which name blocks of all
 * sorts, and memory that it has not given out lie between them, merged by the kernel.
 */
void retain_table_blocks(struct retain_blocks *b, const struct retain_maps *m,
    const struct retain_input *in, struct retain_result *out);

#endif
