/*
 * Names for holders: a profile of what is retained has frames that stand for roots (a word of a
 * global) and for steps from block to block (an offset). With the debug information of the binary
 * they become variables and fields. docs/retention.md has the form of the frames.
 */
#ifndef SYMBOLIZE_SYM_RETAINED_H
#define SYMBOLIZE_SYM_RETAINED_H

#include "base/err.h"
#include "base/ui.h"
#include "object/object.h"
#include "profile/profile.h"

/* Renames p's holders; nothing when it has none. Binaries that are not there are said through ui.
 */
enum err_code sym_retained_name(struct profile *p, const struct ui *ui, struct err *e) MUST_USE;

/* Gives the binary of this name and build id ("" unknown), which is closed when names are known. */
typedef enum err_code sym_retained_open(
    void *ctx, struct object **out, struct str file, struct str build_id, struct err *e);

/* The same with binaries from elsewhere. */
enum err_code sym_retained_name_from(struct profile *p, sym_retained_open *open, void *ctx,
    const struct ui *ui, struct err *e) MUST_USE;

#endif
