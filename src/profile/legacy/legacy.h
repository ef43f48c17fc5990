/*
 * Reading of the profile formats from before profile.proto: gperftools' binary CPU profiles, heap,
 * growth and fragmentation, Go's debug=1 counts, threadz, contentionz, their Java cousins, and
 * jemalloc's heap dumps.
 * Called by fetch when profile_decode did not recognise the bytes.
 */
#ifndef PROFILE_LEGACY_LEGACY_H
#define PROFILE_LEGACY_LEGACY_H

#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/*
 * Fills *out (any content is overwritten; released by the caller with profile_release), nothing of
 * `bytes` is kept. The formats are tried in a fixed order and the first that does not say "not
 * mine" decides. drop_frames and keep_frames are set by the type of profile. Errors: ERR_FORMAT
 * with exactly "unrecognized profile format" when no format fits, or with the format's own text;
 * ERR_LIMIT; ERR_NOMEM. On failure *out is empty.
 */
enum err_code legacy_decode(struct profile *out, struct str bytes, struct err *e) MUST_USE;

#endif
