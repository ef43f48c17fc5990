#include "base/buf.h"

#include <stdio.h>

#include "base/arena.h"
#include "core/ckd.h"

#define DRAIN_FROM ((size_t)128 << 10) /* bytes: a system call costs little beside making them */

void buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void buf_release(struct buf *b)
{
	alloc_put(b->p);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

void buf_drain(struct buf *b)
{
	if (!b->sink || b->failed || b->n < DRAIN_FROM)
		return;
	b->failed = !b->sink->take(b->sink, buf_str(b));
	b->n = 0;
}

bool buf_grow(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->failed)
		return false;
	if (!ckd_add_size(b->n, n, &need) || need > SIZE_MAX / 4) {
		b->failed = true;
		return false;
	}
	cap = b->cap ? b->cap * 2 : 256;
	if (cap < need)
		cap = need;
	p = alloc_resize(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	if (n && buf_reserve(b, n)) {
		memcpy(b->p + b->n, data, n);
		b->n += n;
	}
}

void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_fill(struct buf *b, char c, size_t n)
{
	if (n && buf_reserve(b, n)) {
		memset(b->p + b->n, c, n);
		b->n += n;
	}
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof digits - at);
}

void buf_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_char(b, '-');
	buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!buf_reserve(b, 128))
		return;
	va_copy(again, ap);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < b->cap - b->n) {
		b->n += (size_t)n;
	} else if (buf_reserve(b, (size_t)n + 1)) {
		vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *buf_c(struct buf *b)
{
	if (!buf_reserve(b, 1))
		return "";
	b->p[b->n] = '\0';
	return b->p;
}
