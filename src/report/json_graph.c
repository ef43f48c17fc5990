/*
 * -json of the drawn reports: dot (and what Graphviz makes of it) and callgrind as nodes and edges,
 * the flame graph as a tree. Edges and parents name nodes by their place in "nodes".
 */
#include "graph/stacks.h"
#include "report/json_text.h"
#include "report/writers.h"

static void print_bool(const char *name, bool v, struct buf *out)
{
	json_name(name, false, out);
	buf_add_str(out, v ? STR("true") : STR("false"));
}

static void print_node(struct report *r, const struct node *n, struct buf *out)
{
	json_text_field("name", report_node_name(r, (uint32_t)(n - r->graph.nodes)), true, out);
	json_number_field("flat", graph_value(n->flat, n->flat_div), false, out);
	json_number_field("cum", graph_value(n->cum, n->cum_div), false, out);
}

static void print_edge(const struct edge *e, struct buf *out)
{
	json_number_field("from", e->src, true, out);
	json_number_field("to", e->dest, false, out);
	json_number_field("value", graph_value(e->weight, e->weight_div), false, out);
	print_bool("residual", e->residual, out);
	print_bool("inline", e->inlined, out);
}

enum err_code report_write_json_graph(struct report *r, struct buf *out, struct err *e)
{
	const struct graph *g = &r->graph;
	bool first = true;

	(void)e;
	json_head(r, STR("graph"), out);
	json_name("nodes", false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		print_node(r, &g->nodes[i], out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	json_name("edges", false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < g->n_edges; i++) {
		if (g->edges[i].src >= g->n_nodes || g->edges[i].dest >= g->n_nodes)
			continue; /* to what is not shown */
		buf_add_str(out, first ? STR("\n{") : STR(",\n{"));
		print_edge(&g->edges[i], out);
		buf_char(out, '}');
		first = false;
	}
	BUF_LIT(out, "]}\n");
	return OK;
}

static void print_tree(const struct stacks_tree *t, struct buf *out)
{
	json_name("nodes", false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < t->n; i++) {
		const struct stack_source *s = &t->sources[t->source[i]];

		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		json_text_field("name", s->name, true, out);
		json_text_field("file", s->file, false, out);
		json_number_field(
		    "parent", t->parent[i] == UINT32_MAX ? -1 : (int64_t)t->parent[i], false, out);
		json_number_field("value", t->value[i], false, out);
		json_number_field("self", t->self[i], false, out);
		json_number_field("net", t->net[i], false, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

enum err_code report_write_json_flame(struct report *r, struct buf *out, struct err *e)
{
	const struct stacks_options options = {
		.value_index = r->options->value_index,
		.max_nodes = UINT32_MAX,
		.trim_path = r->options->trim_path,
		.source_path = r->options->source_path,
	};
	struct stacks_tree tree = { 0 };
	enum err_code code = stacks_new(&tree, r->profile, &options, e);

	if (code == OK) {
		json_head(r, STR("flamegraph"), out);
		print_tree(&tree, out);
		BUF_LIT(out, "}\n");
	}
	stacks_release(&tree);
	return code;
}
