/*
 * Printed names of nodes: "%016x name file:line:column", and the release of a graph. Called by
 * every report and by sorting.
 */
#include "graph/graph.h"

#include <inttypes.h>

#include "graph/trimpath.h"

void graph_release(struct graph *g)
{
	arena_release(&g->arena);
	*g = (struct graph){ 0 };
}

struct node_text graph_node_text(const struct graph *g, const struct node_info *info)
{
	return (struct node_text){
		.name = profile_str(g->profile, info->name),
		.file = info->file,
		.objfile = profile_str(g->profile, info->objfile),
		.address = info->address,
		.line = info->line,
		.column = info->column,
	};
}

/* Appends the place: "file:line:column", "file", "[binary]" or nothing when the name says all. */
static void add_place(const struct node_text *t, struct buf *out)
{
	if (t->line != 0 || t->file.n > 0) {
		buf_add_str(out, t->file);
		if (t->line != 0)
			buf_printf(out, ":%" PRId64, t->line);
		if (t->line != 0 && t->column != 0)
			buf_printf(out, ":%" PRId64, t->column);
		return;
	}
	if (t->name.n > 0)
		return;
	if (t->objfile.n == 0) {
		BUF_LIT(out, "<unknown>");
		return;
	}
	buf_char(out, '[');
	buf_add_str(out, graph_base_path(t->objfile));
	buf_char(out, ']');
}

/* Ends the part that began at *from; a part without text does not count. */
static int end_part(const struct buf *out, size_t *from, int n, size_t ends[3])
{
	if (out->n == *from)
		return n;
	*from = out->n;
	ends[n] = out->n;
	return n + 1;
}

int graph_name_parts(const struct node_text *text, struct buf *out, struct str parts[3])
{
	size_t ends[3];
	size_t begin = out->n, from = out->n;
	int n = 0;

	if (text->address != 0) {
		buf_printf(out, "%016" PRIx64, text->address);
		n = end_part(out, &from, n, ends);
	}
	buf_add_str(out, text->name);
	n = end_part(out, &from, n, ends);
	add_place(text, out);
	n = end_part(out, &from, n, ends);
	for (int i = 0; i < n; i++) {
		parts[i] = str_range(out->p + begin, out->p + ends[i]);
		begin = ends[i];
	}
	return n;
}

void graph_node_name(const struct graph *g, const struct node_info *info, struct buf *out)
{
	struct node_text text = graph_node_text(g, info);
	size_t before = out->n;

	if (text.address != 0)
		buf_printf(out, "%016" PRIx64, text.address);
	if (text.name.n > 0) {
		if (out->n > before)
			buf_char(out, ' ');
		buf_add_str(out, text.name);
	}
	if (text.name.n > 0 && text.line == 0 && text.file.n == 0)
		return;
	if (out->n > before)
		buf_char(out, ' ');
	add_place(&text, out);
}
