/*
 * Reads profile.proto in passes over the same bytes: the first reads samples, by far the most, and
 * counts everything else, so that every table is allocated once at its exact size; then strings and
 * tables. Each of those only walks the stretch of the input in which its fields occur; where
 * writers mix the fields of tables, large files come with the tables apart (proto_stream.c).
 *
 * What is hard: a fault's place decides what the user hears. Bytes that break the wire format or
 * point outside the string table are "not a profile.proto" and go to the legacy readers; samples
 * that do not fit their tables make an invalid profile, but only when nothing else is wrong. So
 * such faults are noted (proto_resolve.c) and told at the end.
 */
#include "profile/proto_decode.h"

#include "core/pbfields.h"
#include "profile/check.h"
#include "profile/proto_varint.h"

/* Wire types that a field may have, as a set of bits; 0: the field is skipped. */
#define VARINT (1u << WIRE_VARINT)
#define BYTES  (1u << WIRE_BYTES)

static const uint8_t profile_types[PROTO_FIELDS] = {
	[PB_PROFILE_SAMPLE_TYPE] = BYTES,
	[PB_PROFILE_SAMPLE] = BYTES,
	[PB_PROFILE_MAPPING] = BYTES,
	[PB_PROFILE_LOCATION] = BYTES,
	[PB_PROFILE_FUNCTION] = BYTES,
	[PB_PROFILE_STRING_TABLE] = BYTES,
	[PB_PROFILE_DROP_FRAMES] = VARINT,
	[PB_PROFILE_KEEP_FRAMES] = VARINT,
	[PB_PROFILE_TIME_NANOS] = VARINT,
	[PB_PROFILE_DURATION_NANOS] = VARINT,
	[PB_PROFILE_PERIOD_TYPE] = BYTES,
	[PB_PROFILE_PERIOD] = VARINT,
	[PB_PROFILE_COMMENT] = VARINT | BYTES,
	[PB_PROFILE_DEFAULT_SAMPLE_TYPE] = VARINT,
	[PB_PROFILE_DOC_URL] = VARINT,
};

enum err_code proto_field(struct proto_cursor *c, struct wire_field *f, struct err *e)
{
	static const char *const texts[] = {
		[WIRE_BAD_VARINT] = "bad varint",
		[WIRE_TOO_LONG] = "too much data",
		[WIRE_BAD_TYPE] = "unknown wire type",
	};
	enum wire_status status = wire_get_field(&c->at, f);

	return status == WIRE_OK ? OK : FAIL(e, ERR_FORMAT, "%s", texts[status]);
}

/* Pass 1: counts, and samples as they are. */

void proto_count_field(struct proto_counts *n, const struct wire_field *f)
{
	switch (f->number) {
	case PB_PROFILE_SAMPLE_TYPE:
		n->sample_types++;
		break;
	case PB_PROFILE_MAPPING:
		n->mappings++;
		break;
	case PB_PROFILE_LOCATION:
		n->locations++;
		break;
	case PB_PROFILE_FUNCTION:
		n->functions++;
		break;
	case PB_PROFILE_STRING_TABLE:
		n->strings++;
		n->string_bytes += f->bytes.n;
		break;
	case PB_PROFILE_COMMENT:
		n->comments += f->type == WIRE_VARINT ? 1 : proto_count_varints(f->bytes);
		break;
	default:
		break;
	}
}

static void stretch(struct str *span, const char *begin, const uint8_t *end)
{
	if (span->n == 0)
		span->p = begin;
	span->n = (size_t)((const char *)end - span->p);
}

static MUST_USE enum err_code read_header_field(
    struct proto_header *h, const struct wire_field *f, struct err *e)
{
	uint64_t numbers[PB_VALUE_TYPE_UNIT + 1]; /* only whether it can be read */

	if (f->type == WIRE_VARINT)
		h->scalars[f->number] = f->value;
	if (f->number != PB_PROFILE_PERIOD_TYPE)
		return OK;
	h->period_type = f->bytes;
	return proto_numbers(proto_cursor_of(f->bytes), numbers, PB_VALUE_TYPE_UNIT, e);
}

/* Stops before the second time stamp: what comes behind it is never looked at. */
static MUST_USE enum err_code count_all(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_cursor_of(r->in);
	struct wire_field f;

	while (wire_more(&c.at)) {
		const char *begin = (const char *)c.at.p;

		TRY(proto_fast_field(&c, &f, e));
		if (f.number >= PROTO_FIELDS || !profile_types[f.number])
			continue;
		if (f.number == PB_PROFILE_TIME_NANOS && r->header.scalars[f.number] != 0) {
			r->concatenated = true;
			r->in.n = (size_t)(begin - r->in.p);
			return OK;
		}
		if (!(profile_types[f.number] & 1u << f.type))
			return FAIL(e, ERR_FORMAT, "type mismatch");
		if (f.number == PB_PROFILE_SAMPLE) {
			TRY(proto_add_sample(r->samples, proto_inside(&c, f.bytes), e));
			continue;
		}
		TRY(read_header_field(&r->header, &f, e));
		proto_count_field(&r->spans.n, &f);
		stretch(&r->spans.of[f.number], begin, c.at.p);
	}
	return OK;
}

/* Rows are larger in memory than in the file (a location of 2 bytes takes 40): hence the limits. */
static MUST_USE enum err_code check_limits(const struct proto_counts *n, struct err *e)
{
	const uint64_t tables[] = { n->functions, n->locations, n->strings };

	if (n->sample_types > PROTO_MAX_TYPES)
		return FAIL(e, ERR_LIMIT, "profile has too many sample types");
	if (n->mappings > PROTO_MAX_FEW)
		return FAIL(e, ERR_LIMIT, "profile has too many mappings");
	if (n->comments > PROTO_MAX_FEW)
		return FAIL(e, ERR_LIMIT, "profile has too many comments");
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (tables[i] > PROTO_MAX_TABLE)
			return FAIL(e, ERR_LIMIT, "profile is too large");
	return OK;
}

struct proto_cursor proto_span_cursor(const struct proto_reader *r, uint32_t number)
{
	return proto_cursor_of(r->spans.of[number]);
}

void proto_span_done(struct proto_reader *r, uint32_t number)
{
	r->spans.of[number] = (struct str){ "", 0 };
	if (r->parts)
		buf_release(&r->parts->of[number]);
}

/*
 * Pass 2: strings. All bytes lie in one block, copied or, when they were put apart, as they came;
 * equal strings get one id.
 */

static MUST_USE enum err_code keep_strings(struct proto_reader *r, char **copy, struct err *e)
{
	struct str *span = &r->spans.of[PB_PROFILE_STRING_TABLE];

	*copy = NULL;
	if (r->parts)
		span->p = VEC_HAND_OVER(&r->p->arena, r->parts->of[PB_PROFILE_STRING_TABLE]);
	else
		*copy = arena_alloc_raw(&r->p->arena, r->spans.n.string_bytes, 1);
	r->str_ids = arena_alloc_raw(&r->scratch, r->spans.n.strings, sizeof *r->str_ids);
	if (arena_failed(&r->p->arena) || !r->str_ids ||
	    !profile_reserve_strings(r->p, r->spans.n.strings))
		return FAIL_NOMEM(e);
	return OK;
}

static struct str kept(struct str text, char **copy)
{
	struct str in_block = { *copy, text.n };

	if (!*copy)
		return text;
	if (text.n)
		memcpy(*copy, text.p, text.n);
	*copy += text.n;
	return in_block;
}

static MUST_USE enum err_code read_strings(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c;
	struct wire_field f;
	char *copy;

	TRY(keep_strings(r, &copy, e));
	c = proto_span_cursor(r, PB_PROFILE_STRING_TABLE);
	while (proto_next(&c, PB_PROFILE_STRING_TABLE, &f)) {
		if (r->n_strings == 0 && f.bytes.n != 0)
			return FAIL(e, ERR_FORMAT, "string_table[0] must be ''");
		r->str_ids[r->n_strings++] = profile_intern_kept(r->p, kept(f.bytes, &copy));
	}
	return arena_failed(&r->p->arena) ? FAIL_NOMEM(e) : OK;
}

str_id proto_string(struct proto_reader *r, uint64_t index)
{
	if (index < r->n_strings)
		return r->str_ids[index];
	r->bad_string = true;
	return 0;
}

/* The header. */

static MUST_USE enum err_code read_value_type(
    struct proto_reader *r, struct proto_cursor message, struct value_type *out, struct err *e)
{
	uint64_t numbers[PB_VALUE_TYPE_UNIT + 1] = { 0 };

	TRY(proto_numbers(message, numbers, PB_VALUE_TYPE_UNIT, e));
	out->type = proto_string(r, numbers[PB_VALUE_TYPE_TYPE]);
	out->unit = proto_string(r, numbers[PB_VALUE_TYPE_UNIT]);
	return OK;
}

static MUST_USE enum err_code read_sample_types(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_span_cursor(r, PB_PROFILE_SAMPLE_TYPE);
	struct profile *p = r->p;
	struct wire_field f;

	p->sample_types = ARENA_ARRAY(&p->arena, struct value_type, r->spans.n.sample_types);
	if (!p->sample_types)
		return FAIL_NOMEM(e);
	while (proto_next(&c, PB_PROFILE_SAMPLE_TYPE, &f))
		TRY(read_value_type(
		    r, proto_inside(&c, f.bytes), &p->sample_types[p->n_sample_types++], e));
	return OK;
}

static MUST_USE enum err_code read_comments(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_span_cursor(r, PB_PROFILE_COMMENT);
	str_id *comments = arena_alloc_raw(&r->p->arena, r->spans.n.comments, sizeof *comments);
	struct wire_field f;
	uint64_t index;

	if (!comments)
		return FAIL_NOMEM(e);
	r->p->comments = comments;
	while (proto_next(&c, PB_PROFILE_COMMENT, &f)) {
		struct wire_cursor packed = wire_cursor_of(f.bytes);

		if (f.type == WIRE_VARINT)
			comments[r->p->n_comments++] = proto_string(r, f.value);
		while (wire_more(&packed)) {
			if (wire_get_varint(&packed, &index) != WIRE_OK)
				return FAIL(e, ERR_FORMAT, "bad varint");
			comments[r->p->n_comments++] = proto_string(r, index);
		}
	}
	return OK;
}

static MUST_USE enum err_code read_header(struct proto_reader *r, struct err *e)
{
	const uint64_t *scalars = r->header.scalars;
	struct profile *p = r->p;

	TRY(read_sample_types(r, e));
	TRY(read_value_type(r, proto_cursor_of(r->header.period_type), &p->period_type, e));
	TRY(read_comments(r, e));
	p->drop_frames = proto_string(r, scalars[PB_PROFILE_DROP_FRAMES]);
	p->keep_frames = proto_string(r, scalars[PB_PROFILE_KEEP_FRAMES]);
	p->default_sample_type = proto_string(r, scalars[PB_PROFILE_DEFAULT_SAMPLE_TYPE]);
	p->doc_url = proto_string(r, scalars[PB_PROFILE_DOC_URL]);
	p->time_ns = (int64_t)scalars[PB_PROFILE_TIME_NANOS];
	p->duration_ns = (int64_t)scalars[PB_PROFILE_DURATION_NANOS];
	p->period = (int64_t)scalars[PB_PROFILE_PERIOD];
	return OK;
}

static MUST_USE enum err_code read_all(struct proto_reader *r, struct err *e)
{
	TRY(count_all(r, e));
	TRY(check_limits(&r->spans.n, e));
	TRY(read_strings(r, e));
	TRY(read_header(r, e));
	TRY(proto_read_tables(r, e));
	TRY(proto_resolve_samples(r, r->samples, e));
	if (r->concatenated)
		return FAIL(e, ERR_FORMAT, "concatenated profiles detected");
	if (r->bad_string)
		return FAIL(e, ERR_FORMAT, "malformed profile format");
	r->is_profile = true;
	TRY(proto_check_samples(r, e));
	return profile_check_tables(r->p, e);
}

static enum err_code decode(struct proto_reader *r, enum proto_kind *kind, struct err *e)
{
	enum err_code code;

	*kind = PROTO_OTHER;
	TRY(profile_init(r->p, e));
	code = read_all(r, e);
	if (r->is_profile)
		*kind = PROTO_PROFILE;
	else if (r->concatenated && code == ERR_FORMAT && r->samples_read)
		*kind = PROTO_CONCATENATED;
	proto_reader_release(r);
	if (code != OK)
		profile_release(r->p);
	return code;
}

enum err_code profile_proto_decode(
    struct profile *out, struct str bytes, enum proto_kind *kind, struct err *e)
{
	struct proto_samples samples = { 0 };
	struct proto_reader r = { .p = out, .in = bytes, .samples = &samples };
	enum err_code code = decode(&r, kind, e);

	proto_samples_release(&samples);
	return code;
}

enum err_code proto_decode_parts(
    struct profile *out, struct proto_parts *parts, struct proto_samples *samples, struct err *e)
{
	struct proto_reader r = {
		.p = out, .in = buf_str(&parts->others), .samples = samples, .parts = parts
	};
	enum proto_kind kind;

	r.spans.n = parts->n;
	for (size_t i = 0; i < PROTO_FIELDS; i++)
		r.spans.of[i] = buf_str(&parts->of[i]);
	return decode(&r, &kind, e);
}
