/*
 * A checked cursor over bytes of a DWARF section. For dwarf_abbrev.c, dwarf_tree.c and
 * dwarf_rows.c: the hot loops that libdw is too slow for. Reading past the end gives zeros and
 * sets `failed`, so that a loop asks once a step.
 */
#ifndef OBJECT_DWARF_BYTES_H
#define OBJECT_DWARF_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/str.h"

#define DWARF_IS_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

struct dwarf_bytes {
	const uint8_t *p, *end;
	bool failed;
	bool swap; /* the file's byte order is not ours */
};

static inline void dwarf_bytes_fail(struct dwarf_bytes *b)
{
	b->failed = true;
	b->p = b->end;
}

static inline size_t dwarf_bytes_left(const struct dwarf_bytes *b)
{
	return (size_t)(b->end - b->p);
}

static inline void dwarf_skip(struct dwarf_bytes *b, uint64_t n)
{
	if (n > dwarf_bytes_left(b))
		dwarf_bytes_fail(b);
	else
		b->p += n;
}

static inline uint8_t dwarf_u8(struct dwarf_bytes *b)
{
	if (b->p >= b->end) {
		b->failed = true;
		return 0;
	}
	return *b->p++;
}

/* An unsigned number of 1 to 8 bytes. */
static inline uint64_t dwarf_fixed(struct dwarf_bytes *b, unsigned n)
{
	uint64_t v = 0;

	if (n > 8 || n > dwarf_bytes_left(b)) {
		dwarf_bytes_fail(b);
		return 0;
	}
	/* Sizes that the compiler knows: else each number of a large tree is a call of memcpy. */
	if (n == 4 && DWARF_IS_LITTLE)
		memcpy(&v, b->p, 4);
	else if (n == 8 && DWARF_IS_LITTLE)
		memcpy(&v, b->p, 8);
	else if (n == 1 && DWARF_IS_LITTLE)
		v = *b->p;
	else
		memcpy((char *)&v + (DWARF_IS_LITTLE ? 0 : 8 - n), b->p, n);
	b->p += n;
	return b->swap && n ? __builtin_bswap64(v) >> (64 - 8 * n) : v;
}

/* Bits beyond 64 are dropped. */
static inline uint64_t dwarf_uleb(struct dwarf_bytes *b)
{
	uint64_t v = 0;
	unsigned shift = 0;

	if (b->p < b->end && *b->p < 0x80)
		return *b->p++;
	while (b->p < b->end) {
		const uint8_t c = *b->p++;

		if (shift < 64)
			v |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
		if (!(c & 0x80))
			return v;
	}
	b->failed = true;
	return 0;
}

static inline int64_t dwarf_sleb(struct dwarf_bytes *b)
{
	uint64_t v = 0;
	unsigned shift = 0;

	while (b->p < b->end) {
		const uint8_t c = *b->p++;

		if (shift < 64)
			v |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
		if (c & 0x80)
			continue;
		if (shift < 64 && (c & 0x40))
			v |= ~(uint64_t)0 << shift;
		return (int64_t)v;
	}
	b->failed = true;
	return 0;
}

/* A text and the NUL behind it. */
static inline struct str dwarf_text(struct dwarf_bytes *b)
{
	const uint8_t *start = b->p;
	const uint8_t *end = memchr(start, 0, dwarf_bytes_left(b));

	if (!end) {
		dwarf_bytes_fail(b);
		return STR("");
	}
	b->p = end + 1;
	return (struct str){ (const char *)start, (size_t)(end - start) };
}

#endif
