/*
 * The profile.proto reader for bytes that come in pieces. Caller: decode, for large packed files.
 */
#ifndef PROFILE_PROTO_STREAM_H
#define PROFILE_PROTO_STREAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "profile/profile.h"

struct proto_samples;
struct proto_parts;

/* A zero struct may be released. */
struct proto_stream {
	struct arena arena;
	struct proto_samples *samples;
	struct proto_parts *parts; /* all fields that are no samples */
};

/*
 * `expected`: about how many bytes will come; 0 unknown. ERR_NOMEM. Released with
 * proto_stream_release in either case.
 */
enum err_code proto_stream_begin(struct proto_stream *s, size_t expected, struct err *e) MUST_USE;

/*
 * Reads whole fields from the beginning of *in and moves what is left of it, the beginning of a
 * field, to the front. ERR_FORMAT, without words for users: it is not a profile.proto or a broken
 * one. ERR_LIMIT "profile is too large", ERR_NOMEM.
 */
enum err_code proto_stream_take(struct proto_stream *s, struct buf *in, struct err *e) MUST_USE;

/*
 * After the last piece, of which nothing was left: fills the empty profile *out. The same profile
 * as by profile_proto_decode() of all bytes; errors as above, *out is then empty.
 */
enum err_code proto_stream_end(struct profile *out, struct proto_stream *s, struct err *e) MUST_USE;

void proto_stream_release(struct proto_stream *s);

#endif
