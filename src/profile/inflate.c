/*
 * gzip's own idea of its size (the last four bytes) is used as a first guess and never trusted; the
 * output grows by doubling. When ISA-L refuses a member, gzip_fault says what is wrong with it.
 */
#include "profile/inflate.h"

#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fs.h"
#include "profile/gzip_fault.h"

#define OUT_MAX     ((size_t)4 << 30)
#define STRETCH     ((size_t)16 << 20)
#define RATIO_MAX   ((size_t)256)
#define RATIO_GUESS ((size_t)32) /* a claimed size is believed up to here */
#define FIRST_GUESS ((size_t)64 << 10)
#define CHUNK       ((size_t)256 << 10) /* of a file */
#define FEED_MAX    ((size_t)1 << 30)   /* ISA-L counts in 32 bits */
#define GZIP_MIN    ((size_t)10)        /* a member's fixed header */

enum err_code expansion_check(struct expansion *x, size_t in, size_t out, struct err *e)
{
	if (out > OUT_MAX)
		return FAIL(e, ERR_LIMIT, "contents are larger than %zu bytes", OUT_MAX);
	if (out - x->out < STRETCH)
		return OK;
	if ((out - x->out) / RATIO_MAX > in - x->in)
		return FAIL(e, ERR_LIMIT,
		    "contents are packed more than %zu to 1, which no profile is", RATIO_MAX);
	*x = (struct expansion){ in, out };
	return OK;
}

struct inflater {
	struct inflate_state *state;
	struct buf *out;
	struct inflate_sink *sink; /* NULL: *out keeps everything */
	size_t made;               /* bytes of output so far */
	struct str all;            /* the input, when it is in memory */
	int fd;                    /* else it is read from here, a chunk at a time */
	uint8_t *chunk;
	size_t taken; /* bytes given to ISA-L */
	struct expansion expansion;
};

/* The size that the last member claims, when it is possible at all. */
static size_t claimed_size(const unsigned char last[4], size_t packed)
{
	size_t n =
	    (size_t)last[0] | (size_t)last[1] << 8 | (size_t)last[2] << 16 | (size_t)last[3] << 24;

	return n / RATIO_GUESS <= packed ? n : 0;
}

static bool make_room(struct buf *out)
{
	size_t want = out->n > FIRST_GUESS ? out->n : FIRST_GUESS;

	return out->cap > out->n || buf_reserve(out, want);
}

/* Gives ISA-L more input when it has none; false at the end. */
static bool feed(struct inflater *f)
{
	struct inflate_state *s = f->state;
	const void *piece = f->chunk;
	ssize_t n;

	if (s->avail_in > 0)
		return true;
	if (f->chunk) {
		n = fs_read_some(f->fd, f->chunk, CHUNK);
	} else {
		piece = f->all.p + f->taken;
		n = (ssize_t)(f->all.n - f->taken < FEED_MAX ? f->all.n - f->taken : FEED_MAX);
	}
	if (n <= 0)
		return false;
	/* ISA-L only reads there, but its field is not const. */
	memcpy(&s->next_in, &piece, sizeof s->next_in);
	s->avail_in = (uint32_t)n;
	f->taken += (size_t)n;
	return true;
}

static size_t used(const struct inflater *f)
{
	return f->taken - f->state->avail_in;
}

/* `member`: where it began, if that is still in memory. */
static MUST_USE enum err_code fault(const struct inflater *f, size_t member, struct err *e)
{
	return f->chunk ? FAIL(e, ERR_FORMAT, "broken gzip")
			: gzip_fault(str_skip(f->all, member), e);
}

static MUST_USE enum err_code begin_member(struct inflater *f, struct err *e)
{
	struct inflate_state *s = f->state;
	struct str rest = f->chunk ? STR("") : str_skip(f->all, used(f));
	uint32_t n = s->avail_in;
	uint8_t *at = s->next_in;

	if (!f->chunk && rest.n < GZIP_MIN)
		return FAIL(e, ERR_FORMAT, "unexpected EOF");
	if (!f->chunk && !str_starts(rest, STR("\x1f\x8b")))
		return FAIL(e, ERR_FORMAT, "gzip: invalid header");
	isal_inflate_init(s);
	s->crc_flag = ISAL_GZIP;
	s->next_in = at;
	s->avail_in = n;
	return OK;
}

/* One step; false when ISA-L refuses the input. */
static bool step(struct inflater *f)
{
	struct buf *out = f->out;
	size_t room = out->cap - out->n < INFLATE_STEP ? out->cap - out->n : INFLATE_STEP;
	int result;

	f->state->next_out = (uint8_t *)out->p + out->n;
	f->state->avail_out = (uint32_t)room;
	result = isal_inflate(f->state);
	out->n += room - f->state->avail_out;
	f->made += room - f->state->avail_out;
	return result == ISAL_DECOMP_OK;
}

static MUST_USE enum err_code inflate_member(struct inflater *f, struct err *e)
{
	size_t member = used(f);

	TRY(begin_member(f, e));
	while (f->state->block_state != ISAL_BLOCK_FINISH) {
		bool more = feed(f);
		size_t before = f->made;

		if (!make_room(f->out))
			return FAIL_NOMEM(e);
		/* Without input there may still be output that had no room. */
		if (!step(f) ||
		    (!more && f->made == before && f->state->block_state != ISAL_BLOCK_FINISH))
			return fault(f, member, e);
		TRY(expansion_check(&f->expansion, used(f), f->made, e));
		if (f->sink)
			TRY(f->sink->take(f->sink, f->out, e));
	}
	return OK;
}

static MUST_USE enum err_code inflate_all(struct inflater *f, size_t guess, struct err *e)
{
	struct arena scratch = { 0 };
	enum err_code code = OK;

	f->state = ARENA_NEW(&scratch, struct inflate_state);
	if (f->fd >= 0)
		f->chunk = arena_alloc_raw(&scratch, CHUNK, 1);
	if (arena_failed(&scratch) || !buf_reserve(f->out, guess + 1))
		code = FAIL_NOMEM(e);
	while (code == OK && feed(f))
		code = inflate_member(f, e);
	arena_release(&scratch);
	return code;
}

enum err_code inflate_gzip(struct buf *out, struct str in, struct err *e)
{
	struct inflater f = { .out = out, .all = in, .fd = -1 };
	const unsigned char *end = (const unsigned char *)in.p + in.n;

	return inflate_all(&f, in.n < GZIP_MIN ? 0 : claimed_size(end - 4, in.n), e);
}

size_t inflate_claimed_size(int fd, size_t size)
{
	unsigned char last[4];

	if (size < GZIP_MIN || pread(fd, last, sizeof last, (off_t)(size - sizeof last)) != 4)
		return 0;
	return claimed_size(last, size);
}

enum err_code inflate_gzip_fd(int fd, struct inflate_sink *sink, struct err *e)
{
	struct buf piece = { 0 };
	struct inflater f = { .out = &piece, .sink = sink, .fd = fd };
	enum err_code code = inflate_all(&f, INFLATE_PIECE, e);

	if (code == OK && piece.n > 0)
		code = FAIL(e, ERR_FORMAT, "the sink has left something");
	buf_release(&piece);
	return code;
}
