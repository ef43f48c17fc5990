/*
 * What the parts of the profile.proto reader share: proto_decode.c (passes, strings, header),
 * proto_tables.c (mappings, functions, locations), proto_samples.c with proto_resolve.c, and
 * proto_stream.c. Nobody else includes it.
 */
#ifndef PROFILE_PROTO_READER_H
#define PROFILE_PROTO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/pbfields.h"
#include "core/str.h"
#include "core/wire.h"
#include "profile/idtable.h"
#include "profile/profile.h"
#include "profile/proto_decode.h"

#define PROTO_FIELDS    ((size_t)PB_PROFILE_DOC_URL + 1)
#define PROTO_MAX_TYPES 4096             /* sample types; known profiles have at most ten */
#define PROTO_MAX_COUNT (UINT32_MAX / 2) /* rows, and what 32-bit offsets point at */
#define PROTO_MAX_TABLE (1u << 26)       /* entries of a table: some gigabytes of memory */
#define PROTO_MAX_FEW   (1u << 20)       /* mappings, comments: thousands are many */
#define PROTO_MAX_DEPTH 1024             /* lines of a location on average, when there are many */

struct proto_counts {
	uint64_t sample_types, mappings, locations, functions, strings, comments;
	uint64_t string_bytes;
};

#define PROTO_NO_FRAME UINT32_MAX /* a frame with the id 0 */
#define PROTO_WILD     (1u << 31) /* a frame whose id is wild.p[frame less this bit] */

/*
 * Samples while the tables are not known: a frame is its location's id less one, strings of labels
 * are indices in the file's table. A zero struct is a valid empty one.
 */
struct proto_samples {
	VEC(uint32_t) stack_at; /* one a sample, and one more at the end */
	VEC(uint32_t) stacks;
	VEC(int64_t) values;
	VEC(uint32_t) label_at; /* as stack_at, but empty until there is a label */
	VEC(struct label) labels;
	VEC(uint64_t) wild; /* ids of more than 31 bits */
	struct map wild_map;
	uint32_t max_frame;   /* the largest in stacks, when there is one */
	uint32_t dropped_key; /* the largest of labels that say nothing: it must be right too */
	size_t n_values;      /* of the first sample */
	size_t odd_sample;    /* the first that has another number of values, 0: none */
	size_t odd_values;
	bool failed; /* memory */
};

/*
 * What is left of a message. Its bytes lie in a larger piece of memory as a rule: so far may be
 * read (not used) beyond its end, which spares asking for each number how many bytes are left.
 */
struct proto_cursor {
	struct wire_cursor at;
	const uint8_t *limit;
};

static inline struct proto_cursor proto_cursor_of(struct str piece)
{
	struct wire_cursor at = wire_cursor_of(piece);

	return (struct proto_cursor){ at, at.end };
}

/* A message within another. */
static inline struct proto_cursor proto_inside(const struct proto_cursor *c, struct str message)
{
	return (struct proto_cursor){ wire_cursor_of(message), c->limit };
}

/*
 * Where the fields of each number are: a stretch of memory from the first to behind the last, with
 * other fields in between or not.
 */
struct proto_spans {
	struct str of[PROTO_FIELDS];
	struct proto_counts n;
};

/*
 * Fields that were put apart while they came: those of three tables by their number, and all others
 * but samples. A zero struct is a valid empty one.
 */
struct proto_parts {
	struct buf of[PROTO_FIELDS];
	struct buf others;
	struct proto_counts n; /* of the tables */
};

struct proto_header {
	uint64_t scalars[PROTO_FIELDS];
	struct str period_type; /* the last one */
};

/* The first sample that does not fit its tables; told when nothing else is wrong. */
struct proto_fault {
	bool found;
	bool nil_location; /* else: wrong number of values */
	size_t n_values;
};

struct proto_reader {
	struct profile *p;
	struct proto_samples *samples;
	struct proto_parts *parts; /* NULL: all is in one piece */
	VEC(struct line) lines;
	struct str in; /* ends before the second profile of a concatenation */
	bool concatenated;
	bool bad_string;   /* an index outside the string table was met */
	bool samples_read; /* the wire format was right to the end */
	bool is_profile;
	struct proto_spans spans;
	struct proto_header header;
	struct arena scratch;
	str_id *str_ids; /* by the file's index */
	uint32_t n_strings;
	struct idtable mapping_ids;
	struct idtable function_ids;
	struct idtable location_ids;
	struct proto_fault fault;
};

static inline void proto_reader_release(struct proto_reader *r)
{
	idtable_release(&r->mapping_ids);
	idtable_release(&r->function_ids);
	idtable_release(&r->location_ids);
	VEC_RELEASE(&r->lines);
	arena_release(&r->scratch);
}

/* Reads the next field of a message, or fails with the reader's words. */
enum err_code proto_field(struct proto_cursor *c, struct wire_field *f, struct err *e) MUST_USE;

/* Counts a field of the profile, which is of the right type. */
void proto_count_field(struct proto_counts *n, const struct wire_field *f);
/*
 * The second half of profile_proto_decode(), when the samples were read and all else was put apart.
 * Empties *parts as their contents are no longer needed.
 */
enum err_code proto_decode_parts(struct profile *out, struct proto_parts *parts,
    struct proto_samples *samples, struct err *e) MUST_USE;

/* A cursor over a field's span; only for what pass 1 has found to be well-formed. */
struct proto_cursor proto_span_cursor(const struct proto_reader *r, uint32_t number);
/* A field's span is read and no longer needed. */
void proto_span_done(struct proto_reader *r, uint32_t number);

/* The id of a string; an index outside the table is noted and gives 0. */
str_id proto_string(struct proto_reader *r, uint64_t index);

/* proto_tables.c: mappings, functions and locations with their lines. */
enum err_code proto_read_tables(struct proto_reader *r, struct err *e) MUST_USE;

/* proto_samples.c: adds what a sample's message says. Errors are those of the wire format. */
enum err_code proto_add_sample(
    struct proto_samples *s, struct proto_cursor message, struct err *e) MUST_USE;
/* After the last sample. */
enum err_code proto_end_samples(struct proto_samples *s, struct err *e) MUST_USE;
void proto_samples_release(struct proto_samples *s);

/* proto_resolve.c: moves the samples into the profile, whose tables are read. */
enum err_code proto_resolve_samples(
    struct proto_reader *r, struct proto_samples *s, struct err *e) MUST_USE;
/* The noted fault, as check.h words it. */
enum err_code proto_check_samples(const struct proto_reader *r, struct err *e) MUST_USE;
/* How many varints end in these bytes. */
size_t proto_count_varints(struct str packed);

#endif
