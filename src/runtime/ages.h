/*
 * How old blocks in use are: the heap profile with each record's live samples split by age, or by
 * when they were born, as numeric labels. Off unless asked for, as a plain profile is to have the
 * samples that everybody's tools expect.
 *
 * age:  seconds since the allocation, rounded down to 0, 1, 10, 60, 600, 3600, 21600, 86400,
 * 604800. born: seconds since the runtime's start, rounded down to the start of a cohort
 * (core/cohort.h). At most 64; the older, the wider. Cohorts only ever merge with their neighbours,
 * so two profiles compare.
 */
#ifndef RUNTIME_AGES_H
#define RUNTIME_AGES_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/snapshot.h"

/* Lower bound of the class that an age in seconds is in. */
uint32_t rt_ages_bound(uint32_t age);

/*
 * A snapshot with labels (RT_LABEL_AGE | RT_LABEL_BORN). In-use values are those of the live
 * samples; what has been freed is in rows without labels, with in-use values of 0. The values of a
 * record's rows add up to those of its one row in a plain snapshot. False when memory is short
 * (nothing to release). RT_ANY
 */
bool rt_ages_snapshot(struct rt_snapshot *s, unsigned labels);

#endif
