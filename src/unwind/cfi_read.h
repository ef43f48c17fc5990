/*
 * A bounded cursor over unwind information. Reading past the end yields zeros and sets `bad`, so
 * that a parser reads a record's fields in a row and asks once. Never moves past `end`.
 */
#ifndef UNWIND_CFI_READ_H
#define UNWIND_CFI_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cfi_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline size_t cfi_left(const struct cfi_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n bytes, or NULL (and bad) when there are not as many. */
static inline const uint8_t *cfi_bytes(struct cfi_reader *r, uint64_t n)
{
	const uint8_t *p = r->p;

	if (n > cfi_left(r)) {
		r->p = r->end;
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

/* An unsigned little-endian number of n <= 8 bytes; n is a constant at every call. */
static inline uint64_t cfi_fixed(struct cfi_reader *r, size_t n)
{
	const uint8_t *p = cfi_bytes(r, n);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, n);
	return v;
}

static inline uint8_t cfi_u8(struct cfi_reader *r)
{
	return (uint8_t)cfi_fixed(r, 1);
}

static inline uint16_t cfi_u16(struct cfi_reader *r)
{
	return (uint16_t)cfi_fixed(r, 2);
}

static inline uint32_t cfi_u32(struct cfi_reader *r)
{
	return (uint32_t)cfi_fixed(r, 4);
}

static inline uint64_t cfi_u64(struct cfi_reader *r)
{
	return cfi_fixed(r, 8);
}

/* LEB128 numbers; *shift is the number of bits read, the last byte's sign bit is its caller's. */
static inline uint64_t cfi_leb(struct cfi_reader *r, unsigned *shift, uint8_t *last)
{
	uint64_t v = 0;

	for (*shift = 0; *shift < 70; *shift += 7) {
		*last = cfi_u8(r);
		if (*shift < 64)
			v |= (uint64_t)(*last & 0x7f) << *shift;
		if (!(*last & 0x80)) {
			*shift += 7;
			return v;
		}
	}
	r->bad = true;
	return v;
}

static inline uint64_t cfi_uleb(struct cfi_reader *r)
{
	unsigned shift;
	uint8_t last;

	return cfi_leb(r, &shift, &last);
}

static inline int64_t cfi_sleb(struct cfi_reader *r)
{
	unsigned shift;
	uint8_t last;
	uint64_t v = cfi_leb(r, &shift, &last);

	if (shift < 64 && (last & 0x40))
		v |= ~0ULL << shift;
	return (int64_t)v;
}

#endif
