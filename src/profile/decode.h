/*
 * From the bytes of a file or a reply to a checked profile: takes off the compression, reads
 * profile.proto, and failing that asks the legacy readers. Callers: fetch, the tests, the fuzzer.
 * Input is untrusted: what is inflated and what is allocated meet the limits below first.
 */
#ifndef PROFILE_DECODE_H
#define PROFILE_DECODE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/*
 * Reads any supported input: gzip (several members too), zstd or nothing around profile.proto or a
 * legacy format. The result is independent of `bytes`, has passed profile_check() and is released
 * by the caller. On failure *out is empty and e holds pprof's text:
 *   "decompressing profile: unexpected EOF"             ERR_FORMAT, compressed input is cut off
 *   "decompressing profile: gzip: invalid header" …     ERR_FORMAT
 *   "parsing profile: empty input file"                 ERR_FORMAT
 *   "parsing profile: concatenated profiles detected"   ERR_FORMAT
 *   "parsing profile: unrecognized profile format"      ERR_FORMAT, or a legacy reader's own words
 *   "malformed profile: …"                              ERR_FORMAT, see check.h
 * ERR_LIMIT when the input is larger than uncompress.h allows, ERR_NOMEM.
 */
enum err_code profile_decode(struct profile *out, struct str bytes, struct err *e) MUST_USE;

/*
 * profile_decode() for large files: takes the bytes from *in and frees them as soon as they have
 * been inflated, which lowers the peak. *in is empty afterwards, also on failure.
 */
enum err_code profile_decode_take(struct profile *out, struct buf *in, struct err *e) MUST_USE;

/*
 * The same from a file of at most `limit` bytes, packed; "open X: …", ERR_IO, when it cannot be
 * read. The packed bytes of a large gzip file are never in memory as a whole.
 */
enum err_code profile_decode_file(
    struct profile *out, struct str path, size_t limit, struct err *e) MUST_USE;

#endif
