/*
 * Garbage collection of a profile whose samples or locations became fewer. Callers: fetch before
 * saving, the proto report.
 */
#ifndef PROFILE_COMPACT_H
#define PROFILE_COMPACT_H

#include "base/err.h"
#include "profile/profile.h"

/*
 * Replaces *p by its merge with nothing (merge.h): equal samples are added, samples of zeroes and
 * everything that no sample uses are dropped, ids are renumbered in order of use. On failure
 * (ERR_NOMEM, ERR_LIMIT) *p is unchanged.
 */
enum err_code profile_compact(struct profile *p, struct err *e) MUST_USE;

#endif
