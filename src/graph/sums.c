/*
 * Values of nodes: one linear pass over the stacks. A node counts once per sample however often it
 * recurs, which a stamp per node tells. This is the hottest loop of the tool (samples x depth), so
 * it reads nothing but the stack, the frame table and one small record per node.
 */
#include "graph/work.h"

struct hot {
	int64_t cum;
	uint32_t stamp; /* sample + 1 that was counted last */
};

static inline void add_node(struct hot *h, int64_t v, uint32_t stamp)
{
	if (h->stamp == stamp)
		return;
	h->stamp = stamp;
	h->cum = wrap_add(h->cum, v);
}

static void add_stack(const struct frames *f, const uint32_t *stack, size_t depth, int64_t v,
    uint32_t stamp, struct hot *hot)
{
	for (size_t k = 0; k < depth; k++) {
		uint32_t only = f->only[stack[k]];

		if (only != FRAMES_MANY) {
			add_node(&hot[only], v, stamp);
			continue;
		}
		for (uint32_t i = f->at[stack[k]]; i < f->at[stack[k] + 1]; i++)
			add_node(&hot[f->node[i]], v, stamp);
	}
}

static void add_leaf(struct work *w, const uint32_t *stack, size_t depth, int64_t v, int64_t div)
{
	struct sum *s;

	if (depth == 0)
		return;
	s = &w->sums[w->frames.node[w->frames.at[stack[0]]]];
	s->flat = wrap_add(s->flat, v);
	s->flat_div = wrap_add(s->flat_div, div);
}

static void walk(struct work *w, struct hot *cum, struct hot *div)
{
	for (size_t i = 0; i < w->p->samples.n && !cancel_now(w->p->cancel, i); i++) {
		uint32_t stamp = (uint32_t)i + 1;
		const uint32_t *stack;
		size_t depth;
		int64_t v, d;

		if (!sample_weight(w, i, &v, &d))
			continue;
		stack = sample_stack(w->p, i, &depth);
		add_stack(&w->frames, stack, depth, v, stamp, cum);
		if (w->o->mean) /* rare: divisors are summed by a second walk with its own stamps */
			add_stack(&w->frames, stack, depth, d, stamp, div);
		add_leaf(w, stack, depth, v, d);
	}
}

enum err_code sums_collect(struct work *w, struct err *e)
{
	uint32_t n = (uint32_t)w->frames.infos.n;
	struct hot *cum = ARENA_ARRAY(&w->scratch, struct hot, n);
	struct hot *div = ARENA_ARRAY(&w->scratch, struct hot, w->o->mean ? n : 0);

	w->sums = ARENA_ARRAY(&w->scratch, struct sum, n);
	w->n_origins = n;
	if (!cum || !div || !w->sums)
		return FAIL_NOMEM(e);
	walk(w, cum, div);
	TRY(cancel_check(w->p->cancel, e));
	for (uint32_t i = 0; i < n; i++) {
		w->sums[i].cum = cum[i].cum;
		w->sums[i].seen = cum[i].stamp != 0;
		if (w->o->mean)
			w->sums[i].cum_div = div[i].cum;
	}
	return OK;
}
