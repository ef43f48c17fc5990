/*
 * Counts things by stack while a snapshot is made: the profiles that are lists of things (custom,
 * fd) keep a stack for each, not sums.
 */
#ifndef RUNTIME_TALLY_H
#define RUNTIME_TALLY_H

#include "runtime/snapshot.h"

struct rt_tally {
	struct rt_bytes slots; /* struct { stack, count }; stack 0: free */
	size_t mask, n;
};

/* For at most `max` things. False when memory is short (nothing to release). RT_ANY */
bool rt_tally_init(struct rt_tally *t, size_t max);
void rt_tally_add(struct rt_tally *t, rt_stack_id stack);
/* Appends a row for each stack to *s, in the order of their records, and releases the tally. */
void rt_tally_finish(struct rt_tally *t, struct rt_snapshot *s);

#endif
