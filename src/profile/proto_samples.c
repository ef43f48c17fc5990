/*
 * The samples of a profile.proto: nearly all bytes of a large file, so this is where its decoding
 * time goes. Stacks, values and labels are written one behind the other into arrays that the first
 * pass has measured; nothing is allocated here per sample.
 */
#include <inttypes.h>

#include "profile/proto_reader.h"

/* Where the next values go. All arrays are large enough by the counts of the first pass. */
struct sink {
	struct proto_reader *r;
	uint32_t *stacks;
	int64_t *values;
	struct label *labels;
	size_t n_stacks, n_values, n_labels;
	bool nil_location; /* in the present sample */
};

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

static inline size_t count_numbers(const struct wire_field *f)
{
	return f->type == WIRE_BYTES ? proto_count_varints(f->bytes) : 1;
}

enum err_code proto_count_sample(struct proto_counts *n, struct str message, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(message);
	struct wire_field f;

	n->samples++;
	while (wire_more(&c)) {
		TRY(proto_quick_field(&c, &f, e));
		if (f.number == PB_SAMPLE_LOCATION_ID)
			n->stacks += count_numbers(&f);
		else if (f.number == PB_SAMPLE_VALUE)
			n->values += count_numbers(&f);
		else if (f.number == PB_SAMPLE_LABEL)
			n->labels++;
	}
	return OK;
}

static inline void add_frame(struct sink *s, uint64_t id)
{
	uint32_t at = idtable_find(&s->r->location_ids, id);

	s->nil_location |= at == IDTABLE_NONE;
	s->stacks[s->n_stacks++] = at;
}

/* idtable_find() for tables that are not hashed; `direct` is the table's, NULL for ids in order. */
static inline uint32_t find_short(const uint32_t *direct, uint32_t limit, uint32_t id)
{
	if (direct)
		return id < limit ? direct[id] : IDTABLE_NONE;
	return id - 1 < limit ? id - 1 : IDTABLE_NONE;
}

/*
 * Two ids at a time out of eight bytes, as long as both have at most four: the hot loop of large
 * files. The lengths of ids vary without a pattern, so branching on them costs more than all the
 * arithmetic.
 */
static inline void read_short_ids(
    struct sink *s, struct wire_cursor *c, const uint32_t *direct, uint32_t limit)
{
	const uint8_t *p = c->p;
	uint32_t *to = s->stacks + s->n_stacks;
	bool nil = false;

	while (c->end - p >= 8) {
		uint64_t word = proto_load_word(p), ends = ~word & PROTO_TOP_BITS,
			 rest = ends & (ends - 1);
		uint64_t first = word & (ends ^ (ends - 1)), second;

		if (rest == 0)
			break;
		second = (word & (rest ^ (rest - 1))) >> 1 >> __builtin_ctzll(ends);
		if ((first | second) >> 32)
			break;
		to[0] = find_short(direct, limit, (uint32_t)proto_close_up(first));
		to[1] = find_short(direct, limit, (uint32_t)proto_close_up(second));
		nil |= (to[0] == IDTABLE_NONE) | (to[1] == IDTABLE_NONE);
		to += 2;
		p += (unsigned)__builtin_ctzll(rest) / 8 + 1;
	}
	s->nil_location |= nil;
	s->n_stacks = (size_t)(to - s->stacks);
	c->p = p;
}

static MUST_USE enum err_code read_packed_stack(struct sink *s, struct str packed, struct err *e)
{
	const struct idtable *ids = &s->r->location_ids;
	struct wire_cursor c = wire_cursor_of(packed);
	uint64_t id;

	while (wire_more(&c)) {
		if (ids->direct)
			read_short_ids(s, &c, ids->direct, (uint32_t)ids->limit);
		else if (!ids->hashed)
			read_short_ids(s, &c, NULL, ids->n);
		if (!wire_more(&c))
			break;
		if (proto_get_varint(&c, &id) != WIRE_OK)
			return FAIL(e, ERR_FORMAT, "bad varint");
		add_frame(s, id);
	}
	return OK;
}

static MUST_USE enum err_code read_packed_values(struct sink *s, struct str packed, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(packed);
	uint64_t value;

	while (wire_more(&c)) {
		if (proto_get_varint(&c, &value) != WIRE_OK)
			return FAIL(e, ERR_FORMAT, "bad varint");
		s->values[s->n_values++] = (int64_t)value;
	}
	return OK;
}

/* The numbers of a label message by field; proto_scalars() with everything in line. */
static MUST_USE enum err_code read_label_numbers(
    struct str message, uint64_t numbers[PB_LABEL_NUM_UNIT + 1], struct err *e)
{
	struct wire_cursor c = wire_cursor_of(message);
	struct wire_field f;

	while (wire_more(&c)) {
		TRY(proto_quick_field(&c, &f, e));
		if (f.number < PB_LABEL_KEY || f.number > PB_LABEL_NUM_UNIT)
			continue;
		if (f.type != WIRE_VARINT)
			return FAIL(e, ERR_FORMAT, "type mismatch");
		numbers[f.number] = f.value;
	}
	return OK;
}

/* A label that says nothing (no text, number 0 without a unit) is dropped, as pprof does. */
static MUST_USE enum err_code read_label(struct sink *s, struct str message, struct err *e)
{
	uint64_t numbers[PB_LABEL_NUM_UNIT + 1] = { 0 };
	uint64_t text, unit;
	struct label label = { 0 };

	TRY(read_label_numbers(message, numbers, e));
	text = numbers[PB_LABEL_STR];
	unit = numbers[PB_LABEL_NUM_UNIT];
	label.key = proto_string(s->r, numbers[PB_LABEL_KEY]);
	label.num = (int64_t)numbers[PB_LABEL_NUM];
	if (text == 0 && label.num == 0 && unit == 0)
		return OK;
	if (text != 0) {
		label.str = proto_string(s->r, text);
		label.num = 0;
	} else {
		label.is_num = true;
		label.unit = unit ? proto_string(s->r, unit) : 0;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): all were counted */
	s->labels[s->n_labels++] = label;
	return OK;
}

static MUST_USE enum err_code read_field(struct sink *s, const struct wire_field *f, struct err *e)
{
	if (f->number < PB_SAMPLE_LOCATION_ID || f->number > PB_SAMPLE_LABEL)
		return OK;
	if (f->type == WIRE_BYTES) {
		if (f->number == PB_SAMPLE_LOCATION_ID)
			return read_packed_stack(s, f->bytes, e);
		if (f->number == PB_SAMPLE_VALUE)
			return read_packed_values(s, f->bytes, e);
		return read_label(s, f->bytes, e);
	}
	if (f->type != WIRE_VARINT || f->number == PB_SAMPLE_LABEL)
		return FAIL(e, ERR_FORMAT, "type mismatch");
	if (f->number == PB_SAMPLE_LOCATION_ID)
		add_frame(s, f->value);
	else
		s->values[s->n_values++] = (int64_t)f->value;
	return OK;
}

static void note_faults(struct sink *s, size_t n_values)
{
	struct proto_fault *fault = &s->r->fault;
	bool mismatch = n_values != s->r->p->n_sample_types;

	if (fault->found || (!mismatch && !s->nil_location))
		return;
	*fault =
	    (struct proto_fault){ .found = true, .nil_location = !mismatch, .n_values = n_values };
}

static MUST_USE enum err_code read_sample(struct sink *s, struct str message, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(message);
	size_t values_before = s->n_values;
	struct wire_field f;

	s->nil_location = false;
	while (wire_more(&c)) {
		TRY(proto_quick_field(&c, &f, e));
		TRY(read_field(s, &f, e));
	}
	note_faults(s, s->n_values - values_before);
	return OK;
}

/* Row i begins where sample i's frames and labels begin; row n is the end. */
static MUST_USE enum err_code read_rows(
    struct sink *s, uint32_t *stack_at, uint32_t *label_at, struct err *e)
{
	struct wire_cursor c = proto_span_cursor(s->r, PB_PROFILE_SAMPLE);
	struct wire_field f;
	size_t i = 0;

	while (wire_more(&c)) {
		TRY(proto_quick_field(&c, &f, e));
		if (f.number != PB_PROFILE_SAMPLE)
			continue;
		stack_at[i] = (uint32_t)s->n_stacks;
		if (label_at)
			label_at[i] = (uint32_t)s->n_labels;
		TRY(read_sample(s, f.bytes, e));
		i++;
	}
	stack_at[i] = (uint32_t)s->n_stacks;
	if (label_at)
		label_at[i] = (uint32_t)s->n_labels;
	return OK;
}

enum err_code proto_read_samples(struct proto_reader *r, struct err *e)
{
	struct arena *a = &r->p->arena;
	struct sink s = { .r = r };
	uint32_t *stack_at = arena_alloc_raw(a, r->n.samples + 1, sizeof *stack_at);
	uint32_t *label_at = NULL;

	s.stacks = arena_alloc_raw(a, r->n.stacks, sizeof *s.stacks);
	s.values = arena_alloc_raw(a, r->n.values, sizeof *s.values);
	if (r->n.labels) {
		label_at = arena_alloc_raw(a, r->n.samples + 1, sizeof *label_at);
		s.labels = arena_alloc_raw(a, r->n.labels, sizeof *s.labels);
	}
	if (arena_failed(a))
		return FAIL_NOMEM(e);
	TRY(read_rows(&s, stack_at, label_at, e));
	r->samples_read = true;
	r->p->samples = (struct samples){
		.n = r->n.samples, .values = s.values, .stack_at = stack_at, .stacks = s.stacks
	};
	if (s.n_labels > 0) {
		r->p->samples.label_at = label_at;
		r->p->samples.labels = s.labels;
	}
	return OK;
}

enum err_code proto_check_samples(const struct proto_reader *r, struct err *e)
{
	if (r->p->n_sample_types == 0 && r->n.samples != 0)
		return FAIL(e, ERR_FORMAT, "missing sample type information");
	if (!r->fault.found)
		return OK;
	if (r->fault.nil_location)
		return FAIL(e, ERR_FORMAT, "sample has nil location");
	return FAIL(e, ERR_FORMAT, "mismatch: sample has %zu values vs. %" PRIu32 " types",
	    r->fault.n_values, r->p->n_sample_types);
}
