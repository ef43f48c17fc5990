/*
 * Multiplication of sample values. New arrays are made in the profile's arena (profile.h). Callers:
 * fetch (bases are scaled by -1, -normalize), merge (units), the proto report (-divide_by).
 */
#ifndef PROFILE_SCALE_H
#define PROFILE_SCALE_H

#include <stddef.h>

#include "base/err.h"
#include "profile/profile.h"

/* Multiplies every value. A ratio of 1 changes nothing. ERR_NOMEM. */
enum err_code profile_scale(struct profile *p, double ratio, struct err *e) MUST_USE;

/*
 * Multiplies column k by ratios[k] (n_sample_types of them) and rounds half away from zero. When
 * all ratios are 1 nothing happens; otherwise samples of which nothing but zeros is left go.
 * ERR_NOMEM.
 */
enum err_code profile_scale_n(struct profile *p, const double *ratios, struct err *e) MUST_USE;

/*
 * Scales each column of p so that its sum equals the base's (0 when p's sum is 0). ERR_FORMAT when
 * the profiles are not compatible (merge.h), ERR_NOMEM.
 */
enum err_code profile_normalize(
    struct profile *p, const struct profile *base, struct err *e) MUST_USE;

/*
 * Converts the period and every column of n profiles to the finest unit that any of them has
 * there. With one profile nothing changes. ERR_FORMAT "period type: incompatible types: …",
 * "sample types: incompatible types: …", "inconsistent samples type count: A != B"; ERR_NOMEM.
 */
enum err_code profile_scale_value_types(
    struct profile *const *ps, size_t n, struct err *e) MUST_USE;

#endif
