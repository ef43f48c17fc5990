/*
 * Writes profile.proto messages byte by byte, so that tests can also write what no encoder would:
 * wrong types, indices outside their tables, fields twice. Failures of memory show as wrong bytes.
 */
#ifndef GEN_RAWPROTO_H
#define GEN_RAWPROTO_H

#include <stdint.h>

#include "base/buf.h"
#include "core/pbfields.h"
#include "core/str.h"

static inline void raw_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_char(b, (char)(v | 0x80));
	buf_char(b, (char)v);
}

static inline void raw_uint(struct buf *b, uint32_t field, uint64_t v)
{
	raw_varint(b, (uint64_t)field << 3);
	raw_varint(b, v);
}

static inline void raw_bytes(struct buf *b, uint32_t field, struct str s)
{
	raw_varint(b, (uint64_t)field << 3 | 2);
	raw_varint(b, s.n);
	buf_add_str(b, s);
}

/* Writes `inner` as a message and empties it for the next. */
static inline void raw_message(struct buf *b, uint32_t field, struct buf *inner)
{
	raw_bytes(b, field, buf_str(inner));
	buf_clear(inner);
}

/* Pairs of field and value, ended by field 0. */
static inline void raw_numbers(struct buf *b, const uint64_t *pairs)
{
	for (; pairs[0] != 0; pairs += 2)
		raw_uint(b, (uint32_t)pairs[0], pairs[1]);
}

/* A message of numbers only: raw_simple(b, PB_PROFILE_FUNCTION, 1, id, 2, name). */
#define raw_simple(b, field, ...)                                                                  \
	do {                                                                                       \
		struct buf raw_inner = { 0 };                                                      \
		raw_numbers(&raw_inner, (uint64_t[]){ __VA_ARGS__, 0 });                           \
		raw_message((b), (field), &raw_inner);                                             \
		buf_release(&raw_inner);                                                           \
	} while (0)

static inline void raw_strings(struct buf *b, const char *const *strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		raw_bytes(b, PB_PROFILE_STRING_TABLE, str_c(strings[i]));
}

#endif
