/*
 * Edges between the nodes of a graph: collected by a second pass over the samples for exactly the
 * nodes that are kept, so that an edge over removed nodes is known as residual. Hot with large
 * profiles: an edge's number is found through the last caller of its node, else in a hash table
 * of its own, since a call for each comparison would cost more than the rest.
 */
#include "core/hash.h"
#include "graph/work.h"

struct edge_sum {
	struct edge edge;
	uint32_t stamp; /* sample + 1 that was counted last */
};

struct slot {
	uint64_t key; /* src << 32 | dest */
	uint32_t edge; /* + 1; 0 in an empty slot */
};

struct collector {
	struct work *w;
	uint32_t *node; /* per frame: node of the graph or GRAPH_NONE */
	bool *skip;     /* per node: edges to it are not wanted; or NULL */
	uint32_t *last; /* per node: edge that was counted last towards it, or GRAPH_NONE */
	struct slot *slots;
	size_t cap;
	VEC(struct edge_sum) edges;
};

static struct slot *find_slot(struct slot *slots, size_t cap, uint64_t key)
{
	size_t at = hash_u64(key) & (cap - 1);

	while (slots[at].edge && slots[at].key != key)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

/* Doubles the table; the old one stays in the scratch arena until the graph is made. */
static bool grow(struct collector *c)
{
	size_t cap = c->cap ? c->cap * 2 : 1024;
	struct slot *slots = ARENA_ARRAY(&c->w->scratch, struct slot, cap);

	if (!slots)
		return false;
	for (size_t i = 0; i < c->cap; i++)
		if (c->slots[i].edge)
			*find_slot(slots, cap, c->slots[i].key) = c->slots[i];
	c->slots = slots;
	c->cap = cap;
	return true;
}

/* The edge from src to dest, made when there is none; NULL when memory is short. */
static struct edge_sum *get_edge(struct collector *c, uint32_t src, uint32_t dest)
{
	uint64_t key = (uint64_t)src << 32 | dest;
	uint32_t last = c->last[dest];
	struct slot *slot;

	if (last != GRAPH_NONE && c->edges.p[last].edge.src == src)
		return &c->edges.p[last];
	if (c->edges.n >= c->cap / 2 && !grow(c))
		return NULL;
	slot = find_slot(c->slots, c->cap, key);
	if (!slot->edge) {
		struct edge fresh = { .src = src, .dest = dest, .inlined = true };

		if (c->edges.n >= UINT32_MAX - 1 || !VEC_PUSH(&c->edges, (struct edge_sum){ .edge = fresh }))
			return NULL;
		*slot = (struct slot){ key, (uint32_t)c->edges.n };
	}
	c->last[dest] = slot->edge - 1;
	return &c->edges.p[slot->edge - 1];
}

struct stack_walk {
	int64_t v, div;
	uint32_t stamp;
	uint32_t parent;
	bool residual;
};

static bool add_frame(struct collector *c, struct stack_walk *s, uint32_t node, bool inlined)
{
	struct edge_sum *sum;

	if (node == GRAPH_NONE) {
		s->residual = true;
		return true;
	}
	if (s->parent != GRAPH_NONE && s->parent != node && !(c->skip && c->skip[node])) {
		if (!(sum = get_edge(c, s->parent, node)))
			return false;
		if (sum->stamp != s->stamp) { /* a recurring edge counts once */
			sum->stamp = s->stamp;
			sum->edge.weight = wrap_add(sum->edge.weight, s->v);
			sum->edge.weight_div = wrap_add(sum->edge.weight_div, s->div);
			sum->edge.residual |= s->residual;
			sum->edge.inlined &= inlined;
		}
	}
	s->parent = node;
	s->residual = false;
	return true;
}

static bool add_stack(
    struct collector *c, struct stack_walk *s, const uint32_t *stack, size_t depth)
{
	const struct frames *f = &c->w->frames;

	s->parent = GRAPH_NONE;
	s->residual = false;
	for (size_t k = depth; k-- > 0;) {
		uint32_t begin = f->at[stack[k]], end = f->at[stack[k] + 1];

		for (uint32_t at = end; at-- > begin;)
			if (!add_frame(c, s, c->node[at], at + 1 != end))
				return false;
	}
	return true;
}

static bool walk_samples(struct collector *c)
{
	const struct work *w = c->w;

	for (size_t i = 0; i < w->p->samples.n; i++) {
		struct stack_walk s = { .stamp = (uint32_t)i + 1 };
		const uint32_t *stack;
		size_t depth;

		if (!sample_weight(w, i, &s.v, &s.div))
			continue;
		stack = sample_stack(w->p, i, &depth);
		if (!add_stack(c, &s, stack, depth))
			return false;
	}
	return true;
}

static bool collector_init(struct collector *c)
{
	struct work *w = c->w;
	const struct frames *f = &w->frames;
	uint32_t n_frames = f->at[w->p->n_locations];

	c->node = arena_alloc_raw(&w->scratch, n_frames, sizeof *c->node);
	c->last = arena_alloc_raw(&w->scratch, w->g->n_all, sizeof *c->last);
	if (w->o->inline_marks_only)
		c->skip = ARENA_ARRAY(&w->scratch, bool, w->g->n_all);
	if (arena_failed(&w->scratch))
		return false;
	for (uint32_t i = 0; i < n_frames; i++)
		c->node[i] = w->node_of[f->node[i]];
	memset(c->last, 0xff, w->g->n_all * sizeof *c->last); /* GRAPH_NONE */
	for (uint32_t i = 0; c->skip && i < w->g->n_all; i++)
		c->skip[i] = !f->inlined[w->g->nodes[i].origin];
	return true;
}

/* Edges of a graph proper. */
static bool collect_graph(struct work *w)
{
	struct collector c = { .w = w };
	bool ok = collector_init(&c) && walk_samples(&c);

	if (ok) {
		w->g->edges = arena_alloc_raw(&w->g->arena, c.edges.n, sizeof *w->g->edges);
		w->g->n_edges = (uint32_t)c.edges.n;
		ok = w->g->edges != NULL;
	}
	for (size_t i = 0; ok && i < c.edges.n; i++)
		w->g->edges[i] = c.edges.p[i].edge;
	VEC_RELEASE(&c.edges);
	return ok;
}

/* Edges of a call tree: the one towards a node carries all of the node. */
static bool collect_tree(struct work *w)
{
	const struct calls *c = &w->calls;
	struct graph *g = w->g;

	g->n_edges = 0;
	g->edges = arena_alloc_raw(&g->arena, g->n_all, sizeof *g->edges);
	for (uint32_t i = 0; g->edges && i < g->n_all; i++) {
		uint32_t origin = g->nodes[i].origin;

		if (c->parent[origin] == PATHTREE_NONE)
			continue;
		g->edges[g->n_edges++] = (struct edge){
			.src = w->node_of[c->parent[origin]],
			.dest = i,
			.weight = g->nodes[i].cum,
			.weight_div = g->nodes[i].cum_div,
			.residual = c->residual[origin],
			.inlined = c->inlined.p[origin],
		};
	}
	return g->edges != NULL;
}

enum err_code edges_collect(struct work *w, struct err *e)
{
	bool none = w->o->inline_marks_only && !w->frames.any_inlined;

	if (w->has_edges)
		return OK;
	w->g->n_edges = 0;
	if (!none && !(w->o->call_tree ? collect_tree(w) : collect_graph(w)))
		return FAIL_NOMEM(e);
	w->has_edges = true;
	return edges_link(w->g, e);
}

/* Gives each node its stretch of `lists`; the counts are written again while edges are put in. */
static void share_out(struct graph *g, uint32_t *lists)
{
	for (uint32_t i = 0; i < g->n_all; i++) {
		struct node *n = &g->nodes[i];

		n->in = lists;
		n->out = lists + n->n_in;
		lists = n->out + n->n_out;
		n->n_in = n->n_out = 0;
	}
}

enum err_code edges_link(struct graph *g, struct err *e)
{
	uint32_t *lists = arena_alloc_raw(&g->arena, (size_t)g->n_edges * 2, sizeof *lists);

	if (!lists)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < g->n_all; i++)
		g->nodes[i].n_in = g->nodes[i].n_out = 0;
	for (uint32_t i = 0; i < g->n_edges; i++) {
		g->nodes[g->edges[i].src].n_out++;
		g->nodes[g->edges[i].dest].n_in++;
	}
	share_out(g, lists);
	for (uint32_t i = 0; i < g->n_edges; i++) {
		struct node *src = &g->nodes[g->edges[i].src], *dest = &g->nodes[g->edges[i].dest];

		src->out[src->n_out++] = i;
		dest->in[dest->n_in++] = i;
	}
	return OK;
}
