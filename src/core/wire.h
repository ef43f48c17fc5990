/*
 * Protobuf wire format: a cursor over bytes in memory, and a writer to a caller's buffer or sink.
 * No allocation, no messages: errors are values, the caller words them. Reads wire types 0, 1, 2
 * and 5 (groups are refused), as profile.proto never uses others.
 * Source: the Protocol Buffers encoding specification.
 */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

enum wire_status {
	WIRE_OK = 0,
	WIRE_BAD_VARINT, /* longer than 10 bytes, or cut off */
	WIRE_TOO_LONG,   /* a length or fixed value runs past the end */
	WIRE_BAD_TYPE,   /* a wire type that is not read */
};

struct wire_cursor {
	const uint8_t *p;
	const uint8_t *end;
};

/* One field: `bytes` is set for WIRE_BYTES, `value` for the others. */
struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;
	struct str bytes;
};

static inline struct wire_cursor wire_cursor_of(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (struct wire_cursor){ p, s.n ? p + s.n : p };
}

static inline bool wire_more(const struct wire_cursor *c)
{
	return c->p < c->end;
}

/* What is left. */
static inline struct str wire_rest(const struct wire_cursor *c)
{
	return (struct str){ (const char *)c->p, (size_t)(c->end - c->p) };
}

/* The general case of wire_get_varint, out of line. */
enum wire_status wire_get_varint_slow(struct wire_cursor *c, uint64_t *out);

static inline enum wire_status wire_get_varint(struct wire_cursor *c, uint64_t *out)
{
	if (c->p < c->end && *c->p < 0x80) {
		*out = *c->p++;
		return WIRE_OK;
	}
	return wire_get_varint_slow(c, out);
}

/* Reads the next field. On failure the cursor stands at the byte that could not be read. */
enum wire_status wire_get_field(struct wire_cursor *c, struct wire_field *out);

/*
 * A writer fills `buf`; when full it calls `flush` with what is there (false = stop) and goes on.
 * With no flush function a full buffer sets `failed`; later writes do nothing, so callers ask
 * once at the end. Lengths are written before contents, so a message's size is computed first
 * with the wire_size_* functions.
 */
struct wire_writer {
	uint8_t *buf;
	size_t used;
	size_t cap;
	bool (*flush)(void *ctx, const uint8_t *data, size_t n);
	void *ctx;
	bool failed;
};

void wire_put_bytes(struct wire_writer *w, const void *data, size_t n);
void wire_put_varint(struct wire_writer *w, uint64_t v);
/* Hands what is buffered to flush; false when anything failed since the start. */
bool wire_flush(struct wire_writer *w);

static inline void wire_put_tag(struct wire_writer *w, uint32_t number, enum wire_type type)
{
	wire_put_varint(w, (uint64_t)number << 3 | type);
}

/* A varint field, always written (0 too). */
void wire_put_uint(struct wire_writer *w, uint32_t number, uint64_t v);
/* A length-delimited field: text or a finished message. */
void wire_put_str(struct wire_writer *w, uint32_t number, struct str s);

static inline size_t wire_size_varint(uint64_t v)
{
	return ((size_t)(63 - __builtin_clzll(v | 1)) * 9 + 73) / 64;
}

static inline size_t wire_size_uint(uint32_t number, uint64_t v)
{
	return wire_size_varint((uint64_t)number << 3) + wire_size_varint(v);
}

/* Size of a length-delimited field whose contents are n bytes. */
static inline size_t wire_size_bytes(uint32_t number, size_t n)
{
	return wire_size_varint((uint64_t)number << 3) + wire_size_varint(n) + n;
}

#endif
