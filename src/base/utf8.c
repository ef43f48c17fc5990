#include "base/utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* Number of bytes that a first byte asks for; 0 when it cannot be first. */
static size_t width_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF5 ? 4 : 0;
}

static bool is_character(uint32_t c, size_t width)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return c >= smallest[width] && c <= UTF8_MAX && !(c >= 0xD800 && c <= 0xDFFF);
}

size_t utf8_next(struct str s, uint32_t *c)
{
	unsigned char first;
	size_t width;
	uint32_t v;

	*c = UTF8_ERROR;
	if (s.n == 0)
		return 0;
	first = (unsigned char)s.p[0];
	width = width_of(first);
	if (width == 0 || width > s.n)
		return 1;
	if (width == 1) {
		*c = first;
		return 1;
	}
	v = first & (0x7Fu >> width);
	for (size_t i = 1; i < width; i++) {
		if (!is_tail((unsigned char)s.p[i]))
			return 1;
		v = v << 6 | ((unsigned char)s.p[i] & 0x3Fu);
	}
	if (!is_character(v, width))
		return 1;
	*c = v;
	return width;
}

bool utf8_is_bad(struct str s)
{
	uint32_t c;

	return utf8_next(s, &c) == 1 && c == UTF8_ERROR;
}

size_t utf8_valid_head(struct str s)
{
	size_t at = 0;

	while (at < s.n) {
		struct str rest = { s.p + at, s.n - at };
		uint32_t c;
		size_t width;

		if ((unsigned char)s.p[at] < 0x80) {
			at++;
			continue;
		}
		width = utf8_next(rest, &c);
		if (width == 1)
			return at;
		at += width;
	}
	return at;
}
