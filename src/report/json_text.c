#include "report/json_text.h"

#include "base/utf8.h"

/* A string with quotes. JSON is UTF-8: what is none becomes U+FFFD. */
void json_text(struct str s, struct buf *out)
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

/* "name": — with a comma in front unless it is the first of its object. */
void json_name(const char *name, bool first, struct buf *out)
{
	buf_printf(out, "%s\"%s\": ", first ? "" : ", ", name);
}

void json_text_field(const char *name, struct str s, bool first, struct buf *out)
{
	json_name(name, first, out);
	json_text(s, out);
}

void json_number_field(const char *name, int64_t v, bool first, struct buf *out)
{
	json_name(name, first, out);
	buf_i64(out, v);
}

void json_head(const struct report *r, struct str format, struct buf *out)
{
	const struct report_options *o = r->options;

	buf_char(out, '{');
	json_text_field("report", format, true, out);
	json_text_field("sample_type", o->sample_type, false, out);
	json_text_field("unit", o->sample_unit, false, out);
	json_number_field("total", o->total, false, out);
}
