/*
 * The filters among the options (focus … prune_from), applied to a derived profile in the order
 * that decides their meaning. Called by the pipeline only.
 */
#ifndef DRIVER_FILTERS_H
#define DRIVER_FILTERS_H

#include "base/buf.h"
#include "base/err.h"
#include "driver/config.h"
#include "profile/numunits.h"
#include "profile/profile.h"

/*
 * Applies all filters of *c that are set. A filter that matched nothing adds the line "Focus
 * expression matched no samples" to warnings. ERR_USAGE "parsing focus regexp: …"; ERR_NOMEM.
 * After a failure the profile is only good for release.
 */
enum err_code filters_apply(struct profile *p, const struct config *c,
    const struct num_units *units, struct buf *warnings, struct err *e) MUST_USE;

/* Adds that line unless the filter was not given or matched. */
void filters_warn(bool given, bool matched, const char *name, struct buf *warnings);

#endif
