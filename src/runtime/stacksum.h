/*
 * Sums by stack: how often and how long. For the contention profiles: rows are only added, sums
 * only grow. Lock-free, in memory of its own that is mapped when a profile is first asked for.
 */
#ifndef RUNTIME_STACKSUM_H
#define RUNTIME_STACKSUM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/snapshot.h"

/* Rows there can be; a quarter of the slots stays free. */
#define RT_STACKSUM_MAX 12288u

__extension__ typedef unsigned __int128 rt_stacksum_pair;

struct rt_stacksum_row {
	_Atomic uint64_t key; /* labels << 32 | stack; 0: free */
	rt_stacksum_pair sum; /* count in 1 / 2^RT_OBJECTS_SHIFT, amount: changed as one word */
};

struct rt_stacksum {
	_Atomic(struct rt_stacksum_row *) rows; /* NULL until mapped */
	_Atomic uint32_t used;
};

/* Maps the rows, once. False when there is no memory. RT_ANY, one caller at a time */
bool rt_stacksum_map(struct rt_stacksum *t);

/*
 * Adds to the row of this stack and the calling thread's labels; a counted loss under the row of
 * RT_PC_RECORDS_FULL when there is no room, nothing when the table is not mapped. RT_NOALLOC
 */
void rt_stacksum_add(struct rt_stacksum *t, rt_stack_id stack, uint64_t count, uint64_t amount);

/* Rows that there are. RT_SIGSAFE */
size_t rt_stacksum_count(const struct rt_stacksum *t);

/* Appends all rows to a snapshot: count, amount. The two values of a row are as of one moment.
 * RT_ANY */
void rt_stacksum_snapshot(const struct rt_stacksum *t, struct rt_snapshot *s);

#endif
