#include "base/visible.h"

#include "base/utf8.h"

#define C1_FIRST 0x80 /* U+0080 … U+009F: some terminals take them for escape sequences too */
#define C1_END   0xa0

/* The character at the start of s, and its length; a byte that is no UTF-8 is one by itself. */
static size_t next(struct str s, uint32_t *c)
{
	if (!utf8_is_bad(s))
		return utf8_next(s, c);
	*c = (unsigned char)s.p[0];
	return 1;
}

static bool is_control(uint32_t c)
{
	if (c == '\n' || c == '\t')
		return false;
	return c < ' ' || c == 0x7f || (c >= C1_FIRST && c < C1_END);
}

void visible_add(struct buf *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = next(str_skip(s, i), &c);

		if (!is_control(c)) {
			i += n;
			continue;
		}
		buf_add(out, s.p + from, i - from);
		for (; n > 0; n--, i++)
			buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
		from = i;
	}
	buf_add(out, s.p + from, s.n - from);
}
