/*
 * Varints and fields of a profile.proto without a branch that depends on their length, for where
 * nearly all bytes of a large file are. Used by proto_samples.c and proto_stream.c.
 */
#ifndef PROFILE_PROTO_VARINT_H
#define PROFILE_PROTO_VARINT_H

#include "profile/proto_reader.h"

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

/* The same of a varint of at most four bytes, in half the steps. */
static inline uint32_t proto_close_up_short(uint32_t v)
{
	v = (v & 0x007f007fU) | (v & 0x7f007f00U) >> 1;
	return (v & 0x00003fffU) | (v & 0x3fff0000U) >> 2;
}

/* Bytes of the varint that ends at the lowest bit. */
static inline size_t proto_length(uint64_t ends)
{
	return (unsigned)__builtin_ctzll(ends) / 8 + 1;
}

/* The varint that begins a word and ends at the lowest bit of ends, which are those of all. */
static inline uint64_t proto_first(uint64_t word, uint64_t ends)
{
	uint64_t v = word & (ends ^ (ends - 1));

	return (uint32_t)ends ? proto_close_up_short((uint32_t)v) : proto_close_up(v);
}

/*
 * What follows is for loops whose cursor and field are in registers: their addresses are never
 * handed to a function, only those of copies, on the rare ways.
 */

/* The varint at p without a branch that depends on its length; NULL: ask proto_slow_varint(). */
static inline const uint8_t *proto_quick_varint(
    const uint8_t *p, const struct proto_cursor *c, uint64_t *out)
{
	uint64_t word, ends;
	const uint8_t *next;

	if (c->limit - p < 8)
		return NULL;
	word = proto_load_word(p);
	ends = ~word & PROTO_TOP_BITS;
	if (ends == 0)
		return NULL;
	next = p + proto_length(ends);
	*out = proto_first(word, ends);
	return next <= c->at.end ? next : NULL;
}

static inline enum wire_status proto_slow_varint(struct proto_cursor *c, uint64_t *out)
{
	struct wire_cursor at = c->at;
	uint64_t value = 0;
	enum wire_status status = wire_get_varint(&at, &value);

	c->at.p = at.p;
	*out = value;
	return status;
}

/* wire_get_varint(). */
static inline enum wire_status proto_get_varint(struct proto_cursor *c, uint64_t *out)
{
	const uint8_t *next = proto_quick_varint(c->at.p, c, out);

	if (!next)
		return proto_slow_varint(c, out);
	c->at.p = next;
	return WIRE_OK;
}

static inline enum err_code proto_slow_field(
    struct proto_cursor *c, struct wire_field *f, struct err *e)
{
	struct proto_cursor at = *c;
	struct wire_field got = { 0 };
	enum err_code code = proto_field(&at, &got, e);

	c->at.p = at.at.p;
	*f = got;
	return code;
}

/* proto_field() with the usual forms in line: a short tag, then bytes or a number. */
static inline __attribute__((always_inline)) MUST_USE enum err_code proto_fast_field(
    struct proto_cursor *c, struct wire_field *f, struct err *e)
{
	uint8_t tag = *c->at.p;
	const uint8_t *next = NULL;
	uint64_t n;

	if (!(tag & 0x80) && ((tag & 7) == WIRE_BYTES || (tag & 7) == WIRE_VARINT))
		next = proto_quick_varint(c->at.p + 1, c, &n);
	if (!next || ((tag & 7) == WIRE_BYTES && n > (uint64_t)(c->at.end - next)))
		return proto_slow_field(c, f, e);
	f->number = tag >> 3;
	f->type = (enum wire_type)(tag & 7);
	f->value = n;
	f->bytes = (struct str){ "", 0 };
	if (f->type == WIRE_BYTES) {
		f->bytes = (struct str){ (const char *)next, (size_t)n };
		next += n;
	}
	c->at.p = next;
	return OK;
}

/* Moves to the next field of that number; false at the end. Pass 1 has found all well-formed. */
static inline bool proto_next(struct proto_cursor *c, uint32_t number, struct wire_field *f)
{
	struct err none;

	while (wire_more(&c->at) && proto_fast_field(c, f, &none) == OK)
		if (f->number == number)
			return true;
	return false;
}

/*
 * Reads a message of numbers: that of field i, from 1 to last, goes to numbers[i], which are zero
 * before. Others are skipped.
 */
static inline __attribute__((always_inline)) MUST_USE enum err_code proto_numbers(
    struct proto_cursor c, uint64_t *numbers, uint32_t last, struct err *e)
{
	struct wire_field f;

	while (wire_more(&c.at)) {
		TRY(proto_fast_field(&c, &f, e));
		if (f.number == 0 || f.number > last)
			continue;
		if (f.type != WIRE_VARINT)
			return FAIL(e, ERR_FORMAT, "type mismatch");
		numbers[f.number] = f.value;
	}
	return OK;
}

#endif
