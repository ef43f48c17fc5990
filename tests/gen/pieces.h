/*
 * A profile.proto as proto_stream.h is given it: in pieces. For the tests and the fuzz target,
 * which compare with what is read in one.
 */
#ifndef TESTS_GEN_PIECES_H
#define TESTS_GEN_PIECES_H

#include "profile/proto_stream.h"

/*
 * Reads `bytes` in pieces of n bytes, n > 0. *p belongs to the caller when it succeeds; else it is
 * empty, and the code is ERR_FORMAT also where the bytes end inside a field.
 */
static inline enum err_code pieces_decode(
    struct profile *p, struct str bytes, size_t n, struct err *e)
{
	struct proto_stream s;
	struct buf piece = { 0 };
	enum err_code code = proto_stream_begin(&s, bytes.n, e);

	*p = (struct profile){ 0 };
	while (code == OK && bytes.n) {
		size_t k = n < bytes.n ? n : bytes.n;

		buf_add_str(&piece, str_head(bytes, k));
		bytes = str_skip(bytes, k);
		code = buf_failed(&piece) ? FAIL_NOMEM(e) : proto_stream_take(&s, &piece, e);
	}
	if (code == OK)
		code = piece.n ? ERR_FORMAT : proto_stream_end(p, &s, e);
	proto_stream_release(&s);
	buf_release(&piece);
	return code;
}

#endif
