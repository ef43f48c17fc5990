/*
 * Edges between the nodes of a graph: collected by a second pass over the samples for exactly the
 * nodes that are kept, so that an edge over removed nodes is known as residual.
 *
 * With inline_marks_only and nothing trimmed the table is closed: it has the edges along which a
 * call was inlined, which the locations tell beforehand, and of all others one per node, so that
 * a report of every node of a large profile does not pay for every edge.
 *
 * Hot with large profiles, where the table is far larger than the caches: so the edges of a stack
 * are listed first and their places prefetched, and a slot holds all that a sample changes.
 */
#include "core/hash.h"
#include "graph/work.h"

#define EDGE_RESIDUAL (UINT32_C(1) << 31)
#define EDGE_CALLED   (UINT32_C(1) << 30) /* some call was not inlined */
#define EDGE_LIMIT    EDGE_CALLED

struct slot {
	uint64_t key; /* src << 32 | dest; 0 in an empty slot, since no node calls itself here */
	int64_t weight;
	uint32_t stamp; /* sample + 1 that was counted last */
	uint32_t edge;  /* number in order of appearance, and flags; valid once it was counted */
};

/* An edge of the stack at hand. */
struct step {
	uint64_t key;
	size_t at; /* where its search begins */
	uint32_t flags;
};

struct collector {
	struct work *w;
	uint32_t *node; /* per frame: node of the graph or GRAPH_NONE */
	uint32_t *only; /* per location: node of all its frames, or FRAMES_MANY */
	bool *skip;     /* per node: edges to it are not wanted; or NULL */
	struct slot *slots;
	size_t cap;        /* power of two */
	size_t used;       /* slots */
	uint32_t n;        /* edges */
	uint32_t *real;    /* closed table, per node: a caller that is not in it, or GRAPH_NONE */
	VEC(int64_t) divs; /* of each edge, with mean */
	VEC(struct step) steps;
};

static struct slot *find_slot(struct slot *slots, size_t cap, uint64_t key, size_t at)
{
	while (slots[at].key && slots[at].key != key)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

/* Makes room for n more; the old table stays in the scratch arena until the graph is made. */
static bool reserve(struct collector *c, size_t n)
{
	size_t cap = c->cap ? c->cap : 1024;
	struct slot *slots;

	while (c->used + n > cap / 2)
		cap *= 2;
	if (cap == c->cap)
		return true;
	if (c->used + n >= EDGE_LIMIT || !(slots = ARENA_ARRAY(&c->w->scratch, struct slot, cap)))
		return false;
	for (size_t i = 0; i < c->cap; i++) {
		uint64_t key = c->slots[i].key;

		if (key)
			*find_slot(slots, cap, key, hash_u64(key) & (cap - 1)) = c->slots[i];
	}
	c->slots = slots;
	c->cap = cap;
	return true;
}

struct stack_walk {
	int64_t v, div;
	uint32_t stamp;
	uint32_t parent;
	uint32_t residual; /* EDGE_RESIDUAL behind a node that is not kept */
};

/* Lists the edge from the parent to a kept node. */
static bool add_frame(struct collector *c, struct stack_walk *s, uint32_t node, uint32_t called)
{
	uint32_t flags = s->residual | called;
	uint64_t key = (uint64_t)s->parent << 32 | node;
	bool wanted = s->parent != GRAPH_NONE && s->parent != node && !(c->skip && c->skip[node]);

	s->parent = node;
	s->residual = 0;
	return !wanted || VEC_PUSH(&c->steps, (struct step){ .key = key, .flags = flags });
}

/* A location with several frames: all but the outermost were called inline. */
static bool add_location(struct collector *c, struct stack_walk *s, uint32_t location)
{
	const struct frames *f = &c->w->frames;
	uint32_t begin = f->at[location], end = f->at[location + 1];

	for (uint32_t at = end; at-- > begin;) {
		if (c->node[at] == GRAPH_NONE)
			s->residual = EDGE_RESIDUAL;
		else if (!add_frame(c, s, c->node[at], at + 1 == end ? EDGE_CALLED : 0))
			return false;
	}
	return true;
}

static bool list_steps(
    struct collector *c, struct stack_walk *s, const uint32_t *stack, size_t depth)
{
	c->steps.n = 0;
	s->parent = GRAPH_NONE;
	s->residual = 0;
	for (size_t k = depth; k-- > 0;) {
		uint32_t only = c->only[stack[k]];

		if (only == GRAPH_NONE)
			s->residual = EDGE_RESIDUAL;
		else if (!(only == FRAMES_MANY ? add_location(c, s, stack[k])
					       : add_frame(c, s, only, EDGE_CALLED)))
			return false;
	}
	return true;
}

/* A recurring edge counts once per sample, with the flags of the outermost. */
static bool count_step(struct collector *c, const struct stack_walk *s, const struct step *step)
{
	struct slot *slot = find_slot(c->slots, c->cap, step->key, step->at);

	if (!slot->key) {
		if (c->real) {
			c->real[(uint32_t)step->key] = (uint32_t)(step->key >> 32);
			return true;
		}
		slot->key = step->key;
		c->used++;
	}
	if (slot->stamp == s->stamp)
		return true;
	if (slot->stamp == 0) {
		slot->edge = c->n++;
		if (c->w->o->mean && !VEC_PUSH(&c->divs, 0))
			return false;
	}
	slot->stamp = s->stamp;
	slot->weight = wrap_add(slot->weight, s->v);
	slot->edge |= step->flags;
	if (c->w->o->mean) {
		int64_t *div = &c->divs.p[slot->edge & (EDGE_LIMIT - 1)];

		*div = wrap_add(*div, s->div);
	}
	return true;
}

static bool count_steps(struct collector *c, const struct stack_walk *s)
{
	if (!c->real && !reserve(c, c->steps.n))
		return false;
	for (size_t i = 0; i < c->steps.n; i++) {
		struct step *step = &c->steps.p[i];

		step->at = hash_u64(step->key) & (c->cap - 1);
		__builtin_prefetch(&c->slots[step->at]);
	}
	for (size_t i = 0; i < c->steps.n; i++)
		if (!count_step(c, s, &c->steps.p[i]))
			return false;
	return true;
}

static bool walk_samples(struct collector *c)
{
	const struct work *w = c->w;

	for (size_t i = 0; i < w->p->samples.n && !cancel_now(w->p->cancel, i); i++) {
		struct stack_walk s = { .stamp = (uint32_t)i + 1 };
		const uint32_t *stack;
		size_t depth;

		if (!sample_weight(w, i, &s.v, &s.div))
			continue;
		stack = sample_stack(w->p, i, &depth);
		if (!list_steps(c, &s, stack, depth) || !count_steps(c, &s))
			return false;
	}
	return true;
}

/* FRAMES_MANY unless the location has one frame or none of its frames is kept. */
static uint32_t only_node(const struct collector *c, uint32_t location)
{
	const struct frames *f = &c->w->frames;
	uint32_t begin = f->at[location], end = f->at[location + 1];

	if (end - begin == 1)
		return c->node[begin];
	for (uint32_t i = begin; i < end; i++)
		if (c->node[i] != GRAPH_NONE)
			return FRAMES_MANY;
	return GRAPH_NONE;
}

static bool collector_init(struct collector *c)
{
	struct work *w = c->w;
	const struct frames *f = &w->frames;
	uint32_t n_frames = f->at[w->p->n_locations];

	c->node = arena_alloc_raw(&w->scratch, n_frames, sizeof *c->node);
	c->only = arena_alloc_raw(&w->scratch, w->p->n_locations, sizeof *c->only);
	if (w->o->inline_marks_only)
		c->skip = ARENA_ARRAY(&w->scratch, bool, w->g->n_all);
	if (arena_failed(&w->scratch))
		return false;
	for (uint32_t i = 0; i < n_frames; i++)
		c->node[i] = w->node_of[f->node[i]];
	for (uint32_t i = 0; i < w->p->n_locations; i++)
		c->only[i] = only_node(c, i);
	for (uint32_t i = 0; c->skip && i < w->g->n_all; i++)
		c->skip[i] = !f->inlined[w->g->nodes[i].origin];
	return true;
}

/* Puts every edge along which a location's frames call each other into the table, and closes it. */
static bool close_table(struct collector *c)
{
	const struct frames *f = &c->w->frames;
	uint32_t n_all = c->w->g->n_all;

	if (!reserve(c, 1))
		return false;
	for (uint32_t i = 0; i < c->w->p->n_locations; i++) {
		for (uint32_t at = f->at[i]; at + 1 < f->at[i + 1]; at++) {
			uint64_t key = (uint64_t)c->node[at + 1] << 32 | c->node[at];
			struct slot *slot;

			if (c->node[at] == c->node[at + 1])
				continue;
			if (!reserve(c, 1))
				return false;
			slot = find_slot(c->slots, c->cap, key, hash_u64(key) & (c->cap - 1));
			c->used += slot->key == 0;
			slot->key = key;
		}
	}
	c->real = arena_alloc_raw(&c->w->scratch, n_all, sizeof *c->real);
	if (c->real)
		memset(c->real, 0xff, n_all * sizeof *c->real); /* GRAPH_NONE */
	return c->real != NULL;
}

/* The one edge that stands for a node's callers outside the closed table. */
static void publish_real(struct collector *c)
{
	struct graph *g = c->w->g;

	for (uint32_t i = 0; i < g->n_all; i++)
		if (c->real[i] != GRAPH_NONE)
			g->edges[g->n_edges++] = (struct edge){ .src = c->real[i], .dest = i };
}

/* The edges in order of appearance. */
static bool publish(struct collector *c)
{
	struct graph *g = c->w->g;
	size_t extra = c->real ? g->n_all : 0;

	g->n_edges = c->n;
	g->edges = arena_alloc_raw(&g->arena, c->n + extra, sizeof *g->edges);
	for (size_t i = 0; g->edges && i < c->cap; i++) {
		const struct slot *s = &c->slots[i];
		uint32_t number = s->edge & (EDGE_LIMIT - 1);

		if (s->stamp == 0)
			continue;
		g->edges[number] = (struct edge){
			.src = (uint32_t)(s->key >> 32),
			.dest = (uint32_t)s->key,
			.weight = s->weight,
			.weight_div = c->w->o->mean && c->divs.p ? c->divs.p[number] : 0,
			.residual = (s->edge & EDGE_RESIDUAL) != 0,
			.inlined = !(s->edge & EDGE_CALLED),
		};
	}
	if (g->edges && c->real)
		publish_real(c);
	return g->edges != NULL;
}

/* Edges of a graph proper. */
static bool collect_graph(struct work *w)
{
	struct collector c = { .w = w };
	bool closed = w->o->inline_marks_only && w->is_whole;
	bool ok =
	    collector_init(&c) && (!closed || close_table(&c)) && walk_samples(&c) && publish(&c);

	VEC_RELEASE(&c.steps);
	VEC_RELEASE(&c.divs);
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

/* Whether any of the nodes that are left was called inline somewhere. */
static bool has_inlined(const struct work *w)
{
	if (w->o->call_tree || !w->frames.any_inlined)
		return w->frames.any_inlined;
	for (uint32_t i = 0; i < w->g->n_all; i++)
		if (w->frames.inlined[w->g->nodes[i].origin])
			return true;
	return false;
}

enum err_code edges_collect(struct work *w, struct err *e)
{
	bool none = w->o->inline_marks_only && !has_inlined(w);

	if (w->has_edges)
		return OK;
	w->g->n_edges = 0;
	if (!none && !(w->o->call_tree ? collect_tree(w) : collect_graph(w)))
		return FAIL_NOMEM(e);
	TRY(cancel_check(w->p->cancel, e));
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
