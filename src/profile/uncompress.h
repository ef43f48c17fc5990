/*
 * Takes gzip or zstd off a profile, with limits that a compression bomb meets early: see
 * expansion_check() in inflate.h. Callers: decode, perf.data.
 */
#ifndef PROFILE_UNCOMPRESS_H
#define PROFILE_UNCOMPRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* True when the bytes begin as gzip or zstd does. */
bool profile_is_compressed(struct str bytes);

/*
 * Appends the contents of compressed `bytes` to *out; all gzip members and zstd frames are read as
 * one. Errors carry Go's words without context: ERR_FORMAT "unexpected EOF", "gzip: invalid
 * header", "gzip: invalid checksum", "flate: corrupt input before offset N", "zstd: …"; ERR_LIMIT;
 * ERR_NOMEM. On failure *out holds no promise and is released by its owner.
 */
enum err_code profile_uncompress(struct buf *out, struct str bytes, struct err *e) MUST_USE;

/* The same of a zstd stream whose last frame was flushed but not ended. */
enum err_code profile_unzstd_flushed(struct buf *out, struct str bytes, struct err *e) MUST_USE;

#endif
