/*
 * debug=1 texts of the profiles that are not the heap's, in Go's forms, which pprof parses.
 * For the table in profiles.c. Each appends to *out and reorders the rows. RT_ANY
 */
#ifndef RUNTIME_COUNTTEXT_H
#define RUNTIME_COUNTTEXT_H

#include "runtime/profiles.h"

/* "--- contention:" of block, "--- mutex:" of the others: delay and count of each stack. */
void rt_counttext_contention(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out);

/* "NAME profile: total N": the count of each stack. */
void rt_counttext_count(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out);

#endif
