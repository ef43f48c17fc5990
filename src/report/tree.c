/*
 * -tree and -peek: every node between its callers and its callees. Called through the table of
 * report.c. A peek is a tree of the nodes whose name the symbol matches.
 */
#include "graph/graph.h"
#include "profile/unit.h"
#include "report/labels.h"
#include "report/writers.h"

static void print_separator(struct buf *out)
{
	buf_fill(out, '-', 58);
	buf_char(out, '+');
	buf_fill(out, '-', 13);
	buf_char(out, '\n');
}

/* `other` is the end of the edge that is not the row's own node; percentages are of its cum. */
static void print_edge(
    struct report *r, const struct edge *edge, uint32_t other, int64_t cum, struct buf *out)
{
	report_value_pad(r, edge->weight, 50, out);
	buf_char(out, ' ');
	unit_percentage(out, edge->weight, cum);
	BUF_LIT(out, " |   ");
	buf_add_str(out, report_node_name(r, other));
	if (edge->inlined)
		BUF_LIT(out, " (inline)");
	buf_char(out, '\n');
}

static void print_node(struct report *r, uint32_t node, int64_t flat_sum, struct buf *out)
{
	const struct node *n = &r->graph.nodes[node];
	const int64_t flat = graph_value(n->flat, n->flat_div);
	const int64_t cum = graph_value(n->cum, n->cum_div);

	report_value_pad(r, flat, 10, out);
	buf_char(out, ' ');
	report_percent(r, flat, out);
	buf_char(out, ' ');
	report_percent(r, flat_sum, out);
	buf_char(out, ' ');
	report_value_pad(r, cum, 10, out);
	buf_char(out, ' ');
	report_percent(r, cum, out);
	buf_fill(out, ' ', 16);
	BUF_LIT(out, "| ");
	buf_add_str(out, report_node_name(r, node));
	buf_char(out, '\n');
}

static void print_block(struct report *r, uint32_t node, int64_t flat_sum, struct buf *out)
{
	const struct graph *g = &r->graph;
	const struct node *n = &g->nodes[node];
	const int64_t cum = graph_value(n->cum, n->cum_div);

	print_separator(out);
	for (uint32_t i = 0; i < n->n_in; i++)
		print_edge(r, &g->edges[n->in[i]], g->edges[n->in[i]].src, cum, out);
	print_node(r, node, flat_sum, out);
	for (uint32_t i = 0; i < n->n_out; i++)
		print_edge(r, &g->edges[n->out[i]], g->edges[n->out[i]].dest, cum, out);
}

enum err_code report_write_tree(struct report *r, struct buf *out, struct err *e)
{
	const struct graph *g = &r->graph;
	const struct regex *symbol = r->options->symbol;
	struct labels labels;
	uint64_t flat_sum = 0;
	bool any = false;

	TRY(labels_report(r, &labels, e));
	labels_print(&labels, out);
	print_separator(out);
	BUF_LIT(
	    out, "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n");
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		if (symbol && !regex_match(symbol, report_node_name(r, i)))
			continue;
		any = true;
		flat_sum += (uint64_t)graph_value(g->nodes[i].flat, g->nodes[i].flat_div);
		print_block(r, i, (int64_t)flat_sum, out);
	}
	if (symbol && !any)
		return FAIL(e, ERR_NOT_FOUND, "no matches found for regexp: %.*s",
		    STR_ARG(r->options->symbol_text));
	if (g->n_nodes > 0)
		print_separator(out);
	return OK;
}
