/*
 * The part of merging that is not about samples. Caller: merge; the rules are in merge.h.
 */
#ifndef PROFILE_MERGE_HEADER_H
#define PROFILE_MERGE_HEADER_H

#include <stddef.h>

#include "base/err.h"
#include "profile/profile.h"

/* Gives the empty profile *out the joined header of n >= 1 compatible profiles. ERR_NOMEM. */
enum err_code profile_merge_header(
    struct profile *out, const struct profile *const *srcs, size_t n, struct err *e) MUST_USE;

#endif
