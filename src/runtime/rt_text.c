/* Text into growing bytes; see rt_text.h. */
#include "runtime/rt_text.h"

#define PRINT_MAX 16384

void rt_text_str(struct rt_bytes *out, struct str s)
{
	rt_bytes_add(out, s.p, s.n);
}

void rt_text_c(struct rt_bytes *out, const char *s)
{
	rt_text_str(out, str_c(s));
}

void rt_text_quoted(struct rt_bytes *out, struct str s)
{
	rt_text_c(out, "\"");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char text[8];
		struct fmt_buf b = fmt_buf_of(text, sizeof(text));

		if (c == '"' || c == '\\')
			fmt_char(&b, '\\');
		if (c == '\n' || c == '\t' || c == '\r') {
			fmt_c(&b, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
		} else if (c < 0x20 || c == 0x7f) {
			fmt_c(&b, "\\x");
			fmt_hex(&b, c, 2);
		} else {
			fmt_char(&b, (char)c);
		}
		rt_text_str(out, fmt_text(&b));
	}
	rt_text_c(out, "\"");
}

void rt_text_u64(struct rt_bytes *out, uint64_t v)
{
	char digits[24];
	struct fmt_buf b = fmt_buf_of(digits, sizeof(digits));

	fmt_u64(&b, v);
	rt_text_str(out, fmt_text(&b));
}

void rt_text_i64(struct rt_bytes *out, int64_t v)
{
	char digits[24];
	struct fmt_buf b = fmt_buf_of(digits, sizeof(digits));

	fmt_i64(&b, v);
	rt_text_str(out, fmt_text(&b));
}

void rt_text_hex(struct rt_bytes *out, uint64_t v)
{
	char digits[24];
	struct fmt_buf b = fmt_buf_of(digits, sizeof(digits));

	fmt_c(&b, "0x");
	fmt_hex(&b, v, 0);
	rt_text_str(out, fmt_text(&b));
}

void rt_text_from(struct rt_bytes *out, void (*print)(struct fmt_buf *))
{
	uint8_t *room = rt_bytes_room(out, PRINT_MAX);
	struct fmt_buf b;

	if (!room)
		return;
	b = fmt_buf_of((char *)room, PRINT_MAX);
	print(&b);
	out->n += b.n;
}
