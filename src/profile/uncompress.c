/* Which compression it is, and libzstd's; gzip is inflate.c's. */
#include "profile/uncompress.h"

#include <zstd.h>

#include "profile/inflate.h"

#define FIRST_GUESS ((size_t)64 << 10)

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

/* Makes room: for at least `guess` bytes, and twice of what there was. */
static MUST_USE enum err_code grow(struct buf *out, size_t guess, struct err *e)
{
	size_t want = out->n > guess ? out->n : guess;

	return buf_reserve(out, want < FIRST_GUESS ? FIRST_GUESS : want) ? OK : FAIL_NOMEM(e);
}

/* open_end: the last frame need not end, what was flushed of it counts. */
static MUST_USE enum err_code unzstd_stream(
    ZSTD_DCtx *d, struct buf *out, struct str in, bool open_end, struct err *e)
{
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	struct expansion expansion = { 0 };
	size_t begin = out->n, rest = 1;

	while (from.pos < from.size || rest != 0) {
		ZSTD_outBuffer to;
		size_t before = from.pos;

		if (out->n == out->cap)
			TRY(grow(out, in.n * 4, e));
		to = (ZSTD_outBuffer){ out->p, out->cap, out->n };
		if (to.size - to.pos > INFLATE_STEP)
			to.size = to.pos + INFLATE_STEP;
		rest = ZSTD_decompressStream(d, &to, &from);
		if (ZSTD_isError(rest))
			return FAIL(e, ERR_FORMAT, "zstd: %s", ZSTD_getErrorName(rest));
		if (to.pos == out->n && from.pos == before && to.pos < to.size)
			return open_end && from.pos == from.size
				   ? OK
				   : FAIL(e, ERR_FORMAT, "unexpected EOF");
		out->n = to.pos;
		TRY(expansion_check(&expansion, from.pos, out->n - begin, e));
	}
	return OK;
}

static MUST_USE enum err_code unzstd(struct buf *out, struct str in, bool open_end, struct err *e)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	enum err_code code;

	if (!d)
		return FAIL_NOMEM(e);
	ZSTD_DCtx_setParameter(
	    d, ZSTD_d_windowLogMax, in.n < ZSTD_SMALL ? WINDOW_LOG_SMALL : WINDOW_LOG_LARGE);
	code = unzstd_stream(d, out, in, open_end, e);
	ZSTD_freeDCtx(d);
	return code;
}

enum err_code profile_uncompress(struct buf *out, struct str bytes, struct err *e)
{
	return is_zstd(bytes) ? unzstd(out, bytes, false, e) : inflate_gzip(out, bytes, e);
}

enum err_code profile_unzstd_flushed(struct buf *out, struct str bytes, struct err *e)
{
	return unzstd(out, bytes, true, e);
}
