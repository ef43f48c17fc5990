/* Strings in JSON; see json_text.h. */
#include "base/json_text.h"

#include "base/utf8.h"

void json_text(struct buf *out, struct str s)
{
	uint32_t c;

	buf_char(out, '"');
	while (s.n > 0) {
		const bool bad = utf8_is_bad(s);
		const size_t n = utf8_next(s, &c);

		if (bad)
			BUF_LIT(out, "\\ufffd");
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else
			buf_add(out, s.p, n);
		s = str_skip(s, n);
	}
	buf_char(out, '"');
}
