/*
 * What -diff_base needs of a profile: marking samples as the base's. The marked base is scaled by
 * -1 (scale.h) and combined with the source (merge.h). Callers: fetch, report (totals).
 */
#ifndef PROFILE_DIFF_H
#define PROFILE_DIFF_H

#include <stdbool.h>

#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

#define PROFILE_BASE_LABEL STR("pprof::base")

/*
 * Sets the string label key=value on every sample, replacing all string labels with that key
 * (numeric labels of that name stay). ERR_NOMEM, ERR_LIMIT.
 */
enum err_code profile_label_all(
    struct profile *p, struct str key, struct str value, struct err *e) MUST_USE;

/* True when sample i carries pprof::base=true. */
bool sample_is_base(const struct profile *p, size_t i);

#endif
