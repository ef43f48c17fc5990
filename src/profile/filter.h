/*
 * Dropping samples, frames and labels by regular expression, as the options focus, ignore, hide,
 * show, show_from, tagfocus, tagignore, tagshow and taghide ask for it. Called by the driver's
 * pipeline on a derived profile. A frame matches when its function's name or its file matches, or
 * when the file of its location's mapping does (then the whole location matches).
 *
 * Every function here replaces arrays and writes none (see profile.h); each returns ERR_NOMEM or
 * OK. After ERR_NOMEM the profile is only good for release. A NULL expression switches its part
 * off; its `matched` is then what Go's filter reports and of no interest to the caller.
 */
#ifndef PROFILE_FILTER_H
#define PROFILE_FILTER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/regex.h"
#include "profile/profile.h"
#include "profile/tagfilter.h"

/* Whether an expression matched at least one location; false is worth a warning. */
struct filter_matched {
	bool focus;
	bool ignore;
	bool hide;
	bool show;
};

/*
 * focus keeps samples with at least one matching location, ignore drops samples with any (and wins
 * over focus within a location). hide removes the matching lines of a location, then show keeps
 * only matching ones; locations left without lines leave the stacks, samples left without a stack
 * are dropped.
 */
enum err_code profile_filter_by_name(struct profile *p, const struct regex *focus,
    const struct regex *ignore, const struct regex *hide, const struct regex *show,
    struct filter_matched *m, struct err *e) MUST_USE;

/*
 * Cuts every stack above (toward the root of) its match nearest to the root, within a location
 * above the last matching line; samples without a match are dropped.
 */
enum err_code profile_show_from(
    struct profile *p, const struct regex *re, bool *matched, struct err *e) MUST_USE;

/* Keeps the samples that match focus and do not match ignore. */
enum err_code profile_filter_by_tag(struct profile *p, const struct tag_filter *focus,
    const struct tag_filter *ignore, bool *focus_matched, bool *ignore_matched,
    struct err *e) MUST_USE;

/* Removes labels (text and numbers) whose key does not match show, or matches hide. */
enum err_code profile_filter_tag_names(struct profile *p, const struct regex *show,
    const struct regex *hide, bool *show_matched, bool *hide_matched, struct err *e) MUST_USE;

#endif
