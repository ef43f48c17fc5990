/*
 * Profiles of other tools: folded stacks ("main;work;hash 12", as flame graph scripts read and
 * `pprof -folded` writes) and Linux perf's perf.data. Called by decode.c for what is neither
 * profile.proto nor one of the legacy formats.
 */
#ifndef PROFILE_FOREIGN_FOREIGN_H
#define PROFILE_FOREIGN_FOREIGN_H

#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/*
 * Fills *out (overwritten; released by the caller), nothing of `bytes` is kept. *mine says whether
 * the bytes are of this format at all: when not, OK is returned and *out is empty. Errors:
 * ERR_FORMAT with the place, ERR_LIMIT, ERR_UNSUPPORTED, ERR_NOMEM; *out is then empty.
 */
typedef enum err_code foreign_reader(
    struct profile *out, struct str bytes, bool *mine, struct err *e) MUST_USE;

foreign_reader folded_read;
foreign_reader perf_read;

/*
 * After no reader knew the bytes: when they begin as folded stacks do, *e names the first line that
 * is none; else it stays as it is.
 */
void folded_explain(struct str bytes, struct err *e);

#endif
