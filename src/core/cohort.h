/*
 * Cohorts of births: which blocks a heap profile with the label `born` counts together. The runtime
 * labels with them (runtime/ages.c), the tool cuts a series of profiles along them (leaks/).
 */
#ifndef CORE_COHORT_H
#define CORE_COHORT_H

#include <stdint.h>

/*
 * First second of the cohort of what was born at `born`, as seen at `now`; both in seconds since
 * the runtime's start, born <= now. A start stays a start as long as cohort_of(start, now) is
 * itself, and one that is lost never comes back: cohorts only merge.
 */
uint32_t cohort_of(uint32_t born, uint32_t now);

#endif
