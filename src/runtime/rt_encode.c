/*
 * A snapshot as profile.proto; see rt_encode.h. Called by profiles.c.
 *
 * Messages are written once, front to back, with their sizes computed before: samples first, which
 * numbers the locations by first use, then the tables. Strings have fixed places in the table: the
 * names of types and labels, then path and build id of each mapping, texts of labels,
 * then names of pseudo frames.
 * Source: profile.proto; Go's runtime/pprof for the choice of fields.
 */
#include "runtime/rt_encode.h"

#include <libdeflate.h>
#include <string.h>

#include "core/hash.h"
#include "core/pbfields.h"
#include "core/wire.h"
#include "runtime/modules.h"

/* Addresses to location ids, which are 1 + the order of first use. */
struct locations {
	struct rt_bytes order; /* uint64_t[]: addresses by id */
	struct rt_bytes slots; /* uint32_t[]: id, 0 free */
	size_t n, mask;
};

/* The string table: texts to their numbers, by order of first use. */
struct texts {
	struct rt_bytes order; /* struct str[] */
	struct rt_bytes slots; /* uint32_t[]: number + 1, 0 free */
	size_t n, mask;
};

struct encoder {
	struct wire_writer w;
	struct rt_bytes *out;
	struct rt_mappings mappings;
	struct locations locations;
	struct texts texts;
	struct rt_bytes functions; /* uint64_t[]: addresses that stand for frames without code */
	const struct rt_snapshot *snapshot;
	const struct rt_shape *shape;
	uint8_t buf[4096];
};

static uint64_t location_pc(const struct locations *l, size_t i)
{
	return ((const uint64_t *)(const void *)l->order.p)[i];
}

static bool resize_slots(struct locations *l, size_t slots)
{
	struct rt_bytes fresh = { 0 };
	uint8_t *p = rt_bytes_room(&fresh, slots * sizeof(uint32_t)); /* zero pages */
	uint32_t *slot = (uint32_t *)(void *)p;

	if (!p)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		size_t at = hash_u64(location_pc(l, i));

		while (slot[at & (slots - 1)])
			at++;
		slot[at & (slots - 1)] = (uint32_t)i + 1;
	}
	rt_bytes_release(&l->slots);
	l->slots = fresh;
	l->mask = slots - 1;
	return true;
}

/* The id of pc; 0 when memory is short. */
static uint32_t location_id(struct locations *l, uint64_t pc)
{
	uint32_t *slots;
	size_t at = hash_u64(pc);

	if (l->n * 2 >= l->mask && !resize_slots(l, l->mask ? (l->mask + 1) * 2 : 8192))
		return 0;
	slots = (uint32_t *)(void *)l->slots.p;
	for (;; at++) {
		uint32_t *slot = &slots[at & l->mask];

		if (*slot == 0) {
			rt_bytes_add(&l->order, &pc, sizeof(pc));
			if (l->order.failed)
				return 0;
			*slot = (uint32_t)++l->n;
			return *slot;
		}
		if (location_pc(l, *slot - 1) == pc)
			return *slot;
	}
}

static struct str text_at(const struct texts *t, size_t i)
{
	return ((const struct str *)(const void *)t->order.p)[i];
}

static bool resize_texts(struct texts *t, size_t slots)
{
	struct rt_bytes fresh = { 0 };
	uint8_t *p = rt_bytes_room(&fresh, slots * sizeof(uint32_t)); /* zero pages */
	uint32_t *slot = (uint32_t *)(void *)p;

	if (!p)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		struct str s = text_at(t, i);
		size_t at = hash_bytes(s.p, s.n);

		while (slot[at & (slots - 1)])
			at++;
		slot[at & (slots - 1)] = (uint32_t)i + 1;
	}
	rt_bytes_release(&t->slots);
	t->slots = fresh;
	t->mask = slots - 1;
	return true;
}

/* The number of this text; 0 also when memory is short. */
static size_t text_number(struct texts *t, struct str text)
{
	size_t at = hash_bytes(text.p, text.n);

	if (t->n * 2 >= t->mask && !resize_texts(t, t->mask ? (t->mask + 1) * 2 : 1024))
		return 0;
	for (;; at++) {
		uint32_t *slot = (uint32_t *)(void *)t->slots.p + (at & t->mask);

		if (*slot == 0) {
			rt_bytes_add(&t->order, &text, sizeof(text));
			if (t->order.failed)
				return 0;
			*slot = (uint32_t)++t->n;
			return *slot - 1;
		}
		if (str_eq(text_at(t, *slot - 1), text))
			return *slot - 1;
	}
}

/* The string table begins with the empty text, whatever else is there. */
static uint64_t text_id(struct encoder *e, struct str text)
{
	uint64_t id = text_number(&e->texts, text);

	e->w.failed = e->w.failed || e->texts.order.failed || !e->texts.slots.p;
	return id;
}

static uint64_t name_id(struct encoder *e, const char *name)
{
	return text_id(e, str_c(name));
}

static bool flush_to_bytes(void *ctx, const uint8_t *data, size_t n)
{
	struct rt_bytes *out = ctx;

	rt_bytes_add(out, data, n);
	return !out->failed;
}

static void put_value_type(struct encoder *e, uint32_t field, const struct rt_value_type *v)
{
	uint64_t type = name_id(e, v->type), unit = name_id(e, v->unit);
	struct wire_writer *w = &e->w;

	wire_put_tag(w, field, WIRE_BYTES);
	wire_put_varint(
	    w, wire_size_uint(PB_VALUE_TYPE_TYPE, type) + wire_size_uint(PB_VALUE_TYPE_UNIT, unit));
	wire_put_uint(w, PB_VALUE_TYPE_TYPE, type);
	wire_put_uint(w, PB_VALUE_TYPE_UNIT, unit);
}

/* A label: a number (unit 0 is none), or a text. */
struct label {
	uint64_t key, value, unit, text;
};

#define NUMBERS 3

static size_t text_labels(struct encoder *e, const struct rt_row *row, struct label *out)
{
	struct rt_label pairs[RT_ROW_LABELS];
	size_t n = rt_snapshot_labels(e->snapshot, row, pairs);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct label){ .key = text_id(e, pairs[i].key),
			.text = text_id(e, pairs[i].value) };
	return n;
}

static size_t labels_of(struct encoder *e, const struct rt_row *row, struct label *out)
{
	size_t n = 0;

	if (row->label_set || row->n_extra)
		n = text_labels(e, row, out);
	if (row->label_bytes)
		out[n++] = (struct label){ name_id(e, "bytes"), (uint64_t)row->label_bytes, 0, 0 };
	if (row->labels & RT_LABEL_AGE)
		out[n++] = (struct label){ name_id(e, "age"), row->age, name_id(e, "seconds"), 0 };
	if (row->labels & RT_LABEL_BORN)
		out[n++] =
		    (struct label){ name_id(e, "born"), row->born, name_id(e, "seconds"), 0 };
	return n;
}

/* Fields that are 0 are left out; readers take a number with a unit for 0 of it. */
static size_t label_size(const struct label *l)
{
	return wire_size_uint(PB_LABEL_KEY, l->key) +
	       (l->text ? wire_size_uint(PB_LABEL_STR, l->text) : 0) +
	       (l->value ? wire_size_uint(PB_LABEL_NUM, l->value) : 0) +
	       (l->unit ? wire_size_uint(PB_LABEL_NUM_UNIT, l->unit) : 0);
}

static void put_label(struct wire_writer *w, const struct label *l)
{
	wire_put_tag(w, PB_SAMPLE_LABEL, WIRE_BYTES);
	wire_put_varint(w, label_size(l));
	wire_put_uint(w, PB_LABEL_KEY, l->key);
	if (l->text)
		wire_put_uint(w, PB_LABEL_STR, l->text);
	if (l->value)
		wire_put_uint(w, PB_LABEL_NUM, l->value);
	if (l->unit)
		wire_put_uint(w, PB_LABEL_NUM_UNIT, l->unit);
}

static void put_sample(struct encoder *e, const struct rt_row *row)
{
	const struct rt_stack *stack = rt_snapshot_stack(e->snapshot, row);
	uint32_t ids[RT_STACK_DEPTH + 1];
	struct label labels[RT_ROW_LABELS + NUMBERS];
	size_t n_labels = labels_of(e, row, labels);
	size_t locations = 0, values = 0, size;

	for (uint32_t i = 0; i < stack->depth; i++) {
		ids[i] = location_id(&e->locations, stack->pc[i]);
		e->w.failed = e->w.failed || ids[i] == 0;
		locations += wire_size_varint(ids[i]);
	}
	for (unsigned v = 0; v < e->shape->n; v++)
		values += wire_size_varint((uint64_t)row->values[v]);
	size = wire_size_bytes(PB_SAMPLE_LOCATION_ID, locations) +
	       wire_size_bytes(PB_SAMPLE_VALUE, values);
	for (size_t i = 0; i < n_labels; i++)
		size += wire_size_bytes(PB_SAMPLE_LABEL, label_size(&labels[i]));
	wire_put_tag(&e->w, PB_PROFILE_SAMPLE, WIRE_BYTES);
	wire_put_varint(&e->w, size);
	wire_put_tag(&e->w, PB_SAMPLE_LOCATION_ID, WIRE_BYTES);
	wire_put_varint(&e->w, locations);
	for (uint32_t i = 0; i < stack->depth; i++)
		wire_put_varint(&e->w, ids[i]);
	wire_put_tag(&e->w, PB_SAMPLE_VALUE, WIRE_BYTES);
	wire_put_varint(&e->w, values);
	for (unsigned v = 0; v < e->shape->n; v++)
		wire_put_varint(&e->w, (uint64_t)row->values[v]);
	for (size_t i = 0; i < n_labels; i++)
		put_label(&e->w, &labels[i]);
}

static void put_mapping(struct encoder *e, size_t i)
{
	const struct rt_mapping *m = rt_mappings_at(&e->mappings, i);
	uint64_t path = text_id(e, m->path), build_id = name_id(e, m->build_id);
	size_t size = wire_size_uint(PB_MAPPING_ID, i + 1) +
		      wire_size_uint(PB_MAPPING_START, m->start) +
		      wire_size_uint(PB_MAPPING_LIMIT, m->end) +
		      wire_size_uint(PB_MAPPING_OFFSET, m->offset) +
		      wire_size_uint(PB_MAPPING_FILENAME, path) +
		      wire_size_uint(PB_MAPPING_BUILD_ID, build_id);

	wire_put_tag(&e->w, PB_PROFILE_MAPPING, WIRE_BYTES);
	wire_put_varint(&e->w, size);
	wire_put_uint(&e->w, PB_MAPPING_ID, i + 1);
	wire_put_uint(&e->w, PB_MAPPING_START, m->start);
	wire_put_uint(&e->w, PB_MAPPING_LIMIT, m->end);
	wire_put_uint(&e->w, PB_MAPPING_OFFSET, m->offset);
	wire_put_uint(&e->w, PB_MAPPING_FILENAME, path);
	wire_put_uint(&e->w, PB_MAPPING_BUILD_ID, build_id);
}

/* A frame that is no code: a location with a function, whose id is the pseudo address. */
static void put_pseudo_location(struct encoder *e, uint64_t id, uint64_t function)
{
	size_t line = wire_size_uint(PB_LINE_FUNCTION_ID, function);

	wire_put_tag(&e->w, PB_PROFILE_LOCATION, WIRE_BYTES);
	wire_put_varint(
	    &e->w, wire_size_uint(PB_LOCATION_ID, id) + wire_size_bytes(PB_LOCATION_LINE, line));
	wire_put_uint(&e->w, PB_LOCATION_ID, id);
	wire_put_tag(&e->w, PB_LOCATION_LINE, WIRE_BYTES);
	wire_put_varint(&e->w, line);
	wire_put_uint(&e->w, PB_LINE_FUNCTION_ID, function);
}

static void put_location(struct encoder *e, uint64_t id, uint64_t pc)
{
	/* Return addresses: one back is inside the call. */
	uint64_t address = pc - 1;
	uint64_t mapping = rt_mappings_find(&e->mappings, address) + 1;
	size_t size =
	    wire_size_uint(PB_LOCATION_ID, id) + wire_size_uint(PB_LOCATION_ADDRESS, address);
	bool mapped = mapping <= e->mappings.n;

	if (mapped)
		size += wire_size_uint(PB_LOCATION_MAPPING_ID, mapping);
	wire_put_tag(&e->w, PB_PROFILE_LOCATION, WIRE_BYTES);
	wire_put_varint(&e->w, size);
	wire_put_uint(&e->w, PB_LOCATION_ID, id);
	if (mapped)
		wire_put_uint(&e->w, PB_LOCATION_MAPPING_ID, mapping);
	wire_put_uint(&e->w, PB_LOCATION_ADDRESS, address);
}

static bool is_code(uint64_t pc)
{
	return pc >= RT_PC_PSEUDO_END && !(pc & RT_PC_NAMED);
}

/* Frames that are no code get functions 1..n, whose addresses are noted. */
static void put_locations(struct encoder *e)
{
	uint64_t functions = 0;

	for (size_t i = 0; i < e->locations.n; i++) {
		uint64_t pc = location_pc(&e->locations, i);

		if (is_code(pc)) {
			put_location(e, i + 1, pc);
			continue;
		}
		rt_bytes_add(&e->functions, &pc, sizeof(pc));
		put_pseudo_location(e, i + 1, ++functions);
	}
	e->w.failed = e->w.failed || e->functions.failed;
}

static void put_function(
    struct encoder *e, uint64_t id, uint64_t name, uint64_t system_name, uint64_t file)
{
	wire_put_tag(&e->w, PB_PROFILE_FUNCTION, WIRE_BYTES);
	wire_put_varint(&e->w, wire_size_uint(PB_FUNCTION_ID, id) +
				   wire_size_uint(PB_FUNCTION_NAME, name) +
				   wire_size_uint(PB_FUNCTION_SYSTEM_NAME, system_name) +
				   (file ? wire_size_uint(PB_FUNCTION_FILENAME, file) : 0));
	wire_put_uint(&e->w, PB_FUNCTION_ID, id);
	wire_put_uint(&e->w, PB_FUNCTION_NAME, name);
	wire_put_uint(&e->w, PB_FUNCTION_SYSTEM_NAME, system_name);
	if (file)
		wire_put_uint(&e->w, PB_FUNCTION_FILENAME, file);
}

static size_t n_functions(const struct encoder *e)
{
	return e->functions.n / sizeof(uint64_t);
}

static uint64_t function_pc(const struct encoder *e, size_t i)
{
	return ((const uint64_t *)(const void *)e->functions.p)[i];
}

static void put_functions(struct encoder *e)
{
	struct rt_frame_text text;

	for (size_t i = 0; i < n_functions(e); i++) {
		uint64_t pc = function_pc(e, i), name;

		if (rt_snapshot_frame_text(e->snapshot, pc, &text)) {
			put_function(e, i + 1, text_id(e, text.name), text_id(e, text.system_name),
			    text_id(e, text.file));
			continue;
		}
		name = text_id(e, rt_stacktab_pseudo_name(pc));
		put_function(e, i + 1, name, name, 0);
	}
}

static void put_strings(struct encoder *e)
{
	for (size_t i = 0; i < e->texts.n; i++)
		wire_put_str(&e->w, PB_PROFILE_STRING_TABLE, text_at(&e->texts, i));
}

static void put_comments(struct encoder *e, const struct rt_snapshot *s)
{
	struct str rest = { (const char *)s->comments.p, s->comments.n }, line;

	while (str_split(&rest, '\n', &line))
		if (line.n)
			wire_put_uint(&e->w, PB_PROFILE_COMMENT, text_id(e, line));
}

static void put_profile(struct encoder *e, const struct rt_snapshot *s)
{
	name_id(e, "");
	for (unsigned v = 0; v < e->shape->n; v++)
		put_value_type(e, PB_PROFILE_SAMPLE_TYPE, &e->shape->values[v]);
	for (size_t i = 0; i < s->n; i++)
		put_sample(e, rt_snapshot_row(s, i));
	for (size_t i = 0; i < e->mappings.n; i++)
		put_mapping(e, i);
	put_comments(e, s);
	put_locations(e);
	put_functions(e);
	wire_put_uint(&e->w, PB_PROFILE_TIME_NANOS, (uint64_t)s->time_ns);
	if (s->duration_ns)
		wire_put_uint(&e->w, PB_PROFILE_DURATION_NANOS, (uint64_t)s->duration_ns);
	put_value_type(e, PB_PROFILE_PERIOD_TYPE, &e->shape->period);
	wire_put_uint(&e->w, PB_PROFILE_PERIOD, s->rate);
	if (e->shape->default_type)
		wire_put_uint(
		    &e->w, PB_PROFILE_DEFAULT_SAMPLE_TYPE, name_id(e, e->shape->default_type));
	if (e->shape->drop_frames)
		wire_put_uint(&e->w, PB_PROFILE_DROP_FRAMES, name_id(e, e->shape->drop_frames));
	/* Last, as each of the others may have a new one. */
	put_strings(e);
}

bool rt_encode(const struct rt_snapshot *s, const struct rt_shape *shape, struct rt_bytes *out)
{
	struct encoder e = { .out = out, .snapshot = s, .shape = shape };
	bool good;

	e.w = (struct wire_writer){
		.buf = e.buf, .cap = sizeof(e.buf), .flush = flush_to_bytes, .ctx = out
	};
	rt_mappings_init(&e.mappings);
	put_profile(&e, s);
	good = wire_flush(&e.w);
	rt_mappings_release(&e.mappings);
	rt_bytes_release(&e.locations.order);
	rt_bytes_release(&e.locations.slots);
	rt_bytes_release(&e.functions);
	rt_bytes_release(&e.texts.order);
	rt_bytes_release(&e.texts.slots);
	return good;
}

void rt_encode_init(void)
{
	libdeflate_set_memory_allocator(rt_mem_new, rt_mem_free);
}

bool rt_encode_gzip(const struct rt_bytes *in, struct rt_bytes *out)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
	size_t bound = c ? libdeflate_gzip_compress_bound(c, in->n) : 0;
	uint8_t *room = c ? rt_bytes_room(out, bound) : NULL;
	size_t n = room ? libdeflate_gzip_compress(c, in->p, in->n, room, bound) : 0;

	if (c)
		libdeflate_free_compressor(c);
	out->n += n;
	return n > 0;
}
