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
static inline __attribute__((always_inline)) MUST_USE enum err_code proto_fast_field(
    struct wire_cursor *c, struct wire_field *f, struct err *e)
{
	struct wire_cursor at = *c;
	uint64_t n;
	uint8_t tag = *at.p++;

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

#endif
