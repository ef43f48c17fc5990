/*
 * Removal of edges: those too light to show, and residual ones that only repeat what another path
 * shows. Called by trimming.
 */
#include "graph/work.h"

enum err_code edges_cut(struct work *w, int64_t cutoff, uint32_t *cut, struct err *e)
{
	struct graph *g = w->g;
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_edges; i++) {
		const struct edge *edge = &g->edges[i];

		if (edge->dest >= g->n_nodes || wrap_abs(edge->weight) >= cutoff) {
			g->edges[n++] = *edge;
			continue;
		}
		if (w->o->call_tree) /* the tree forgets it too: the node is a root from now on */
			w->calls.parent[g->nodes[edge->dest].origin] = PATHTREE_NONE;
	}
	*cut = g->n_edges - n;
	g->n_edges = n;
	return edges_link(g, e);
}

struct search {
	const struct graph *g;
	bool *removed;  /* per edge */
	uint32_t *seen; /* per node: edge + 1 that was searched for last */
	uint32_t *queue;
};

/* True when edge's source reaches its destination by other edges. Walks callers, from below. */
static bool is_redundant(struct search *s, uint32_t edge)
{
	const struct graph *g = s->g;
	uint32_t src = g->edges[edge].src;
	uint32_t head = 0, tail = 0;

	s->queue[tail++] = g->edges[edge].dest;
	s->seen[g->edges[edge].dest] = edge + 1;
	while (head < tail) {
		const struct node *n = &g->nodes[s->queue[head++]];

		for (uint32_t i = 0; i < n->n_in; i++) {
			uint32_t from = g->edges[n->in[i]].src;

			if (n->in[i] == edge || s->removed[n->in[i]] || s->seen[from] == edge + 1)
				continue;
			if (from == src)
				return true;
			s->seen[from] = edge + 1;
			s->queue[tail++] = from;
		}
	}
	return false;
}

/* From the lightest edge towards n up to the first that is not residual. */
static void check_node(struct search *s, const struct node *n)
{
	for (uint32_t k = n->n_in; k-- > 0;) {
		uint32_t edge = n->in[k];

		if (!s->g->edges[edge].residual)
			return;
		s->removed[edge] = is_redundant(s, edge);
	}
}

enum err_code edges_cut_redundant(struct work *w, struct err *e)
{
	struct graph *g = w->g;
	struct search s = {
		.g = g,
		.removed = ARENA_ARRAY(&w->scratch, bool, g->n_edges),
		.seen = ARENA_ARRAY(&w->scratch, uint32_t, g->n_all),
		.queue = arena_alloc_raw(&w->scratch, (size_t)g->n_all + 1, sizeof *s.queue),
	};
	uint32_t n = 0;

	if (arena_failed(&w->scratch))
		return FAIL_NOMEM(e);
	for (uint32_t i = g->n_nodes; i-- > 0;)
		check_node(&s, &g->nodes[i]);
	for (uint32_t i = 0; i < g->n_edges; i++)
		if (!s.removed[i])
			g->edges[n++] = g->edges[i];
	g->n_edges = n;
	return edges_link(g, e);
}
