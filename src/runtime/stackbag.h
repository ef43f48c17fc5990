/*
 * A bag of stacks: each distinct pair of a stack and a set of labels once, with a count. For
 * profiles of one run (CPU, threads), whose stacks end at any instruction: in the table of all
 * stacks, which is for ever, they would leave no room for others. Adding is lock-free and allowed
 * in signal handlers; memory is mapped before and given back after.
 */
#ifndef RUNTIME_STACKBAG_H
#define RUNTIME_STACKBAG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_labels.h"
#include "runtime/snapshot.h"

/* Stacks there can be. */
#define RT_STACKBAG_MAX 49152u

/* A zeroed struct is not mapped. */
struct rt_stackbag {
	struct rt_stackbag_memory *memory; /* NULL: not mapped */
	_Atomic uint64_t lost;             /* counts that had no room */
};

/* False when there is no memory. RT_ANY */
bool rt_stackbag_map(struct rt_stackbag *bag);
/* Nobody adds any more. RT_ANY */
void rt_stackbag_unmap(struct rt_stackbag *bag);

/*
 * Adds `count` to the stack of `depth` (1 to RT_STACK_DEPTH + 1) addresses, innermost first.
 * Returns the number of its entry; 0 when there is no room, then it is in `lost`. RT_SIGSAFE
 */
uint32_t rt_stackbag_add(struct rt_stackbag *bag, const uintptr_t *pcs, size_t depth,
    rt_label_set labels, uint64_t count);
/* Adds to an entry by number. RT_SIGSAFE */
void rt_stackbag_more(struct rt_stackbag *bag, uint32_t entry, uint64_t count);

/*
 * Appends a row for each stack with a count to the snapshot: values[0] is the count, values[1] the
 * count times `unit`. What had no room is a row of its own. RT_ANY
 */
void rt_stackbag_snapshot(struct rt_stackbag *bag, int64_t unit, struct rt_snapshot *s);

#endif
