/*
 * When the sampled blocks of a state file that are alive were allocated, by record and cohort
 * (core/cohort.h), as the label `born` of the runtime's heap profiles has it. Called by
 * state_read.c.
 */
#ifndef FETCH_STATE_BIRTHS_H
#define FETCH_STATE_BIRTHS_H

#include <stdint.h>

#include "base/vec.h"
#include "core/statefmt.h"

/* Blocks of one record and cohort. */
struct state_birth {
	uint32_t record, born;
	struct statefmt_amounts sum;
};

struct state_births {
	VEC(struct state_birth) list; /* by record, then cohort */
};

/*
 * Reads all of them as of second `now` of the process. To be done before the records are read: a
 * record counts a block before it is in the table, so none then has less than was found alive. A
 * failed list means that memory is short. Zero before; release after.
 */
void state_births_read(struct state_births *b, const struct statefmt *f, uint32_t now);
void state_births_release(struct state_births *b);

#endif
