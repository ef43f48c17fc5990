/* See quote.h. Called by tagnames.c and by the writers of dot's text in report. */
#include "graph/quote.h"

void graph_quote_char(struct buf *out, char c)
{
	if (c == '\n') {
		BUF_LIT(out, "\\l");
		return;
	}
	/* Graphviz ends at a zero, and XML has no form for the others. */
	if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f) {
		buf_printf(out, "\\\\x%02x", (unsigned char)c);
		return;
	}
	if (c == '\\' || c == '"')
		buf_char(out, '\\');
	buf_char(out, c);
}

void graph_quote(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		graph_quote_char(out, s.p[i]);
}
