/*
 * Cutting stacks at uninteresting functions: the option prune_from, and the drop_frames and
 * keep_frames expressions that a profile carries. Functions are matched by their simplified name:
 * without a leading '.' and without the argument list. Arrays are replaced, never written.
 * Errors: ERR_NOMEM only; then the profile is only good for release.
 */
#ifndef PROFILE_PRUNE_H
#define PROFILE_PRUNE_H

#include "base/err.h"
#include "base/regex.h"
#include "profile/profile.h"

/*
 * Removes, per stack, the match nearest to the root that has a frame without a match above it, and
 * everything below (toward the leaf). A function that matches keep (may be NULL) does not match.
 */
enum err_code profile_prune(
    struct profile *p, const struct regex *drop, const struct regex *keep, struct err *e) MUST_USE;

/* Removes everything below the match nearest to the leaf; the match itself stays. */
enum err_code profile_prune_from(struct profile *p, const struct regex *re, struct err *e) MUST_USE;

/*
 * profile_prune with the profile's own drop_frames and keep_frames, each anchored at both ends.
 * An expression that does not compile switches the pruning off without an error, as in Go.
 */
enum err_code profile_remove_uninteresting(struct profile *p, struct err *e) MUST_USE;

/* The name that is matched: "ns::f(int)" gives "ns::f"; borrowed from name. */
struct str prune_simple_name(struct str name);

#endif
