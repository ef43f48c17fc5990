/*
 * Percent-escapes of URLs. The tables state, per part, which punctuation stands for itself; letters
 * and digits always do. What is hard: they are Go's, whose String() decides what users see, and
 * not quite RFC 3986's.
 */
#include "net/url_escape.h"

/* Facts from Go's documentation of net/url and its behaviour (url.PathEscape and friends). */
static const char *const plain_bytes[] = {
	[URL_PART_HOST] = "-_.~!$&'()*+,;=:[]<>\"",
	[URL_PART_PATH] = "-_.~$&+,/:;=@",
	[URL_PART_USER] = "-_.~$&+,;=",
	[URL_PART_QUERY] = "-_.~",
	[URL_PART_FRAGMENT] = "-_.~$&+,/:;=?@!()*",
};

static bool is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_plain(unsigned char c, enum url_part part)
{
	return is_alnum(c) || (c && strchr(plain_bytes[part], c));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Value of the escape at s.p[i] ('%' stands there), or -1. */
static int escape_at(struct str s, size_t i)
{
	int high, low;

	if (s.n - i < 3)
		return -1;
	high = hex_digit(s.p[i + 1]);
	low = hex_digit(s.p[i + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

void url_escape(struct buf *out, struct str s, enum url_part part)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == ' ' && part == URL_PART_QUERY) {
			buf_char(out, '+');
		} else if (is_plain(c, part)) {
			buf_char(out, (char)c);
		} else {
			buf_char(out, '%');
			buf_char(out, digits[c >> 4]);
			buf_char(out, digits[c & 15]);
		}
	}
}

bool url_escapes_are_valid(struct str s, enum url_part part)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		int value;

		if (c != '%') {
			if (part == URL_PART_HOST && c < 0x80 && !is_plain(c, part))
				return false;
			continue;
		}
		value = escape_at(s, i);
		/* In a host only bytes beyond ASCII may be escaped, and '%' itself (zones). */
		if (value < 0 || (part == URL_PART_HOST && value < 0x80 && value != '%'))
			return false;
		i += 2;
	}
	return true;
}

bool url_unescape(struct buf *out, struct str s, enum url_part part)
{
	if (!url_escapes_are_valid(s, part))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			buf_char(out, (char)escape_at(s, i));
			i += 2;
		} else {
			buf_char(out, c == '+' && part == URL_PART_QUERY ? ' ' : c);
		}
	}
	return true;
}

bool url_is_escaped(struct str s, enum url_part part)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!is_plain(c, part) && (!c || !strchr("!$&'()*+,;=:@[]%", c)))
			return false;
	}
	return url_escapes_are_valid(s, part);
}
