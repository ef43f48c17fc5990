/*
 * -dot: the graph as text for Graphviz; -svg, -pdf and the like are made from it. Called through
 * the table of report.c. Every attribute is as pprof writes it, since people draw and diff these
 * files with scripts; only texts that would end a quoted string too early are escaped throughout.
 */
#include "report/dot.h"

#include <inttypes.h>
#include <math.h>

#include "graph/quote.h"
#include "graph/shortname.h"
#include "graph/trimpath.h"
#include "report/dot_color.h"
#include "report/labels.h"
#include "report/writers.h"

#define FONT_MIN  8
#define FONT_GROW 16.0 /* a node with the largest flat value is that much larger */

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

static struct str escaped(struct dot *d, struct str s)
{
	buf_clear(&d->text);
	graph_quote(&d->text, s);
	return arena_str(&d->r->arena, buf_str(&d->text));
}

struct str dot_value(struct dot *d, int64_t v)
{
	struct str plain;

	buf_clear(&d->text);
	report_value(d->r, v, &d->text);
	plain = arena_str(&d->r->arena, buf_str(&d->text)); /* its unit is the profile's */
	return escaped(d, plain);
}

/* " (12.34%)" without the padding that columns have. */
static void add_percent(struct dot *d, int64_t v)
{
	buf_clear(&d->text);
	report_percent(d->r, v, &d->text);
	BUF_LIT(d->out, " (");
	buf_add_str(d->out, str_trim(buf_str(&d->text)));
	buf_char(d->out, ')');
}

static double score(const struct dot *d, int64_t v)
{
	return (double)v / fabs((double)d->r->options->total);
}

/* A name broken into lines at "::" and "."; Go's "[...]" for type arguments stays in one piece. */
static void add_broken_name(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n;) {
		struct str rest = str_skip(name, i);

		if (str_starts(rest, STR("::"))) {
			BUF_LIT(out, "\\n");
			i += 2;
		} else if (str_starts(rest, STR("[...]"))) {
			BUF_LIT(out, "[…]");
			i += 5;
		} else if (name.p[i] == '.') {
			BUF_LIT(out, "\\n");
			i++;
		} else {
			graph_quote_char(out, name.p[i++]);
		}
	}
}

/* The node's name in short, a part a line. */
static void add_title(struct dot *d, const struct node *n)
{
	struct arena *a = &d->r->arena;
	struct node_text text = graph_node_text(&d->r->graph, &n->info);
	struct str parts[3];
	int n_parts;

	buf_clear(&d->text);
	add_broken_name(&d->text, graph_short_name(text.name, a));
	text.name = arena_str(a, buf_str(&d->text));
	if (text.file.n > 0)
		text.file = escaped(d, graph_base_path(text.file));
	text.objfile = escaped(d, text.objfile);
	buf_clear(&d->text);
	n_parts = graph_name_parts(&text, &d->text, parts);
	for (int i = 0; i < n_parts; i++) {
		buf_add_str(d->out, parts[i]);
		BUF_LIT(d->out, "\\n");
	}
}

/* "flat (x%)\nof cum (y%)". */
static void add_values(struct dot *d, int64_t flat, int64_t cum)
{
	if (flat != 0) {
		buf_add_str(d->out, dot_value(d, flat));
		add_percent(d, flat);
	} else {
		buf_char(d->out, '0');
	}
	if (cum == flat)
		return;
	buf_add_str(d->out, flat != 0 ? STR("\\nof ") : STR(" of "));
	buf_add_str(d->out, dot_value(d, cum));
	add_percent(d, cum);
}

static int font_size(const struct dot *d, int64_t flat)
{
	if (d->max_flat == 0 || flat == 0)
		return FONT_MIN;
	return FONT_MIN +
	       (int)ceil(FONT_GROW * sqrt(fabs((double)flat) / fabs((double)d->max_flat)));
}

static void add_node(struct dot *d, uint32_t i)
{
	const struct node *n = &d->r->graph.nodes[i];
	int64_t flat = graph_value(n->flat, n->flat_div), cum = graph_value(n->cum, n->cum_div);
	uint32_t id = i + 1;

	buf_printf(d->out, "N%" PRIu32 " [label=\"", id);
	add_title(d, n);
	add_values(d, flat, cum);
	buf_printf(d->out, "\" id=\"node%" PRIu32 "\" fontsize=%d shape=box tooltip=\"", id,
	    font_size(d, flat));
	graph_quote(d->out, report_node_name(d->r, i));
	BUF_LIT(d->out, " (");
	buf_add_str(d->out, dot_value(d, cum));
	BUF_LIT(d->out, ")\" color=\"");
	dot_color(d->out, score(d, cum), false);
	BUF_LIT(d->out, "\" fillcolor=\"");
	dot_color(d->out, score(d, cum), true);
	BUF_LIT(d->out, "\"]\n");
}

/* 1 + |v * steps / total|, at most 1 + steps. */
static uint64_t thickness(int64_t v, uint64_t steps, int64_t total)
{
	uint64_t share = magnitude(graph_value((int64_t)((uint64_t)v * steps), total));

	return 1 + (share < steps ? share : steps);
}

/* What shows an edge's share of the total. */
static void add_share(struct dot *d, int64_t v)
{
	int64_t total = d->r->options->total;
	uint64_t weight, width;

	if (total == 0)
		return;
	weight = thickness(v, 100, total);
	width = thickness(v, 5, total);
	if (weight > 1)
		buf_printf(d->out, " weight=%" PRIu64, weight);
	if (width > 1)
		buf_printf(d->out, " penwidth=%" PRIu64, width);
	BUF_LIT(d->out, " color=\"");
	dot_color(d->out, score(d, v), false);
	buf_char(d->out, '"');
}

static void add_tooltip(struct dot *d, struct str key, const struct edge *e, int64_t v)
{
	buf_char(d->out, ' ');
	buf_add_str(d->out, key);
	BUF_LIT(d->out, "=\"");
	graph_quote(d->out, report_node_name(d->r, e->src));
	buf_add_str(d->out, e->residual ? STR(" ... ") : STR(" -> "));
	graph_quote(d->out, report_node_name(d->r, e->dest));
	BUF_LIT(d->out, " (");
	buf_add_str(d->out, dot_value(d, v));
	BUF_LIT(d->out, ")\"");
}

/* A hidden node is N0, as pprof numbers what it does not know. */
static void add_edge(struct dot *d, const struct edge *e)
{
	const struct graph *g = &d->r->graph;
	int64_t v = graph_value(e->weight, e->weight_div);
	uint32_t dest = e->dest < g->n_nodes ? e->dest + 1 : 0;

	buf_printf(d->out, "N%" PRIu32 " -> N%" PRIu32 " [label=\" ", e->src + 1, dest);
	buf_add_str(d->out, dot_value(d, v));
	if (e->inlined)
		BUF_LIT(d->out, "\\n (inline)");
	buf_char(d->out, '"');
	add_share(d, v);
	add_tooltip(d, STR("tooltip"), e, v);
	add_tooltip(d, STR("labeltooltip"), e, v);
	if (e->residual)
		BUF_LIT(d->out, " style=\"dotted\"");
	if (d->has_tags[e->src])
		BUF_LIT(d->out, " minlen=2");
	BUF_LIT(d->out, "]\n");
}

static bool has_title(const struct profile *p)
{
	return p->n_mappings > 0 && p->mappings[0].file != 0;
}

static enum err_code add_legend(struct dot *d, struct err *e)
{
	struct labels labels;

	TRY(labels_report(d->r, &labels, e));
	if (labels.n == 0)
		return OK;
	BUF_LIT(d->out, "subgraph cluster_L { \"");
	graph_quote(d->out, labels.lines[0]);
	BUF_LIT(d->out, "\" [shape=box fontsize=16 label=\"");
	for (uint32_t i = 0; i < labels.n; i++) {
		graph_quote(d->out, labels.lines[i]);
		BUF_LIT(d->out, "\\l");
	}
	buf_char(d->out, '"');
	if (has_title(d->r->profile)) {
		BUF_LIT(d->out, " tooltip=\"");
		graph_quote(d->out, report_title(d->r));
		buf_char(d->out, '"');
	}
	BUF_LIT(d->out, "] }\n");
	return OK;
}

static void find_max_flat(struct dot *d)
{
	const struct graph *g = &d->r->graph;

	for (uint32_t i = 0; i < g->n_nodes; i++) {
		int64_t flat = graph_value(g->nodes[i].flat, g->nodes[i].flat_div);

		if (magnitude(flat) > magnitude(d->max_flat))
			d->max_flat = flat;
	}
}

static void add_graph(struct dot *d)
{
	const struct graph *g = &d->r->graph;

	find_max_flat(d);
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		add_node(d, i);
		d->has_tags[i] = dot_tags(d, &g->nodes[i], i + 1);
	}
	for (uint32_t i = 0; i < g->n_edges; i++)
		if (g->edges[i].src < g->n_nodes)
			add_edge(d, &g->edges[i]);
}

enum err_code report_write_dot(struct report *r, struct buf *out, struct err *e)
{
	struct dot d = { .r = r, .out = out };
	enum err_code code;

	d.has_tags = ARENA_ARRAY(&r->arena, bool, r->graph.n_nodes);
	if (!d.has_tags)
		return FAIL_NOMEM(e);
	BUF_LIT(out, "digraph \"");
	graph_quote(out, report_title(r));
	BUF_LIT(out, "\" {\nnode [style=filled fillcolor=\"#f8f8f8\"]\n");
	code = add_legend(&d, e);
	if (code == OK)
		add_graph(&d);
	BUF_LIT(out, "}\n");
	if (code == OK && (buf_failed(&d.text) || arena_failed(&r->arena)))
		code = FAIL_NOMEM(e);
	buf_release(&d.text);
	return code;
}
