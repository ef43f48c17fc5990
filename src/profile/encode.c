/*
 * Messages are built in one scratch buffer and then copied behind their length, so that no size is
 * computed twice. Stacks are the bulk: where ids are 1 to n they are computed four at a time, else
 * each location's id is encoded once into a table, and a frame then costs one 8-byte copy.
 */
#include "profile/encode.h"

#include <stdlib.h>

#include "base/vec.h"
#include "core/pbfields.h"
#include "core/shortbytes.h"
#include "core/wire.h"
#include "profile/gzip.h"
#include "profile/labelsort.h"

#define PACK_ABOVE 2 /* repeated numbers: packed when there are more, as pprof writes them */
#define VARINT_MAX ((size_t)10)
#define HEAD_MAX   (1 + VARINT_MAX) /* of a field: tag and length */

#define COMPUTED_MAX ((uint32_t)0xfffffff) /* ids that take four bytes */

/* Bytes of samples that are packed at once: they are still in the caches then. */
#define PIECE ((size_t)512 << 10)

struct encoder {
	const struct profile *p;
	struct buf *out;
	struct gzip *zip;   /* when given, `out` is emptied into it piece by piece */
	struct buf message; /* scratch: the message being built */
	struct buf packed;  /* scratch: a packed field or an inner message */
	struct arena scratch;
	uint32_t *index;          /* by str_id: index in the written table, 0 not yet used */
	str_id *order;            /* by index: str_id */
	uint32_t n_strings;       /* with "" */
	short_bytes *location;    /* by index of location; NULL: ids are index + 1 */
	VEC(struct label) labels; /* of one sample, sorted */
};

static char *put_varint(char *at, uint64_t v)
{
	while (v >= 0x80) {
		*at++ = (char)(v | 0x80);
		v >>= 7;
	}
	*at++ = (char)v;
	return at;
}

static inline void add_varint(struct buf *b, uint64_t v)
{
	if ((b->cap - b->n >= VARINT_MAX && !b->failed) || buf_reserve(b, VARINT_MAX))
		b->n = (size_t)(put_varint(b->p + b->n, v) - b->p);
}

static void add_uint(struct buf *b, uint32_t field, uint64_t v)
{
	add_varint(b, (uint64_t)field << 3 | WIRE_VARINT);
	add_varint(b, v);
}

static void add_uint_unless_0(struct buf *b, uint32_t field, uint64_t v)
{
	if (v != 0)
		add_uint(b, field, v);
}

static void add_bytes(struct buf *b, uint32_t field, struct str s)
{
	add_varint(b, (uint64_t)field << 3 | WIRE_BYTES);
	add_varint(b, s.n);
	buf_add_str(b, s);
}

static void pack(struct encoder *e)
{
	gzip_add(e->zip, buf_str(e->out));
	e->out->n = 0;
}

/* Packs what is there, when it is enough. */
static void zip_piece(struct encoder *e)
{
	if (e->zip && e->out->n >= PIECE)
		pack(e);
}

/* Writes the message built in e->message. */
static void flush_message(struct encoder *e, uint32_t field)
{
	add_bytes(e->out, field, buf_str(&e->message));
	e->message.n = 0;
	zip_piece(e);
}

/* Strings: numbered when first asked for. */

static uint64_t string_index(struct encoder *e, str_id id)
{
	if (id != 0 && e->index[id] == 0) {
		e->order[e->n_strings] = id;
		e->index[id] = e->n_strings++;
	}
	return e->index[id];
}

static void add_value_type(struct encoder *e, uint32_t field, struct value_type t)
{
	add_uint_unless_0(&e->message, PB_VALUE_TYPE_TYPE, string_index(e, t.type));
	add_uint_unless_0(&e->message, PB_VALUE_TYPE_UNIT, string_index(e, t.unit));
	flush_message(e, field);
}

/* Labels: text before numbers, then by key; labels of one key keep their order. */

static bool label_sorts_before(const void *ctx, const struct label *a, const struct label *b)
{
	const struct profile *p = ctx;

	if (a->is_num != b->is_num)
		return b->is_num;
	return a->key != b->key && str_cmp(profile_str(p, a->key), profile_str(p, b->key)) < 0;
}

/* A sorted copy; NULL when memory is short. */
static const struct label *sort_labels(struct encoder *e, const struct label *labels, size_t n)
{
	e->labels.n = 0;
	if (!VEC_RESERVE(&e->labels, 2 * n)) /* and as much scratch */
		return NULL;
	memcpy(e->labels.p, labels, n * sizeof *labels);
	label_sort(e->labels.p, n, e->labels.p + n, label_sorts_before, e->p);
	return e->labels.p;
}

static void add_label(struct encoder *e, const struct label *l)
{
	struct buf *b = &e->packed;

	b->n = 0;
	add_uint_unless_0(b, PB_LABEL_KEY, string_index(e, l->key));
	if (!l->is_num) {
		add_uint_unless_0(b, PB_LABEL_STR, string_index(e, l->str));
	} else {
		add_uint_unless_0(b, PB_LABEL_NUM, (uint64_t)l->num);
		add_uint_unless_0(b, PB_LABEL_NUM_UNIT, string_index(e, l->unit));
	}
	add_bytes(&e->message, PB_SAMPLE_LABEL, buf_str(b));
}

static void add_labels(struct encoder *e, size_t sample)
{
	size_t n;
	const struct label *labels = sample_labels(e->p, sample, &n);

	if (n > 1)
		labels = sort_labels(e, labels, n);
	for (size_t i = 0; labels && i < n; i++)
		add_label(e, &labels[i]);
}

/* Samples. */

static short_bytes make_short(uint64_t v)
{
	char bytes[VARINT_MAX];

	return short_bytes_of(bytes, (size_t)(put_varint(bytes, v) - bytes));
}

/*
 * Ids that are index + 1, the usual case, are computed, four at a time: looking them up in a table
 * that is as large as the second cache takes longer. Each takes one to four bytes.
 */
typedef uint32_t four __attribute__((vector_size(16)));

/* The bytes of four ids, the first of each lowest, and how many there are. */
static inline void make_four(four id, uint32_t bytes[4], uint32_t n[4])
{
	four two = id > 0x7f, three = id > 0x3fff, all = id > 0x1fffff; /* ~0 where it is true */
	four v = (id & 0x7f) | (id & 0x3f80) << 1 | (id & 0x1fc000) << 2 | (id & 0xfe00000) << 3;
	four count = 1 - two - three - all;

	v |= (two & 0x80) | (three & 0x8000) | (all & 0x800000);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
#endif
	memcpy(bytes, &v, sizeof v);
	memcpy(n, &count, sizeof count);
}

/* Four ids, of which the first `some` count; up to three bytes are written behind the end. */
static inline char *put_four(char *at, four id, size_t some)
{
	uint32_t bytes[4], n[4];

	make_four(id, bytes, n);
#pragma GCC unroll 4
	for (size_t i = 0; i < 4 && i < some; i++) {
		memcpy(at, &bytes[i], 4);
		at += n[i];
	}
	return at;
}

static char *put_computed(char *at, const uint32_t *stack, size_t depth)
{
	four id = { 0 };

	for (; depth >= 4; depth -= 4, stack += 4) {
		memcpy(&id, stack, sizeof id);
		at = put_four(at, id + 1, 4);
	}
	memcpy(&id, stack, depth * sizeof *stack);
	return put_four(at, id + 1, depth);
}

static char *put_stack(const struct encoder *e, char *at, const uint32_t *stack, size_t depth)
{
	if (!e->location)
		return put_computed(at, stack, depth);
	for (size_t i = 0; i < depth; i++) {
		short_bytes v = e->location[stack[i]];

		at = v ? short_bytes_put(at, v) : put_varint(at, e->p->locations[stack[i]].id);
	}
	return at;
}

/*
 * Begins the message with a stack; returns where in e->message it begins. How long the packed ids
 * are is known only when they are written: so they come behind a gap and get their head then.
 */
static size_t add_stack(struct encoder *e, size_t sample)
{
	struct buf *b = &e->message;
	char head[HEAD_MAX], *end, *ids;
	size_t depth, n;
	const uint32_t *stack = sample_stack(e->p, sample, &depth);

	b->n = 0;
	if (depth <= PACK_ABOVE) {
		for (size_t i = 0; i < depth; i++)
			add_uint(b, PB_SAMPLE_LOCATION_ID, e->p->locations[stack[i]].id);
		return 0;
	}
	if (!buf_reserve(b, HEAD_MAX + depth * VARINT_MAX + sizeof(short_bytes)))
		return 0;
	ids = b->p + HEAD_MAX;
	end = put_stack(e, ids, stack, depth);
	head[0] = PB_SAMPLE_LOCATION_ID << 3 | WIRE_BYTES;
	n = (size_t)(put_varint(head + 1, (uint64_t)(end - ids)) - head);
	memcpy(ids - n, head, n);
	b->n = (size_t)(end - b->p);
	return HEAD_MAX - n;
}

static void add_values(struct encoder *e, size_t sample)
{
	const int64_t *values = sample_values(e->p, sample);
	uint32_t n = e->p->n_sample_types;

	if (n <= PACK_ABOVE) {
		for (uint32_t i = 0; i < n; i++)
			add_uint(&e->message, PB_SAMPLE_VALUE, (uint64_t)values[i]);
		return;
	}
	e->packed.n = 0;
	for (uint32_t i = 0; i < n; i++)
		add_varint(&e->packed, (uint64_t)values[i]);
	add_bytes(&e->message, PB_SAMPLE_VALUE, buf_str(&e->packed));
}

/* Tables are mostly names, which repeat themselves. */
static void end_of_samples(struct encoder *e)
{
	if (!e->zip)
		return;
	pack(e);
	gzip_other_data(e->zip);
}

static void add_samples(struct encoder *e)
{
	for (size_t i = 0; i < e->p->samples.n; i++) {
		size_t begin = add_stack(e, i);

		add_values(e, i);
		add_labels(e, i);
		add_bytes(e->out, PB_PROFILE_SAMPLE, str_skip(buf_str(&e->message), begin));
		zip_piece(e);
	}
	e->message.n = 0;
}

/* Tables. */

static void add_mapping(struct encoder *e, const struct mapping *m)
{
	struct buf *b = &e->message;

	add_uint_unless_0(b, PB_MAPPING_ID, m->id);
	add_uint_unless_0(b, PB_MAPPING_START, m->start);
	add_uint_unless_0(b, PB_MAPPING_LIMIT, m->limit);
	add_uint_unless_0(b, PB_MAPPING_OFFSET, m->offset);
	add_uint_unless_0(b, PB_MAPPING_FILENAME, string_index(e, m->file));
	add_uint_unless_0(b, PB_MAPPING_BUILD_ID, string_index(e, m->build_id));
	add_uint_unless_0(b, PB_MAPPING_HAS_FUNCTIONS, m->has_functions);
	add_uint_unless_0(b, PB_MAPPING_HAS_FILENAMES, m->has_filenames);
	add_uint_unless_0(b, PB_MAPPING_HAS_LINE_NUMBERS, m->has_line_numbers);
	add_uint_unless_0(b, PB_MAPPING_HAS_INLINE_FRAMES, m->has_inline_frames);
	flush_message(e, PB_PROFILE_MAPPING);
}

/* Fields of a line have numbers below 16, so that each key is one byte. */
static char *put_field_unless_0(char *at, uint32_t field, uint64_t v)
{
	if (!v)
		return at;
	*at++ = (char)(field << 3 | WIRE_VARINT);
	return put_varint(at, v);
}

/* Lines are the bulk of a profile with names: written in place, the length last. */
static void add_line(struct encoder *e, const struct line *l)
{
	const struct profile *p = e->p;
	const uint64_t function = l->function < p->n_functions ? p->functions[l->function].id : 0;
	struct buf *b = &e->message;
	char *length, *at;

	if (!buf_reserve(b, 2 + 3 * (1 + VARINT_MAX)))
		return;
	at = b->p + b->n;
	*at++ = (char)(PB_LOCATION_LINE << 3 | WIRE_BYTES);
	length = at++;
	at = put_field_unless_0(at, PB_LINE_FUNCTION_ID, function);
	at = put_field_unless_0(at, PB_LINE_LINE, (uint64_t)l->line);
	at = put_field_unless_0(at, PB_LINE_COLUMN, (uint64_t)l->column);
	*length = (char)(at - length - 1); /* at most 33 */
	b->n = (size_t)(at - b->p);
}

static void add_location(struct encoder *e, const struct location *l)
{
	const struct profile *p = e->p;
	struct buf *b = &e->message;
	uint64_t mapping = l->mapping < p->n_mappings ? p->mappings[l->mapping].id : 0;

	add_uint_unless_0(b, PB_LOCATION_ID, l->id);
	add_uint_unless_0(b, PB_LOCATION_MAPPING_ID, mapping);
	add_uint_unless_0(b, PB_LOCATION_ADDRESS, l->address);
	for (uint32_t i = 0; i < l->n_lines; i++)
		add_line(e, &location_lines(p, l)[i]);
	add_uint_unless_0(b, PB_LOCATION_IS_FOLDED, l->is_folded);
	flush_message(e, PB_PROFILE_LOCATION);
}

static void add_function(struct encoder *e, const struct function *f)
{
	struct buf *b = &e->message;

	add_uint_unless_0(b, PB_FUNCTION_ID, f->id);
	add_uint_unless_0(b, PB_FUNCTION_NAME, string_index(e, f->name));
	add_uint_unless_0(b, PB_FUNCTION_SYSTEM_NAME, string_index(e, f->system_name));
	add_uint_unless_0(b, PB_FUNCTION_FILENAME, string_index(e, f->filename));
	add_uint_unless_0(b, PB_FUNCTION_START_LINE, (uint64_t)f->start_line);
	flush_message(e, PB_PROFILE_FUNCTION);
}

static void add_tables(struct encoder *e)
{
	const struct profile *p = e->p;

	for (uint32_t i = 0; i < p->n_mappings; i++)
		add_mapping(e, &p->mappings[i]);
	for (uint32_t i = 0; i < p->n_locations; i++)
		add_location(e, &p->locations[i]);
	for (uint32_t i = 0; i < p->n_functions; i++)
		add_function(e, &p->functions[i]);
}

/* What follows the string table in the file but may still add strings to it. */
static void number_tail_strings(struct encoder *e)
{
	const struct profile *p = e->p;

	string_index(e, p->drop_frames);
	string_index(e, p->keep_frames);
	string_index(e, p->period_type.type);
	string_index(e, p->period_type.unit);
	for (uint32_t i = 0; i < p->n_comments; i++)
		string_index(e, p->comments[i]);
	string_index(e, p->default_sample_type);
	string_index(e, p->doc_url);
}

static void add_comments(struct encoder *e)
{
	const struct profile *p = e->p;

	if (p->n_comments <= PACK_ABOVE) {
		for (uint32_t i = 0; i < p->n_comments; i++)
			add_uint(e->out, PB_PROFILE_COMMENT, string_index(e, p->comments[i]));
		return;
	}
	for (uint32_t i = 0; i < p->n_comments; i++)
		add_varint(&e->message, string_index(e, p->comments[i]));
	flush_message(e, PB_PROFILE_COMMENT);
}

static void add_tail(struct encoder *e)
{
	const struct profile *p = e->p;
	struct buf *b = e->out;

	number_tail_strings(e);
	for (uint32_t i = 0; i < e->n_strings; i++) {
		add_bytes(b, PB_PROFILE_STRING_TABLE, profile_str(p, e->order[i]));
		zip_piece(e);
	}
	add_uint_unless_0(b, PB_PROFILE_DROP_FRAMES, string_index(e, p->drop_frames));
	add_uint_unless_0(b, PB_PROFILE_KEEP_FRAMES, string_index(e, p->keep_frames));
	add_uint_unless_0(b, PB_PROFILE_TIME_NANOS, (uint64_t)p->time_ns);
	add_uint_unless_0(b, PB_PROFILE_DURATION_NANOS, (uint64_t)p->duration_ns);
	if (p->period_type.type || p->period_type.unit)
		add_value_type(e, PB_PROFILE_PERIOD_TYPE, p->period_type);
	add_uint_unless_0(b, PB_PROFILE_PERIOD, (uint64_t)p->period);
	add_comments(e);
	add_uint(b, PB_PROFILE_DEFAULT_SAMPLE_TYPE, string_index(e, p->default_sample_type));
	add_uint_unless_0(b, PB_PROFILE_DOC_URL, string_index(e, p->doc_url));
}

/*
 * About the size of the samples: growing step by step would copy a large profile and leave holes of
 * its size in the heap. What is not needed of it is never touched. Packed it goes out in pieces.
 */
static size_t guess_size(const struct encoder *e)
{
	const struct profile *p = e->p;
	size_t n = p->samples.n, frames = n ? p->samples.stack_at[n] : 0;
	size_t labels = n && p->samples.label_at ? p->samples.label_at[n] : 0;
	size_t guess = frames * 3 + n * (8 + (size_t)p->n_sample_types * 6) + labels * 10;

	return e->zip ? 2 * PIECE : guess;
}

static bool ids_are_computed(const struct profile *p)
{
	if (p->n_locations > COMPUTED_MAX)
		return false;
	for (uint32_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].id != (uint64_t)i + 1)
			return false;
	return true;
}

static void make_locations(struct encoder *e)
{
	const struct profile *p = e->p;

	e->location = arena_alloc_raw(&e->scratch, p->n_locations, sizeof *e->location);
	for (uint32_t i = 0; e->location && i < p->n_locations; i++)
		e->location[i] = make_short(p->locations[i].id);
}

static bool encoder_init(struct encoder *e)
{
	const struct profile *p = e->p;

	if (!buf_reserve(e->out, guess_size(e)))
		return false;

	e->index = ARENA_ARRAY(&e->scratch, uint32_t, p->strings.n);
	e->order = ARENA_ARRAY(&e->scratch, str_id, p->strings.n);
	e->n_strings = 1;
	if (!ids_are_computed(p))
		make_locations(e);
	return !arena_failed(&e->scratch);
}

/* Writes to enc->out all but what has gone to enc->zip. */
static MUST_USE enum err_code encode(struct encoder *enc, struct err *e)
{
	const struct profile *p = enc->p;
	bool failed = !encoder_init(enc);

	if (!failed) {
		for (uint32_t i = 0; i < p->n_sample_types; i++)
			add_value_type(enc, PB_PROFILE_SAMPLE_TYPE, p->sample_types[i]);
		add_samples(enc);
		end_of_samples(enc);
		add_tables(enc);
		add_tail(enc);
		failed = buf_failed(enc->out) || buf_failed(&enc->message) ||
			 buf_failed(&enc->packed) || enc->labels.failed;
	}
	buf_release(&enc->message);
	buf_release(&enc->packed);
	arena_release(&enc->scratch);
	VEC_RELEASE(&enc->labels);
	return failed ? FAIL_NOMEM(e) : OK;
}

enum err_code profile_encode(const struct profile *p, struct buf *out, struct err *e)
{
	struct encoder enc = { .p = p, .out = out };

	return encode(&enc, e);
}

enum err_code profile_encode_gzip(const struct profile *p, struct buf *out, struct err *e)
{
	struct buf raw = { 0 };
	struct gzip zip = { 0 };
	struct encoder enc = { .p = p, .out = &raw, .zip = &zip };
	enum err_code code;

	gzip_begin(&zip, out);
	code = encode(&enc, e);
	if (code == OK)
		gzip_add(&zip, buf_str(&raw));
	buf_release(&raw);
	return gzip_end(&zip) || code != OK ? code : FAIL_NOMEM(e);
}
