/*
 * Says what is wrong with a gzip member that could not be inflated, in Go's words: libdeflate only
 * tells that something is. Walks the bits once more without producing output, so it is slow and
 * only used to explain. Caller: uncompress. Format: RFC 1951 and RFC 1952.
 */
#ifndef PROFILE_GZIP_FAULT_H
#define PROFILE_GZIP_FAULT_H

#include "base/err.h"
#include "core/str.h"

/*
 * Always fails, with ERR_FORMAT: "unexpected EOF", "gzip: invalid header", "flate: corrupt input
 * before offset N" (N counts from behind the header), or "gzip: invalid checksum" when the data
 * could be walked to its end.
 */
enum err_code gzip_fault(struct str member, struct err *e) MUST_USE;

#endif
