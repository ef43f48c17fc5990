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

/* Go's writer mixes locations with functions, and each table is read in a pass of its own. */
static bool is_table(uint32_t number)
{
	return number == PB_PROFILE_LOCATION || number == PB_PROFILE_FUNCTION ||
	       number == PB_PROFILE_STRING_TABLE;
}

static enum err_code keep_field(
    struct proto_parts *parts, const struct wire_field *f, struct str all, struct err *e)
{
	bool apart = is_table(f->number);
	struct buf *part = apart ? &parts->of[f->number] : &parts->others;

	if (apart && f->type != WIRE_BYTES)
		return FAIL(e, ERR_FORMAT, "type mismatch");
	if (apart)
		proto_count_field(&parts->n, f);
	buf_add_str(part, all);
	return buf_failed(part) ? FAIL_NOMEM(e) : OK;
}

static enum err_code take_field(struct proto_stream *s, const struct proto_cursor *c,
    const struct wire_field *f, const uint8_t *begin, struct err *e)
{
	if (f->number != PB_PROFILE_SAMPLE)
		return keep_field(
		    s->parts, f, (struct str){ (const char *)begin, (size_t)(c->at.p - begin) }, e);
	return f->type == WIRE_BYTES ? proto_add_sample(s->samples, proto_inside(c, f->bytes), e)
				     : FAIL(e, ERR_FORMAT, "type mismatch");
}

static void parts_release(struct proto_parts *parts)
{
	for (size_t i = 0; i < PROTO_FIELDS; i++)
		buf_release(&parts->of[i]);
	buf_release(&parts->others);
}

enum err_code proto_stream_begin(struct proto_stream *s, size_t expected, struct err *e)
{
	*s = (struct proto_stream){ 0 };
	s->samples = ARENA_NEW(&s->arena, struct proto_samples);
	s->parts = ARENA_NEW(&s->arena, struct proto_parts);
	if (!s->samples || !s->parts)
		return FAIL_NOMEM(e);
	VEC_EXPECT(&s->samples->stacks, expected / FRAME_MIN);
	return OK;
}

enum err_code proto_stream_take(struct proto_stream *s, struct buf *in, struct err *e)
{
	struct proto_cursor c = proto_cursor_of(buf_str(in));
	const uint8_t *taken = c.at.p;
	struct wire_field f;
	struct err cut_off;

	while (wire_more(&c.at) && proto_fast_field(&c, &f, &cut_off) == OK) {
		TRY(take_field(s, &c, &f, taken, e));
		taken = c.at.p;
	}
	c.at.p = taken;
	if (wire_more(&c.at) && !may_go_on(c.at))
		return FAIL(e, ERR_FORMAT, "not a profile.proto");
	in->n = (size_t)(c.at.end - taken);
	if (in->n)
		memmove(in->p, taken, in->n);
	return OK;
}

enum err_code proto_stream_end(struct profile *out, struct proto_stream *s, struct err *e)
{
	return proto_decode_parts(out, s->parts, s->samples, e);
}

void proto_stream_release(struct proto_stream *s)
{
	if (s->samples)
		proto_samples_release(s->samples);
	if (s->parts)
		parts_release(s->parts);
	arena_release(&s->arena);
}
