/*
 * Several profiles into one: samples with equal stacks and labels are added, locations, functions
 * and mappings are matched by what they say (addresses relative to their mapping, so that runs
 * under address randomization match) and numbered in the order in which samples use them. What no
 * sample uses is dropped. Callers: fetch (sources and bases), compact, the collector.
 */
#ifndef PROFILE_MERGE_H
#define PROFILE_MERGE_H

#include <stddef.h>

#include "base/err.h"
#include "profile/profile.h"

/*
 * Makes *out the merge of n >= 1 profiles with equal sample and period types. Samples whose values
 * are all 0 are left out, also those that become 0 by adding. Time is the earliest that is known,
 * duration the sum, period the largest, comments the union in order, default sample type and doc
 * URL the first that is set, drop and keep frames those of the first profile. *out is independent
 * of the sources and released by the caller; on failure it is empty. ERR_FORMAT "incompatible
 * period types … and …", "incompatible sample types … and …", ERR_USAGE "no profiles to merge",
 * ERR_LIMIT (more than 2^32 frames), ERR_NOMEM.
 */
enum err_code profile_merge(
    struct profile *out, const struct profile *const *srcs, size_t n, struct err *e) MUST_USE;

/*
 * Sources as they come from users into one profile: keeps the sample types that all have
 * (profile_common_types), brings units together (profile_scale_value_types), merges. One profile
 * is passed through as it is. The sources are used up: each is released as soon as it has been
 * merged, and all are empty afterwards, also on failure. Errors: those of the steps.
 */
enum err_code profile_combine(
    struct profile *out, struct profile *const *srcs, size_t n, struct err *e) MUST_USE;

/*
 * Reduces every profile to the sample types (by name) that all have, in the order of the first;
 * a default sample type that is lost becomes the first common one.
 * ERR_FORMAT "profiles have empty common sample type list".
 */
enum err_code profile_common_types(struct profile *const *ps, size_t n, struct err *e) MUST_USE;

/* OK when p and q may be merged or compared: equal period type and sample types, in order. */
enum err_code profile_compatible(
    const struct profile *p, const struct profile *q, struct err *e) MUST_USE;

#endif
