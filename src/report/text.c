/*
 * -text and -top: one row a node. Called through the table of report.c; text_items also by json.c
 * and the web page.
 */
#include "report/text.h"

#include "report/labels.h"
#include "report/writers.h"

/* Whether the calls of a node were inlined: all, some or none. */
static struct str inline_label(const struct graph *g, const struct node *n)
{
	bool inlined = false, called = false;

	for (uint32_t i = 0; i < n->n_in; i++)
		*(g->edges[n->in[i]].inlined ? &inlined : &called) = true;
	if (!inlined)
		return STR("");
	return called ? STR("(partial-inline)") : STR("(inline)");
}

static struct str value_text(struct report *r, int64_t v, struct buf *scratch)
{
	buf_clear(scratch);
	report_value(r, v, scratch);
	return arena_str(&r->arena, buf_str(scratch));
}

enum err_code text_items(struct report *r, struct text_item **items, uint32_t *n, struct err *e)
{
	const struct graph *g = &r->graph;
	struct text_item *v = ARENA_ARRAY(&r->arena, struct text_item, g->n_nodes);
	struct buf scratch = { 0 };
	bool failed;

	for (uint32_t i = 0; v && i < g->n_nodes; i++) {
		const struct node *node = &g->nodes[i];

		v[i].name = report_node_name(r, i);
		v[i].inline_label = inline_label(g, node);
		v[i].flat = graph_value(node->flat, node->flat_div);
		v[i].cum = graph_value(node->cum, node->cum_div);
		v[i].flat_text = value_text(r, v[i].flat, &scratch);
		v[i].cum_text = value_text(r, v[i].cum, &scratch);
	}
	failed = buf_failed(&scratch) || arena_failed(&r->arena);
	buf_release(&scratch);
	if (failed)
		return FAIL_NOMEM(e);
	*items = v;
	*n = g->n_nodes;
	return OK;
}

static void print_item(
    const struct report *r, const struct text_item *item, int64_t flat_sum, struct buf *out)
{
	report_pad(item->flat_text, 10, out);
	buf_char(out, ' ');
	report_percent(r, item->flat, out);
	buf_char(out, ' ');
	report_percent(r, flat_sum, out);
	buf_char(out, ' ');
	report_pad(item->cum_text, 10, out);
	buf_char(out, ' ');
	report_percent(r, item->cum, out);
	BUF_LIT(out, "  ");
	buf_add_str(out, item->name);
	if (item->inline_label.n > 0) {
		buf_char(out, ' ');
		buf_add_str(out, item->inline_label);
	}
	buf_char(out, '\n');
}

enum err_code report_write_text(struct report *r, struct buf *out, struct err *e)
{
	struct labels labels;
	struct text_item *items;
	uint32_t n;
	uint64_t flat_sum = 0;

	TRY(labels_report(r, &labels, e));
	TRY(text_items(r, &items, &n, e));
	labels_print(&labels, out);
	BUF_LIT(out, "      flat  flat%   sum%        cum   cum%\n");
	for (uint32_t i = 0; i < n; i++) {
		flat_sum += (uint64_t)items[i].flat;
		print_item(r, &items[i], (int64_t)flat_sum, out);
	}
	return OK;
}
