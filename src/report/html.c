/*
 * Text for HTML, see html.h. Called by weblist.c.
 */
#include "report/html.h"

void html_text(struct str s, struct buf *out)
{
	static const struct {
		char c;
		struct str text;
	} escapes[] = { { '&', { "&amp;", 5 } }, { '<', { "&lt;", 4 } }, { '>', { "&gt;", 4 } },
		{ '"', { "&#34;", 5 } }, { '\'', { "&#39;", 5 } } };

	for (size_t i = 0; i < s.n; i++) {
		size_t k = 0;

		while (k < sizeof escapes / sizeof escapes[0] && escapes[k].c != s.p[i])
			k++;
		if (k < sizeof escapes / sizeof escapes[0])
			buf_add_str(out, escapes[k].text);
		else
			buf_char(out, s.p[i]);
	}
}
