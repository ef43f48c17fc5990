/*
 * The call tree: one node per distinct path instead of one per function, for dot and callgrind
 * with -call_tree. An edge of a tree is told by its lower node: its weight is that node's cum.
 * Trees may have millions of nodes, so they stay in narrow arrays until they are trimmed.
 */
#include "graph/work.h"

struct path_step {
	uint32_t info, node;
};

/* Walks one sample from the root to the leaf. */
struct walk {
	struct calls *c;
	/* Path of the sample before: stacks that follow each other mostly share their callers. */
	VEC(struct path_step) path;
	uint32_t depth;
	bool same; /* the path up to depth is that of the sample before */
	uint32_t parent;
	int64_t v, div;
};

void calls_release(struct calls *c)
{
	pathtree_release(&c->tree);
	VEC_RELEASE(&c->sums);
	VEC_RELEASE(&c->inlined);
}

static uint32_t child(struct calls *c, uint32_t parent, uint32_t info)
{
	uint32_t node = pathtree_child(&c->tree, parent, info);

	if (node == PATHTREE_NONE || node < c->sums.n)
		return node;
	if (!VEC_PUSH(&c->sums, (struct sum){ .seen = true }) || !VEC_PUSH(&c->inlined, true))
		return PATHTREE_NONE;
	return node;
}

static bool step(struct walk *walk, uint32_t info, bool inlined)
{
	struct calls *c = walk->c;
	uint32_t k = walk->depth++;
	uint32_t node;
	struct sum *s;

	walk->same = walk->same && k < walk->path.n && walk->path.p[k].info == info;
	if (walk->same) {
		node = walk->path.p[k].node;
	} else {
		node = child(c, walk->parent, info);
		walk->path.n = k;
		if (node == PATHTREE_NONE ||
		    !VEC_PUSH(&walk->path, (struct path_step){ info, node }))
			return false;
	}
	s = &c->sums.p[node];
	s->cum = wrap_add(s->cum, walk->v);
	s->cum_div = wrap_add(s->cum_div, walk->div);
	c->inlined.p[node] &= inlined;
	walk->parent = node;
	return true;
}

static bool add_sample(struct walk *walk, const struct work *w, size_t i)
{
	const struct frames *f = &w->frames;
	size_t depth;
	const uint32_t *stack = sample_stack(w->p, i, &depth);
	struct sum *leaf;

	walk->parent = PATHTREE_NONE;
	walk->depth = 0;
	walk->same = true;
	for (size_t k = depth; k-- > 0;) {
		uint32_t begin = f->at[stack[k]], end = f->at[stack[k] + 1];

		for (uint32_t at = end; at-- > begin;)
			if (!step(walk, f->node[at], at + 1 != end))
				return false;
	}
	walk->c->leaf[i] = walk->parent;
	if (walk->parent == PATHTREE_NONE)
		return true;
	leaf = &walk->c->sums.p[walk->parent];
	leaf->flat = wrap_add(leaf->flat, walk->v);
	leaf->flat_div = wrap_add(leaf->flat_div, walk->div);
	return true;
}

static bool collect(struct work *w, struct walk *walk)
{
	for (size_t i = 0; i < w->p->samples.n && !cancel_now(w->p->cancel, i); i++) {
		w->calls.leaf[i] = GRAPH_NONE;
		if (sample_weight(w, i, &walk->v, &walk->div) && !add_sample(walk, w, i))
			return false;
	}
	return true;
}

enum err_code calls_collect(struct work *w, struct err *e)
{
	struct calls *c = &w->calls;
	struct walk walk = { .c = c };
	bool ok;

	c->leaf = arena_alloc_raw(&w->scratch, w->p->samples.n, sizeof *c->leaf);
	ok = c->leaf && collect(w, &walk);
	VEC_RELEASE(&walk.path);
	if (!ok)
		return FAIL_NOMEM(e);
	TRY(cancel_check(w->p->cancel, e));
	w->sums = c->sums.p;
	w->n_origins = (uint32_t)c->tree.nodes.n;
	c->parent = arena_alloc_raw(&w->scratch, w->n_origins, sizeof *c->parent);
	c->residual = ARENA_ARRAY(&w->scratch, bool, w->n_origins);
	if (!c->parent || !c->residual)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < w->n_origins; i++)
		c->parent[i] = c->tree.nodes.p[i].parent;
	return OK;
}

/*
 * A node's parent comes before it, so that one pass in order finds a removed parent already hung
 * to its own nearest kept caller. An edge over removed nodes is inline only if all of it was.
 */
void calls_lift(struct work *w, const bool *keep)
{
	struct calls *c = &w->calls;

	for (uint32_t i = 0; i < w->n_origins; i++) {
		uint32_t parent = c->parent[i];

		if (parent == PATHTREE_NONE || keep[parent])
			continue;
		c->parent[i] = c->parent[parent];
		c->residual[i] = true;
		c->inlined.p[i] &= c->inlined.p[parent];
	}
}
