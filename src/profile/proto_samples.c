/*
 * The samples of a profile.proto: nearly all bytes of a large file, so this is where its decoding
 * time goes. They come before the tables that they refer to, and a file is read once, perhaps while
 * it is being inflated: so stacks, values and labels are written one behind the other with the
 * numbers of the file, and proto_resolve.c turns those into indices when the tables are known.
 */
#include "core/hash.h"
#include "profile/proto_varint.h"

#define LONG_FIELD                                                                                 \
	((size_t)64 << 10) /* bytes: its numbers are counted, others are taken to be so many */

size_t proto_count_varints(struct str packed)
{
	const char *p = packed.p;
	size_t left = packed.n, count = 0;
	uint64_t word;

	for (; left >= 8; p += 8, left -= 8) {
		memcpy(&word, p, 8);
		count += ((~word & PROTO_TOP_BITS) >> 7) * 0x0101010101010101ULL >> 56;
	}
	for (; left > 0; p++, left--)
		count += !(*p & 0x80);
	return count;
}

static inline size_t room_for(const struct proto_cursor *packed)
{
	struct str bytes = wire_rest(&packed->at);

	return bytes.n > LONG_FIELD ? proto_count_varints(bytes) : bytes.n;
}

/* Ids that take more than 31 bits get numbers in the order in which they come. */

static bool wild_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct proto_samples *s = ctx;
	const uint64_t *id = key;

	return s->wild.p[index] == *id;
}

static uint32_t wild_frame(struct proto_samples *s, uint64_t id)
{
	uint32_t fresh = (uint32_t)s->wild.n;
	uint32_t at = map_intern(&s->wild_map, hash_u64(id), wild_equal, s, &id, fresh);

	if (at == MAP_NONE || (at == fresh && !VEC_PUSH(&s->wild, id)))
		s->failed = true;
	return PROTO_WILD | (at & ~PROTO_WILD);
}

/* The stack has room. */
static inline void add_frame(struct proto_samples *s, uint64_t id)
{
	uint32_t frame = id <= PROTO_WILD ? (uint32_t)id - 1 : wild_frame(s, id);

	if (frame > s->max_frame)
		s->max_frame = frame;
	s->stacks.p[s->stacks.n++] = frame;
}

/*
 * Two ids at a time out of eight bytes, as long as both have at most four: the hot loop of large
 * files. The lengths of ids vary without a pattern, so branching on them costs more than all the
 * arithmetic. An id of 0 becomes PROTO_NO_FRAME.
 */
static inline void read_short_ids(struct proto_samples *s, struct proto_cursor *c)
{
	const uint8_t *p = c->at.p, *next;
	uint32_t *to = s->stacks.p + s->stacks.n, max = s->max_frame;

	while (c->limit - p >= 8) {
		uint64_t word = proto_load_word(p), ends = ~word & PROTO_TOP_BITS;
		uint64_t rest = ends & (ends - 1);
		uint64_t first = word & (ends ^ (ends - 1)), second;

		if (rest == 0)
			break;
		second = (word & (rest ^ (rest - 1))) >> 1 >> __builtin_ctzll(ends);
		next = p + proto_length(rest);
		if ((first | second) >> 32 || next > c->at.end)
			break;
		to[0] = proto_close_up_short((uint32_t)first) - 1;
		to[1] = proto_close_up_short((uint32_t)second) - 1;
		max = to[0] > max ? to[0] : max;
		max = to[1] > max ? to[1] : max;
		to += 2;
		p = next;
	}
	s->max_frame = max;
	s->stacks.n = (size_t)(to - s->stacks.p);
	c->at.p = p;
}

static MUST_USE enum err_code read_packed_stack(
    struct proto_samples *s, struct proto_cursor c, struct err *e)
{
	uint64_t id;

	if (!VEC_RESERVE(&s->stacks, room_for(&c)))
		return FAIL_NOMEM(e);
	while (wire_more(&c.at)) {
		read_short_ids(s, &c);
		if (!wire_more(&c.at))
			break;
		if (proto_get_varint(&c, &id) != WIRE_OK)
			return FAIL(e, ERR_FORMAT, "bad varint");
		add_frame(s, id);
	}
	return OK;
}

static MUST_USE enum err_code read_packed_values(
    struct proto_samples *s, struct proto_cursor c, struct err *e)
{
	uint64_t value;

	if (!VEC_RESERVE(&s->values, room_for(&c)))
		return FAIL_NOMEM(e);
	while (wire_more(&c.at)) {
		if (proto_get_varint(&c, &value) != WIRE_OK)
			return FAIL(e, ERR_FORMAT, "bad varint");
		s->values.p[s->values.n++] = (int64_t)value;
	}
	return OK;
}

/* An index in the file's string table; one that is outside of every table stays so. */
static inline uint32_t string_index(uint64_t index)
{
	return index < UINT32_MAX ? (uint32_t)index : UINT32_MAX;
}

/* The first label: no sample before the present one has any. */
static bool begin_labels(struct proto_samples *s)
{
	if (!VEC_RESERVE(&s->label_at, s->stack_at.n))
		return false;
	memset(s->label_at.p, 0, s->stack_at.n * sizeof *s->label_at.p);
	s->label_at.n = s->stack_at.n;
	return true;
}

/* A label that says nothing (no text, number 0 without a unit) is dropped, as pprof does. */
static MUST_USE enum err_code read_label(
    struct proto_samples *s, struct proto_cursor message, struct err *e)
{
	uint64_t numbers[PB_LABEL_NUM_UNIT + 1] = { 0 };
	uint64_t text, unit;
	struct label label = { 0 };

	TRY(proto_numbers(message, numbers, PB_LABEL_NUM_UNIT, e));
	text = numbers[PB_LABEL_STR];
	unit = numbers[PB_LABEL_NUM_UNIT];
	label.key = string_index(numbers[PB_LABEL_KEY]);
	if (text == 0 && numbers[PB_LABEL_NUM] == 0 && unit == 0) {
		if (label.key > s->dropped_key)
			s->dropped_key = label.key;
		return OK;
	}
	if (text != 0) {
		label.str = string_index(text);
	} else {
		label.is_num = true;
		label.num = (int64_t)numbers[PB_LABEL_NUM];
		label.unit = string_index(unit);
	}
	if ((s->labels.n == 0 && !begin_labels(s)) || !VEC_PUSH(&s->labels, label))
		return FAIL_NOMEM(e);
	return OK;
}

static MUST_USE enum err_code read_number(
    struct proto_samples *s, const struct wire_field *f, struct err *e)
{
	if (f->number == PB_SAMPLE_LOCATION_ID) {
		if (!VEC_RESERVE(&s->stacks, 1))
			return FAIL_NOMEM(e);
		add_frame(s, f->value);
	} else if (!VEC_PUSH(&s->values, (int64_t)f->value)) {
		return FAIL_NOMEM(e);
	}
	return OK;
}

static MUST_USE enum err_code read_field(struct proto_samples *s, const struct proto_cursor *c,
    const struct wire_field *f, struct err *e)
{
	struct proto_cursor inside = proto_inside(c, f->bytes);

	if (f->number < PB_SAMPLE_LOCATION_ID || f->number > PB_SAMPLE_LABEL)
		return OK;
	if (f->type == WIRE_BYTES) {
		if (f->number == PB_SAMPLE_LOCATION_ID)
			return read_packed_stack(s, inside, e);
		if (f->number == PB_SAMPLE_VALUE)
			return read_packed_values(s, inside, e);
		return read_label(s, inside, e);
	}
	if (f->type != WIRE_VARINT || f->number == PB_SAMPLE_LABEL)
		return FAIL(e, ERR_FORMAT, "type mismatch");
	return read_number(s, f, e);
}

/* Row i begins where sample i's frames and labels begin; row n, added last, is the end. */
static bool add_row(struct proto_samples *s)
{
	return VEC_PUSH(&s->stack_at, (uint32_t)s->stacks.n) &&
	       (s->labels.n == 0 || VEC_PUSH(&s->label_at, (uint32_t)s->labels.n));
}

/* Notes the first sample that has not as many values as sample 0. */
static void note_values(struct proto_samples *s, size_t sample, size_t n)
{
	if (sample == 0)
		s->n_values = n;
	else if (n != s->n_values && s->odd_sample == 0) {
		s->odd_sample = sample;
		s->odd_values = n;
	}
}

enum err_code proto_add_sample(struct proto_samples *s, struct proto_cursor c, struct err *e)
{
	size_t sample = s->stack_at.n, values_before = s->values.n;
	struct wire_field f;

	if (sample >= PROTO_MAX_COUNT || s->stacks.n > PROTO_MAX_COUNT ||
	    s->labels.n > PROTO_MAX_COUNT)
		return FAIL(e, ERR_LIMIT, "profile is too large");
	if (!add_row(s))
		return FAIL_NOMEM(e);
	while (wire_more(&c.at)) {
		TRY(proto_fast_field(&c, &f, e));
		TRY(read_field(s, &c, &f, e));
	}
	note_values(s, sample, s->values.n - values_before);
	return s->failed ? FAIL_NOMEM(e) : OK;
}

enum err_code proto_end_samples(struct proto_samples *s, struct err *e)
{
	if (s->stacks.n > PROTO_MAX_COUNT || s->labels.n > PROTO_MAX_COUNT)
		return FAIL(e, ERR_LIMIT, "profile is too large");
	return add_row(s) ? OK : FAIL_NOMEM(e);
}

void proto_samples_release(struct proto_samples *s)
{
	VEC_RELEASE(&s->stack_at);
	VEC_RELEASE(&s->stacks);
	VEC_RELEASE(&s->values);
	VEC_RELEASE(&s->label_at);
	VEC_RELEASE(&s->labels);
	VEC_RELEASE(&s->wild);
	map_release(&s->wild_map);
}
