/*
 * The blocks of glibc's malloc: for the child of a retention snapshot, which sees the heap as it
 * was at one moment, maybe in the middle of a change. Every size is checked against its neighbours;
 * where the chain is broken the walk goes on at the next place from which it holds, and counts what
 * it skipped. What is in no heap of glibc's is mapped memory.
 */
#ifndef RUNTIME_RETAIN_GLIBC_H
#define RUNTIME_RETAIN_GLIBC_H

#include <stdint.h>

#include "runtime/retain_blocks.h"
#include "runtime/retain_maps.h"
#include "runtime/retain_wire.h"

/* Fills *b, and the counters of *out. */
void retain_glibc_blocks(
    struct retain_blocks *b, const struct retain_maps *m, struct retain_result *out);

/*
 * Where the main arena's own list heads are, which are no roots of the program; empty when they are
 * not found. Blocks in its quick lists are marked free.
 */
struct retain_range retain_glibc_main_arena(
    struct retain_blocks *b, const struct retain_input *in, struct retain_result *out);

#endif
