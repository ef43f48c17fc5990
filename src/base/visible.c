#include "base/visible.h"

/* Bytes at the start of s that are one control character; 0 for other text. */
static size_t control_length(struct str s)
{
	const unsigned char c = (unsigned char)s.p[0];

	if (c == '\n' || c == '\t')
		return 0;
	if (c < ' ' || c == 0x7f)
		return 1;
	/* U+0080 … U+009F: some terminals take them for escape sequences too. */
	if (c == 0xc2 && s.n > 1 && (unsigned char)s.p[1] >= 0x80 && (unsigned char)s.p[1] < 0xa0)
		return 2;
	return 0;
}

void visible_add(struct buf *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n;) {
		size_t n = control_length(str_skip(s, i));

		if (n == 0) {
			i++;
			continue;
		}
		buf_add(out, s.p + from, i - from);
		for (; n > 0; n--, i++)
			buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
		from = i;
	}
	buf_add(out, s.p + from, s.n - from);
}
