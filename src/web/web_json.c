#include "web/web_json.h"

/* Length of the valid UTF-8 sequence at s, or 0. */
static size_t utf8_length(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80                ? 1
		   : c >= 0xc2 && c < 0xe0 ? 2
		   : c >= 0xe0 && c < 0xf0 ? 3
		   : c >= 0xf0 && c < 0xf5 ? 4
					   : 0;
	unsigned char second = n > 1 && s.n > 1 ? (unsigned char)s.p[1] : 0x80;

	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) ||
	    (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f))
		return 0;
	return n;
}

json_t *web_json_str(struct str s)
{
	struct buf clean = { 0 };
	json_t *value = json_stringn(s.p, s.n); /* NULL when s is not UTF-8 */

	if (value)
		return value;
	for (size_t n; s.n > 0; s = str_skip(s, n ? n : 1)) {
		n = utf8_length(s);
		if (n)
			buf_add(&clean, s.p, n);
		else
			BUF_LIT(&clean, "\xef\xbf\xbd");
	}
	if (!buf_failed(&clean))
		value = json_stringn(clean.n ? clean.p : "", clean.n);
	buf_release(&clean);
	return value;
}

static void add_char(struct buf *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		buf_char(out, '\\');
	if (c < ' ')
		buf_printf(out, "\\u%04x", c);
	else
		buf_char(out, (char)c);
}

void web_json_add(struct buf *out, struct str s)
{
	buf_char(out, '"');
	while (s.n > 0) {
		size_t n = utf8_length(s);

		if (n == 0)
			BUF_LIT(out, "\xef\xbf\xbd");
		else if (n == 1)
			add_char(out, (unsigned char)s.p[0]);
		else
			buf_add(out, s.p, n);
		s = str_skip(s, n ? n : 1);
	}
	buf_char(out, '"');
}

json_t *web_json_lines(struct str text)
{
	json_t *array = json_array();
	struct str line;

	while (array && text.n > 0 && str_split(&text, '\n', &line)) {
		if (json_array_append_new(array, web_json_str(line)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int append(const char *data, size_t n, void *out)
{
	buf_add(out, data, n);
	return buf_failed(out) ? -1 : 0;
}

enum err_code web_json_write(json_t *value, struct buf *out, struct err *e)
{
	int failed = value ? json_dump_callback(value, append, out, JSON_COMPACT) : -1;

	json_decref(value);
	return failed ? FAIL_NOMEM(e) : OK;
}
