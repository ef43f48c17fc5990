/*
 * A stable sort for the labels of one sample: a handful in nearly every profile, but a hostile one
 * may have a million. Callers: encode (by name of key), merge (by id of key).
 */
#ifndef PROFILE_LABELSORT_H
#define PROFILE_LABELSORT_H

#include <stdbool.h>
#include <stddef.h>

#include "profile/profile.h"

/* True when a belongs before b; must be false for equal ones. */
typedef bool label_before(const void *ctx, const struct label *a, const struct label *b);

/* Sorts n labels; `scratch` has room for n and holds anything afterwards. */
void label_sort(
    struct label *labels, size_t n, struct label *scratch, label_before *before, const void *ctx);

#endif
