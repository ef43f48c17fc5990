/*
 * libdeflate and libzstd behind one call. gzip's own idea of its size (the last four bytes) is used
 * as a first guess and never trusted; the output grows by doubling up to the limit.
 */
#include "profile/uncompress.h"

#include <libdeflate.h>
#include <zstd.h>

#include "core/ckd.h"
#include "profile/gzip_fault.h"

#define SIZE_MAX_OUT   ((size_t)4 << 30)
#define SIZE_FLOOR_OUT ((size_t)64 << 20)
#define RATIO_MAX      ((size_t)256)
#define FIRST_GUESS    ((size_t)64 << 10)
#define GZIP_MIN       ((size_t)10) /* a member's fixed header */

/* zstd's window is memory beside the output: small inputs get 64 MiB, others its usual 128 MiB. */
#define ZSTD_SMALL       ((size_t)1 << 20)
#define WINDOW_LOG_SMALL 26
#define WINDOW_LOG_LARGE 27

static bool is_gzip(struct str s)
{
	return str_starts(s, STR("\x1f\x8b"));
}

static bool is_zstd(struct str s)
{
	return str_starts(s, STR("\x28\xb5\x2f\xfd"));
}

bool profile_is_compressed(struct str bytes)
{
	return is_gzip(bytes) || is_zstd(bytes);
}

static size_t output_limit(size_t input)
{
	size_t limit;

	if (!ckd_mul_size(input, RATIO_MAX, &limit) || limit > SIZE_MAX_OUT)
		return SIZE_MAX_OUT;
	return limit < SIZE_FLOOR_OUT ? SIZE_FLOOR_OUT : limit;
}

/* Makes room for at least `guess` bytes, and twice of what there was, within the limit. */
static MUST_USE enum err_code grow(struct buf *out, size_t guess, size_t limit, struct err *e)
{
	size_t want = out->n > guess ? out->n : guess;

	if (out->n >= limit)
		return FAIL(e, ERR_LIMIT, "contents are larger than %zu bytes", limit);
	if (want < FIRST_GUESS)
		want = FIRST_GUESS;
	if (want > limit - out->n)
		want = limit - out->n;
	if (out->n + want < out->cap)
		want = out->cap - out->n;
	return buf_reserve(out, want) ? OK : FAIL_NOMEM(e);
}

/* The size that the last member claims, when it is possible at all. */
static size_t claimed_size(struct str gz)
{
	const unsigned char *p = (const unsigned char *)gz.p + gz.n - 4;
	size_t n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;

	return n / RATIO_MAX <= gz.n ? n : 0;
}

/* One member: tries in the room there is, and again in more room. *used: its length. */
static MUST_USE enum err_code gunzip_member(struct libdeflate_decompressor *d, struct str in,
    struct buf *out, size_t limit, size_t *used, struct err *e)
{
	size_t guess = claimed_size(in);

	for (;;) {
		enum libdeflate_result result;
		size_t room, made;

		TRY(grow(out, guess, limit, e));
		room = out->cap - out->n;
		if (room > limit - out->n)
			room = limit - out->n;
		result = libdeflate_gzip_decompress_ex(
		    d, in.p, in.n, out->p + out->n, room, used, &made);
		if (result == LIBDEFLATE_SUCCESS) {
			out->n += made;
			return OK;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
			return gzip_fault(in, e);
		if (room == limit - out->n)
			return FAIL(e, ERR_LIMIT, "contents are larger than %zu bytes", limit);
		guess = room * 2;
	}
}

static MUST_USE enum err_code gunzip(struct buf *out, struct str in, struct err *e)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t limit = output_limit(in.n), used = 0;
	enum err_code code = d ? OK : FAIL_NOMEM(e);

	limit = limit > SIZE_MAX - out->n ? SIZE_MAX : limit + out->n;
	for (; code == OK && in.n > 0; in = str_skip(in, used)) {
		if (in.n < GZIP_MIN)
			code = FAIL(e, ERR_FORMAT, "unexpected EOF");
		else if (!is_gzip(in))
			code = FAIL(e, ERR_FORMAT, "gzip: invalid header");
		else
			code = gunzip_member(d, in, out, limit, &used, e);
	}
	libdeflate_free_decompressor(d);
	return code;
}

static MUST_USE enum err_code unzstd_stream(
    ZSTD_DCtx *d, struct buf *out, struct str in, size_t limit, struct err *e)
{
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	size_t rest = 1;

	while (from.pos < from.size || rest != 0) {
		ZSTD_outBuffer to;
		size_t before = from.pos;

		if (out->n == out->cap)
			TRY(grow(out, in.n * 4, limit, e));
		to = (ZSTD_outBuffer){ out->p, out->cap, out->n };
		rest = ZSTD_decompressStream(d, &to, &from);
		if (ZSTD_isError(rest))
			return FAIL(e, ERR_FORMAT, "zstd: %s", ZSTD_getErrorName(rest));
		if (to.pos == out->n && from.pos == before && out->n < out->cap)
			return FAIL(e, ERR_FORMAT, "unexpected EOF");
		out->n = to.pos;
	}
	return OK;
}

static MUST_USE enum err_code unzstd(struct buf *out, struct str in, struct err *e)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	enum err_code code;

	if (!d)
		return FAIL_NOMEM(e);
	ZSTD_DCtx_setParameter(
	    d, ZSTD_d_windowLogMax, in.n < ZSTD_SMALL ? WINDOW_LOG_SMALL : WINDOW_LOG_LARGE);
	code = unzstd_stream(d, out, in, output_limit(in.n) + out->n, e);
	ZSTD_freeDCtx(d);
	return code;
}

enum err_code profile_uncompress(struct buf *out, struct str bytes, struct err *e)
{
	return is_zstd(bytes) ? unzstd(out, bytes, e) : gunzip(out, bytes, e);
}
