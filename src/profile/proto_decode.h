/*
 * The profile.proto reader. Caller: decode (which words the failures) and the tests.
 */
#ifndef PROFILE_PROTO_DECODE_H
#define PROFILE_PROTO_DECODE_H

#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/* What the bytes turned out to be. */
enum proto_kind {
	PROTO_PROFILE,      /* a profile.proto; when the call failed, one that is not valid */
	PROTO_CONCATENATED, /* two profiles in a row */
	PROTO_OTHER,        /* not a profile.proto: another reader may try */
};

/*
 * Fills the empty profile *out from raw (uncompressed) bytes. *kind is set in every case. Failures:
 * ERR_FORMAT with the reader's reason ("bad varint", "string_table[0] must be ''" …) or, when
 * *kind is PROTO_PROFILE, with the text of check.h; ERR_LIMIT for tables that do not fit 32-bit
 * indices; ERR_NOMEM. On failure *out is empty.
 */
enum err_code profile_proto_decode(
    struct profile *out, struct str bytes, enum proto_kind *kind, struct err *e) MUST_USE;

#endif
