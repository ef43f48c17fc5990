/*
 * profile.proto while it is being inflated: samples are read as they come by, what else there is, a
 * fraction of a large file, is kept for the end. So the inflated bytes, a third of the memory, are
 * never there together, and are read while they are still in the caches.
 *
 * Nothing is told about what is wrong: whoever wants to know reads the bytes in one piece.
 */
#include "profile/proto_stream.h"

#include "profile/proto_varint.h"

#define FRAME_MIN 2  /* bytes of a frame: most have more, but not all bytes are frames' */
#define HEAD_MAX  20 /* bytes of a tag and a length, or of a tag and a number */
#define FIELD_MAX ((size_t)64 << 20) /* of a whole field; known ones have at most kilobytes */

/* What could not be read goes on in the next piece. */
static bool may_go_on(struct wire_cursor c)
{
	size_t left = (size_t)(c.end - c.p);
	struct wire_field f;

	return left < HEAD_MAX || (left < FIELD_MAX && wire_get_field(&c, &f) == WIRE_TOO_LONG);
}

static enum err_code take_field(
    struct proto_stream *s, const struct wire_field *f, struct str all, struct err *e)
{
	if (f->number != PB_PROFILE_SAMPLE) {
		buf_add_str(&s->rest, all);
		return buf_failed(&s->rest) ? FAIL_NOMEM(e) : OK;
	}
	return f->type == WIRE_BYTES ? proto_add_sample(s->samples, f->bytes, e)
				     : FAIL(e, ERR_FORMAT, "type mismatch");
}

enum err_code proto_stream_begin(struct proto_stream *s, size_t expected, struct err *e)
{
	*s = (struct proto_stream){ 0 };
	s->samples = ARENA_NEW(&s->arena, struct proto_samples);
	if (!s->samples)
		return FAIL_NOMEM(e);
	VEC_EXPECT(&s->samples->stacks, expected / FRAME_MIN);
	return OK;
}

enum err_code proto_stream_take(struct proto_stream *s, struct buf *in, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(buf_str(in));
	const uint8_t *taken = c.p;
	struct wire_field f;
	struct err cut_off;

	while (wire_more(&c) && proto_fast_field(&c, &f, &cut_off) == OK) {
		TRY(take_field(
		    s, &f, (struct str){ (const char *)taken, (size_t)(c.p - taken) }, e));
		taken = c.p;
	}
	c.p = taken;
	if (wire_more(&c) && !may_go_on(c))
		return FAIL(e, ERR_FORMAT, "not a profile.proto");
	in->n = (size_t)(c.end - taken);
	if (in->n)
		memmove(in->p, taken, in->n);
	return OK;
}

enum err_code proto_stream_end(struct profile *out, struct proto_stream *s, struct err *e)
{
	enum proto_kind kind;

	return proto_decode_with(out, buf_str(&s->rest), s->samples, &kind, e);
}

void proto_stream_release(struct proto_stream *s)
{
	if (s->samples)
		proto_samples_release(s->samples);
	buf_release(&s->rest);
	arena_release(&s->arena);
}
