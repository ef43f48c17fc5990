/*
 * A growing byte buffer: how reports and encoders build their output. Fails stickily: after a
 * failed grow later writes do nothing, and buf_failed() is asked once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/* Where the bytes of a buffer go that need not all be in memory, see buf_drain(). */
struct buf_sink {
	/* False when they cannot be taken; then the buffer fails, and the sink knows why. */
	bool (*take)(struct buf_sink *sink, struct str bytes);
};

struct buf {
	char *p;
	size_t n;
	size_t cap;
	bool failed;
	struct buf_sink *sink; /* borrowed; NULL: the buffer keeps everything */
};

/* A zero struct is a valid empty buffer. */
void buf_init(struct buf *b);
void buf_release(struct buf *b);
/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *b);

/*
 * Called between the parts of a large output: what has been written so far is final. When it is
 * much and there is a sink, the sink takes it, and the buffer begins again.
 */
void buf_drain(struct buf *b);

static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

/* buf_reserve's slow half: callers use that. */
bool buf_grow(struct buf *b, size_t n);

/* Makes room for n more bytes; false when the buffer has failed. Asked for each number written. */
static inline bool buf_reserve(struct buf *b, size_t n)
{
	return b->cap - b->n >= n && !b->failed ? true : buf_grow(b, n);
}

void buf_add(struct buf *b, const void *data, size_t n);
void buf_add_str(struct buf *b, struct str s);
/* n copies of the byte c. */
void buf_fill(struct buf *b, char c, size_t n);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static inline void buf_char(struct buf *b, char c)
{
	if (b->n < b->cap && !b->failed)
		b->p[b->n++] = c;
	else
		buf_add(b, &c, 1);
}

/* A string literal. */
#define BUF_LIT(b, literal) buf_add((b), "" literal, sizeof(literal) - 1)

/* Borrowed view of the contents, valid until the next write. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->n ? b->p : "", b->n };
}

/* Contents as a C string (a NUL is put behind them), "" when failed; valid until the next write. */
const char *buf_c(struct buf *b);

#endif
