#include "profile/decode.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/processors.h"
#include "profile/foreign/foreign.h"
#include "profile/foreign/perf_format.h"
#include "profile/legacy/legacy.h"
#include "profile/proto_decode.h"
#include "profile/proto_stream.h"
#include "profile/check.h"
#include "profile/inflate.h"
#include "profile/uncompress.h"

#define STREAM_FROM ((size_t)1 << 20) /* smaller files are simply read */
#define AHEAD_FROM  ((size_t)4 << 20) /* inflating these takes longer than a thread is worth */

/* Every reader but profile.proto's: the first that knows the bytes decides. */
static MUST_USE enum err_code read_other(struct profile *out, struct str raw, struct err *e)
{
	enum err_code code;
	bool mine;

	TRY(folded_read(out, raw, &mine, e));
	if (mine)
		return OK;
	code = legacy_decode(out, raw, e);
	if (code == ERR_FORMAT)
		folded_explain(raw, e);
	return code;
}

static MUST_USE enum err_code checked(enum err_code code, struct profile *out, struct err *e)
{
	if (code != OK) {
		err_prefix(e, "parsing profile");
		return code;
	}
	code = profile_check(out, e);
	if (code != OK) {
		err_prefix(e, "malformed profile");
		profile_release(out);
	}
	return code;
}

static MUST_USE enum err_code decode_raw(struct profile *out, struct str raw, struct err *e)
{
	enum proto_kind kind;
	enum err_code code;
	bool mine;

	if (raw.n == 0)
		return FAIL(e, ERR_FORMAT, "parsing profile: empty input file");
	code = perf_read(out, raw, &mine, e);
	if (mine || code != OK)
		return checked(code, out, e);
	code = profile_proto_decode(out, raw, &kind, e);
	if (code == ERR_FORMAT && kind == PROTO_OTHER)
		return checked(read_other(out, raw, e), out, e);
	if (code != OK)
		err_prefix(e, kind == PROTO_PROFILE ? "malformed profile" : "parsing profile");
	return code;
}

static MUST_USE enum err_code decode_inflated(
    struct profile *out, enum err_code code, struct buf *raw, struct err *e)
{
	if (code != OK)
		err_prefix(e, "decompressing profile");
	else
		code = decode_raw(out, buf_str(raw), e);
	buf_release(raw);
	return code;
}

/* `taken`, when given, owns `bytes` and is released as soon as they are no longer needed. */
static MUST_USE enum err_code decode(
    struct profile *out, struct str bytes, struct buf *taken, struct err *e)
{
	struct buf raw = { 0 };
	enum err_code code;

	*out = (struct profile){ 0 };
	if (!profile_is_compressed(bytes))
		return decode_raw(out, bytes, e);
	code = profile_uncompress(&raw, bytes, e);
	if (taken)
		buf_release(taken);
	return decode_inflated(out, code, &raw, e);
}

enum err_code profile_decode(struct profile *out, struct str bytes, struct err *e)
{
	return decode(out, bytes, NULL, e);
}

enum err_code profile_decode_take(struct profile *out, struct buf *in, struct err *e)
{
	enum err_code code = decode(out, buf_str(in), in, e);

	buf_release(in);
	return code;
}

/* A profile.proto on its way out of a large gzip file. */
struct stream {
	struct inflate_sink sink; /* first */
	struct proto_stream proto;
	bool begun;
};

/* Whatever else is wrong will be told when it is read in the common way. */
static enum err_code memory_or_format(enum err_code code)
{
	return code == OK || code == ERR_NOMEM ? code : ERR_FORMAT;
}

static enum err_code take_piece(struct inflate_sink *sink, struct buf *piece, struct err *e)
{
	struct stream *s = (struct stream *)sink;

	if (!s->begun && perf_is_file(buf_str(piece)))
		return ERR_FORMAT;
	s->begun |= piece->n > 0;
	return memory_or_format(proto_stream_take(&s->proto, piece, e));
}

static bool is_worth_a_thread(int fd)
{
	return fs_size(fd) >= AHEAD_FROM && processors() > 1;
}

static MUST_USE enum err_code stream(struct profile *out, int fd, struct err *e)
{
	struct stream s = { .sink.take = take_piece };
	size_t claimed = inflate_claimed_size(fd, fs_size(fd));
	enum err_code code = proto_stream_begin(&s.proto, claimed, e);

	if (code == OK)
		code = is_worth_a_thread(fd) ? inflate_gzip_fd_ahead(fd, &s.sink, e)
					     : inflate_gzip_fd(fd, &s.sink, e);
	if (code == OK)
		code = memory_or_format(proto_stream_end(out, &s.proto, e));
	proto_stream_release(&s.proto);
	return code;
}

/*
 * A large gzip file is read while it is inflated. *done is false for all that has to be read in the
 * common way: other formats, and what is broken and has to be told how.
 */
static MUST_USE enum err_code try_stream(struct profile *out, int fd, bool *done, struct err *e)
{
	char magic[4] = { 0 };
	enum err_code code;

	*done = fs_size(fd) >= STREAM_FROM && pread(fd, magic, sizeof magic, 0) == sizeof magic &&
		str_starts((struct str){ magic, sizeof magic }, STR("\x1f\x8b"));
	if (!*done)
		return OK;
	code = stream(out, fd, e);
	*done = code != ERR_FORMAT;
	if (code != OK && *done)
		err_prefix(e, "decompressing profile");
	return *done ? code : OK;
}

static MUST_USE enum err_code decode_fd(
    struct profile *out, int fd, struct str path, size_t limit, struct err *e)
{
	struct buf bytes = { 0 };
	enum err_code code;
	bool done;

	TRY(try_stream(out, fd, &done, e));
	if (done)
		return OK;
	lseek(fd, 0, SEEK_SET); /* fails on pipes, of which nothing was read */
	code = fs_read_fd(fd, path, limit, &bytes, e);
	if (code == OK)
		code = profile_decode_take(out, &bytes, e);
	buf_release(&bytes);
	return code;
}

enum err_code profile_decode_file(struct profile *out, struct str path, size_t limit, struct err *e)
{
	enum err_code code;
	int fd;

	*out = (struct profile){ 0 };
	TRY(fs_open(&fd, path, e));
	code = decode_fd(out, fd, path, limit, e);
	close(fd);
	return code;
}
