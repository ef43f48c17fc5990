/*
 * From sums per origin to the graph's nodes: which are shown, which are only the end of an edge,
 * and what is left when nodes are trimmed away.
 *
 * A graph is built anew from the samples for the nodes that stay, so that hidden nodes vanish and
 * edges around removed nodes appear. A call tree keeps its hidden nodes: only its shown ones are
 * lifted out.
 */
#include "graph/work.h"

bool nodes_is_shown(const struct work *w, const struct sum *s)
{
	if (s->cum == 0 && s->flat == 0)
		return false;
	return !w->o->drop_negative || s->flat > 0 || (s->flat == 0 && s->cum >= 0);
}

void nodes_number(struct work *w)
{
	memset(w->node_of, 0xff, w->n_origins * sizeof *w->node_of); /* GRAPH_NONE */
	for (uint32_t i = 0; i < w->g->n_all; i++)
		w->node_of[w->g->nodes[i].origin] = i;
}

static void add_node(struct work *w, uint32_t origin)
{
	const struct sum *s = &w->sums[origin];
	uint32_t info = w->o->call_tree ? w->calls.tree.nodes.p[origin].item : origin;

	w->g->nodes[w->g->n_all++] = (struct node){
		.info = w->frames.infos.p[info],
		.flat = s->flat,
		.flat_div = s->flat_div,
		.cum = s->cum,
		.cum_div = s->cum_div,
		.tags = GRAPH_NONE,
		.origin = origin,
	};
}

static uint32_t count_nodes(const struct work *w, const bool *keep)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_origins; i++)
		n += w->sums[i].seen &&
		     (!keep || keep[i] || (w->o->call_tree && !nodes_is_shown(w, &w->sums[i])));
	return n;
}

enum err_code nodes_publish(struct work *w, const bool *keep, struct err *e)
{
	struct graph *g = w->g;

	g->nodes = arena_alloc_raw(&g->arena, count_nodes(w, keep), sizeof *g->nodes);
	w->node_of = arena_alloc_raw(&w->scratch, w->n_origins, sizeof *w->node_of);
	if (!g->nodes || !w->node_of)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < w->n_origins; i++)
		if ((!keep || keep[i]) && nodes_is_shown(w, &w->sums[i]))
			add_node(w, i);
	g->n_nodes = g->n_all;
	for (uint32_t i = 0; i < w->n_origins && (!keep || w->o->call_tree); i++)
		if (w->sums[i].seen && !nodes_is_shown(w, &w->sums[i]))
			add_node(w, i);
	nodes_number(w);
	return OK;
}

static enum err_code lift_over(struct work *w, uint32_t n, struct err *e)
{
	bool *keep = ARENA_ARRAY(&w->scratch, bool, w->n_origins);

	if (!keep)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < w->g->n_all; i++)
		keep[w->g->nodes[i].origin] = i < n || i >= w->g->n_nodes;
	calls_lift(w, keep);
	return OK;
}

enum err_code nodes_truncate(struct work *w, uint32_t n, struct err *e)
{
	struct graph *g = w->g;
	uint32_t hidden = w->o->call_tree ? g->n_all - g->n_nodes : 0;

	if (n >= g->n_nodes)
		return OK;
	if (w->o->call_tree)
		TRY(lift_over(w, n, e));
	memmove(g->nodes + n, g->nodes + g->n_nodes, hidden * sizeof *g->nodes);
	g->n_nodes = n;
	g->n_all = n + hidden;
	w->has_edges = false;
	w->is_whole = false;
	nodes_number(w);
	return OK;
}
