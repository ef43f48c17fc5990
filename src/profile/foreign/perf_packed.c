/*
 * Records that perf record -z compressed: pieces of one zstd stream, each in a record of its own. A
 * record may begin in one piece and end in the next, with others between them, so what they hold
 * comes behind all that was not compressed; the reader sorts by time anyway. Called by perf_open.
 */
#include "profile/foreign/perf_format.h"
#include "profile/uncompress.h"

static bool is_packed(const struct perf_record *r)
{
	return r->type == PERF_COMPRESSED || r->type == PERF_COMPRESSED2;
}

/* The piece of the stream in a record. */
static struct str piece_of(const struct perf_record *r, bool swapped)
{
	struct perf_cursor c = { .s = r->body, .swapped = swapped };
	uint64_t n;

	if (r->type == PERF_COMPRESSED)
		return r->body;
	n = perf_u64(&c);
	return perf_take(&c, n);
}

/* Records as they are into plain, pieces into packed. */
static MUST_USE enum err_code divide(
    const struct perf_file *f, struct buf *plain, struct buf *packed, struct err *e)
{
	struct perf_cursor c = perf_over(f, f->records);

	for (;;) {
		struct perf_record r;
		bool more;

		TRY(perf_next(&c, &r, &more, e));
		if (!more)
			break;
		if (is_packed(&r))
			buf_add_str(packed, piece_of(&r, f->swapped));
		else if (r.type != PERF_TRACING_DATA && r.type != PERF_AUXTRACE)
			buf_add_str(plain, r.whole); /* without what stands behind it */
	}
	return buf_failed(plain) || buf_failed(packed) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code has_packed(const struct perf_file *f, bool *found, struct err *e)
{
	struct perf_cursor c = perf_over(f, f->records);
	struct perf_record r;
	bool more = true;

	for (*found = false; more && !*found;) {
		TRY(perf_next(&c, &r, &more, e));
		*found = more && is_packed(&r);
	}
	return OK;
}

enum err_code perf_unpack(struct perf_file *f, struct err *e)
{
	struct buf packed = { 0 };
	enum err_code code;
	bool found;

	TRY(has_packed(f, &found, e));
	if (!found)
		return OK;
	code = divide(f, &f->own, &packed, e);
	if (code == OK) {
		code = profile_unzstd_flushed(&f->own, buf_str(&packed), e);
		if (code != OK && code != ERR_NOMEM)
			err_prefix(e, "perf.data");
	}
	buf_release(&packed);
	f->records = buf_str(&f->own);
	return code;
}
