/*
 * Text into a caller's bounded buffer, without stdio or locale: for the runtime, where printf may
 * allocate, and for hot text output in the tool. Called from anywhere, signal handlers too.
 *
 * Sticky failure: what does not fit is cut at the buffer's end and `failed` is set; later calls do
 * nothing, so that callers ask once, at the end.
 */
#ifndef CORE_FMT_H
#define CORE_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/* The first n of cap bytes at p are written. Not NUL-terminated unless fmt_end is called. */
struct fmt_buf {
	char *p;
	size_t n;
	size_t cap;
	bool failed;
};

static inline struct fmt_buf fmt_buf_of(char *p, size_t cap)
{
	return (struct fmt_buf){ p, 0, cap, false };
}

/* What is written so far; borrowed, valid as long as the caller's buffer. */
static inline struct str fmt_text(const struct fmt_buf *b)
{
	return (struct str){ b->p, b->n };
}

void fmt_str(struct fmt_buf *b, struct str s);
/* A NUL-terminated string; NULL writes nothing. */
void fmt_c(struct fmt_buf *b, const char *s);
void fmt_char(struct fmt_buf *b, char c);
/* Decimal. */
void fmt_u64(struct fmt_buf *b, uint64_t v);
void fmt_i64(struct fmt_buf *b, int64_t v);
/* Decimal, right-aligned with spaces to `width` bytes; wider numbers are written whole. */
void fmt_u64_pad(struct fmt_buf *b, uint64_t v, size_t width);
/* Lower-case hexadecimal without a prefix, zero-padded to `digits` (0: as short as possible). */
void fmt_hex(struct fmt_buf *b, uint64_t v, size_t digits);
/* Each byte as two lower-case hexadecimal digits. */
void fmt_hex_bytes(struct fmt_buf *b, struct str bytes);
/*
 * v with exactly `decimals` (at most 9) digits after the point, the last one rounded half away
 * from zero on the scaled value. "NaN", "+Inf" and "-Inf" as such. A magnitude of 2^63 or more
 * after scaling does not fit this simple method and sets `failed`.
 */
void fmt_fixed(struct fmt_buf *b, double v, unsigned decimals);

/*
 * Puts a NUL after the text (not counted in n), over the last byte when the buffer is full (then
 * `failed` is set). Returns the buffer, or "" when cap is 0.
 */
const char *fmt_end(struct fmt_buf *b);

#endif
