/*
 * What the parts of the profile.proto reader share: proto_decode.c (passes, strings, header),
 * proto_tables.c (mappings, functions, locations) and proto_samples.c. Nobody else includes it.
 */
#ifndef PROFILE_PROTO_READER_H
#define PROFILE_PROTO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/pbfields.h"
#include "core/str.h"
#include "core/wire.h"
#include "profile/idtable.h"
#include "profile/profile.h"

#define PROTO_FIELDS    ((size_t)PB_PROFILE_DOC_URL + 1)
#define PROTO_MAX_TYPES 4096             /* sample types; known profiles have at most ten */
#define PROTO_MAX_COUNT (UINT32_MAX / 2) /* rows, and what 32-bit offsets point at */
#define PROTO_MAX_TABLE (1u << 26)       /* entries of a table: some gigabytes of memory */
#define PROTO_MAX_FEW   (1u << 20)       /* mappings, comments: thousands are many */
#define PROTO_MAX_DEPTH 1024             /* lines of a location on average, when there are many */

struct proto_counts {
	uint64_t sample_types, samples, mappings, locations, lines, functions, strings, comments;
	uint64_t string_bytes;
	uint64_t stacks; /* frames of all samples */
	uint64_t values; /* of all samples */
	uint64_t labels; /* upper bound: empty ones are dropped later */
};

/* The stretch of the input from the first to behind the last occurrence of a field. */
struct proto_span {
	size_t begin;
	size_t end;
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
	struct str in; /* ends before the second profile of a concatenation */
	bool concatenated;
	bool bad_string;   /* an index outside the string table was met */
	bool samples_read; /* the wire format was right to the end */
	bool is_profile;
	struct proto_counts n;
	struct proto_span spans[PROTO_FIELDS];
	struct proto_header header;
	struct arena scratch;
	str_id *str_ids; /* by the file's index */
	uint32_t n_strings;
	struct idtable mapping_ids;
	struct idtable function_ids;
	struct idtable location_ids;
	struct proto_fault fault;
};

struct proto_value_type {
	uint64_t type; /* indices in the file's string table */
	uint64_t unit;
};

static inline void proto_reader_release(struct proto_reader *r)
{
	idtable_release(&r->mapping_ids);
	idtable_release(&r->function_ids);
	idtable_release(&r->location_ids);
	arena_release(&r->scratch);
}

/* Reads the next field of a message, or fails with the reader's words. */
enum err_code proto_field(struct wire_cursor *c, struct wire_field *f, struct err *e) MUST_USE;

#define PROTO_TOP_BITS 0x8080808080808080ULL

/* The next eight bytes, the first in the lowest bits; there must be as many. */
static inline uint64_t proto_load_word(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Drops the top bit of each of eight bytes and closes up: the value of a varint. */
static inline uint64_t proto_close_up(uint64_t v)
{
	v = (v & 0x007f007f007f007fULL) | (v & 0x7f007f007f007f00ULL) >> 1;
	v = (v & 0x00003fff00003fffULL) | (v & 0x3fff00003fff0000ULL) >> 2;
	return (v & 0x000000000fffffffULL) | (v & 0x0fffffff00000000ULL) >> 4;
}

/* wire_get_varint() without a branch that depends on the length, where eight bytes follow. */
static inline enum wire_status proto_get_varint(struct wire_cursor *c, uint64_t *out)
{
	uint64_t word, ends;

	if (c->end - c->p < 8)
		return wire_get_varint(c, out);
	word = proto_load_word(c->p);
	ends = ~word & PROTO_TOP_BITS;
	if (ends == 0)
		return wire_get_varint_slow(c, out);
	*out = proto_close_up(word & (ends ^ (ends - 1)));
	c->p += (unsigned)__builtin_ctzll(ends) / 8 + 1;
	return WIRE_OK;
}

/* proto_field() with the usual forms in line: a short tag, then bytes or a number. */
static inline MUST_USE enum err_code proto_quick_field(
    struct wire_cursor *c, struct wire_field *f, struct err *e)
{
	struct wire_cursor at = *c;
	uint8_t tag = *at.p++;
	uint64_t n;

	/* A short tag and a short number or length: most fields but ids and addresses. */
	if (at.p < at.end && *at.p < 0x80 && tag < 0x80 && (tag & 7) == WIRE_VARINT) {
		*f = (struct wire_field){ tag >> 3, WIRE_VARINT, *at.p, { "", 0 } };
		c->p = at.p + 1;
		return OK;
	}
	if ((tag & 0x80) || ((tag & 7) != WIRE_BYTES && (tag & 7) != WIRE_VARINT) ||
	    proto_get_varint(&at, &n) != WIRE_OK)
		return proto_field(c, f, e);
	f->number = tag >> 3;
	f->type = (enum wire_type)(tag & 7);
	f->value = n;
	f->bytes = (struct str){ "", 0 };
	if (f->type == WIRE_BYTES) {
		if (n > (uint64_t)(at.end - at.p))
			return proto_field(c, f, e);
		f->bytes = (struct str){ (const char *)at.p, (size_t)n };
		at.p += n;
	}
	c->p = at.p;
	return OK;
}

/* Reads a message of numbers: field i goes to *slots[i]; others are skipped. */
enum err_code proto_scalars(
    struct str message, uint64_t *const *slots, size_t n_slots, struct err *e) MUST_USE;
enum err_code proto_value_type(
    struct str message, struct proto_value_type *out, struct err *e) MUST_USE;

/* A cursor over a field's span; only for what pass 1 has found to be well-formed. */
struct wire_cursor proto_span_cursor(const struct proto_reader *r, uint32_t number);
/* Moves to the next field of that number; false at the end. */
bool proto_next(struct wire_cursor *c, uint32_t number, struct wire_field *f);

/* The id of a string; an index outside the table is noted and gives 0. */
str_id proto_string(struct proto_reader *r, uint64_t index);

/* proto_tables.c: mappings, functions and locations with their lines. */
enum err_code proto_read_tables(struct proto_reader *r, struct err *e) MUST_USE;

/* proto_samples.c */
enum err_code proto_count_sample(
    struct proto_counts *n, struct str message, struct err *e) MUST_USE;
enum err_code proto_read_samples(struct proto_reader *r, struct err *e) MUST_USE;
/* The noted fault, as check.h words it. */
enum err_code proto_check_samples(const struct proto_reader *r, struct err *e) MUST_USE;
/* How many varints end in these bytes. */
size_t proto_count_varints(struct str packed);

#endif
