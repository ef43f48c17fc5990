/*
 * The rules a profile must obey before anything works on it. Callers: decode (every input),
 * aggregate, the pipeline before it saves or reports, and the tests after every transformation.
 */
#ifndef PROFILE_CHECK_H
#define PROFILE_CHECK_H

#include "base/err.h"
#include "profile/profile.h"

/*
 * OK, or ERR_FORMAT with pprof's words, the first that applies in this order:
 *   "missing sample type information"
 *   "sample has nil location"
 *   "found mapping with reserved ID=0", "multiple mappings with same id: N"
 *   "found function with reserved ID=0", "multiple functions with same id: N"
 *   "found location with reserved id=0", "multiple locations with same id: N"
 *   "inconsistent mapping N" (an index outside the table)
 *   "location id: N has a line with nil function"
 * ERR_NOMEM when its tables do not fit.
 */
enum err_code profile_check(const struct profile *p, struct err *e) MUST_USE;

/* profile_check() without the walk over the samples. */
enum err_code profile_check_tables(const struct profile *p, struct err *e) MUST_USE;

#endif
