/*
 * Writes profile.proto, the same bytes for the same profile as pprof writes: fields in order of
 * their numbers, the string table in order of first use, repeated numbers packed only when there
 * are more than two. Callers: the proto report, fetch (saved profiles), the web server's download.
 */
#ifndef PROFILE_ENCODE_H
#define PROFILE_ENCODE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/* Appends the encoded profile to *out. ERR_NOMEM; *out is then as it was or has failed. */
enum err_code profile_encode(const struct profile *p, struct buf *out, struct err *e) MUST_USE;

/*
 * Both in one, in pieces: the profile is never in memory encoded as a whole, and not packed either
 * when *out has a sink.
 */
enum err_code profile_encode_gzip(const struct profile *p, struct buf *out, struct err *e) MUST_USE;

#endif
