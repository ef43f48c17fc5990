/*
 * Pseudo frames from labels: the options tagroot and tagleaf. For every sample and key a frame
 * whose function is called like the label's values (joined by ","), in a "file" called like the
 * key, without mapping and address. A sample without the label gets a frame with an empty name.
 */
#ifndef PROFILE_TAGROOT_H
#define PROFILE_TAGROOT_H

#include <stdbool.h>

#include "base/err.h"
#include "profile/profile.h"

/*
 * root_keys and leaf_keys are comma-separated label keys, empty ones ignored. The first root key
 * becomes the outermost frame, the last leaf key the new leaf. Numeric values are printed in
 * output_unit when they have a unit. *root_matched and *leaf_matched: some sample has one of the
 * keys. Arrays are replaced, never written. ERR_NOMEM, or ERR_LIMIT when the new stacks do not fit
 * 32-bit offsets.
 */
enum err_code profile_add_tag_frames(struct profile *p, struct str root_keys, struct str leaf_keys,
    struct str output_unit, bool *root_matched, bool *leaf_matched, struct err *e) MUST_USE;

#endif
