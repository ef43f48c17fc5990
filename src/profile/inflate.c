/*
 * gzip's own idea of its size (the last four bytes) is used as a first guess and never trusted; the
 * output grows by doubling. When ISA-L refuses a member, gzip_fault says what is wrong with it.
 */
#include "profile/inflate.h"

#include <isa-l/igzip_lib.h>

#include "base/arena.h"
#include "profile/gzip_fault.h"

#define OUT_MAX     ((size_t)4 << 30)
#define STRETCH     ((size_t)16 << 20)
#define RATIO_MAX   ((size_t)256)
#define RATIO_GUESS ((size_t)32) /* a claimed size is believed up to here */
#define FIRST_GUESS ((size_t)64 << 10)
#define FEED_MAX    ((size_t)1 << 30) /* ISA-L counts in 32 bits */
#define GZIP_MIN    ((size_t)10)      /* a member's fixed header */

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
	size_t before; /* bytes that *out held already */
	struct str in; /* all that is left; the present member begins here */
	size_t fed;    /* of it, given to ISA-L */
	struct expansion expansion;
	size_t used; /* by earlier members */
};

/* The size that the last member claims, when it is possible at all. */
static size_t claimed_size(struct str gz)
{
	const unsigned char *p = (const unsigned char *)gz.p + gz.n - 4;
	size_t n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;

	return n / RATIO_GUESS <= gz.n ? n : 0;
}

/* A step's room, with one byte more than asked for: else the end shows only in another step. */
static bool make_room(struct buf *out)
{
	size_t want = out->n > FIRST_GUESS ? out->n : FIRST_GUESS;

	return out->cap > out->n || buf_reserve(out, want);
}

static void feed(struct inflater *f)
{
	struct inflate_state *s = f->state;
	size_t n = f->in.n - f->fed < FEED_MAX ? f->in.n - f->fed : FEED_MAX;

	if (s->avail_in > 0 || n == 0)
		return;
	/* ISA-L only reads there, but its field is not const. */
	memcpy(&s->next_in, &(const char *){ f->in.p + f->fed }, sizeof s->next_in);
	s->avail_in = (uint32_t)n;
	f->fed += n;
}

/* One step; *made: bytes that came out. False when ISA-L refuses the input. */
static bool step(struct inflater *f, size_t *made)
{
	struct buf *out = f->out;
	size_t room = out->cap - out->n < INFLATE_STEP ? out->cap - out->n : INFLATE_STEP;
	int result;

	f->state->next_out = (uint8_t *)out->p + out->n;
	f->state->avail_out = (uint32_t)room;
	result = isal_inflate(f->state);
	*made = room - f->state->avail_out;
	out->n += *made;
	return result == ISAL_DECOMP_OK;
}

static size_t member_used(const struct inflater *f)
{
	return f->fed - f->state->avail_in;
}

static MUST_USE enum err_code inflate_member(struct inflater *f, struct err *e)
{
	isal_inflate_init(f->state);
	f->state->crc_flag = ISAL_GZIP;
	f->fed = 0;
	while (f->state->block_state != ISAL_BLOCK_FINISH) {
		size_t made, before;

		feed(f);
		before = f->state->avail_in;
		if (!make_room(f->out))
			return FAIL_NOMEM(e);
		if (!step(f, &made))
			return gzip_fault(f->in, e);
		if (made == 0 && f->state->avail_in == before && f->fed == f->in.n &&
		    f->state->block_state != ISAL_BLOCK_FINISH)
			return gzip_fault(f->in, e); /* cut off */
		TRY(expansion_check(
		    &f->expansion, f->used + member_used(f), f->out->n - f->before, e));
	}
	return OK;
}

static MUST_USE enum err_code inflate_all(struct inflater *f, struct err *e)
{
	while (f->in.n > 0) {
		if (f->in.n < GZIP_MIN)
			return FAIL(e, ERR_FORMAT, "unexpected EOF");
		if (!str_starts(f->in, STR("\x1f\x8b")))
			return FAIL(e, ERR_FORMAT, "gzip: invalid header");
		TRY(inflate_member(f, e));
		f->used += member_used(f);
		f->in = str_skip(f->in, member_used(f));
	}
	return OK;
}

enum err_code inflate_gzip(struct buf *out, struct str in, struct err *e)
{
	struct arena scratch = { 0 };
	struct inflater f = { .out = out, .before = out->n, .in = in };
	enum err_code code;

	f.state = ARENA_NEW(&scratch, struct inflate_state);
	if (!f.state || !buf_reserve(out, in.n < GZIP_MIN ? 0 : claimed_size(in) + 1))
		code = FAIL_NOMEM(e);
	else
		code = inflate_all(&f, e);
	arena_release(&scratch);
	return code;
}
