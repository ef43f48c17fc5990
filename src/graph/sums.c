/*
 * Values of nodes: one linear pass over the stacks. A node counts once per sample however often it
 * recurs, which a stamp per node tells. This is the hottest loop of the tool (samples x depth), so
 * it reads nothing but the stack, the frame table and one small record per node. Of large profiles
 * a second thread takes half of the samples; sums do not depend on their order.
 */
#include <pthread.h>

#include "base/processors.h"
#include "graph/work.h"

#define WORTH_A_THREAD (1u << 22) /* frames of stacks: tens of milliseconds */

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

/* A thread's share: its samples, and sums of its own. */
struct share {
	const struct work *w;
	size_t begin, end;
	struct cancel *cancel; /* NULL: goes on to its end */
	struct hot *cum, *div;
	struct sum *sums; /* flat values */
};

static void add_leaf(
    const struct share *h, const uint32_t *stack, size_t depth, int64_t v, int64_t div)
{
	const struct frames *f = &h->w->frames;
	struct sum *s;

	if (depth == 0)
		return;
	s = &h->sums[f->node[f->at[stack[0]]]];
	s->flat = wrap_add(s->flat, v);
	s->flat_div = wrap_add(s->flat_div, div);
}

static void walk(const struct share *h)
{
	const struct work *w = h->w;

	for (size_t i = h->begin; i < h->end && !cancel_now(h->cancel, i); i++) {
		uint32_t stamp = (uint32_t)i + 1;
		const uint32_t *stack;
		size_t depth;
		int64_t v, d;

		if (!sample_weight(w, i, &v, &d))
			continue;
		stack = sample_stack(w->p, i, &depth);
		add_stack(&w->frames, stack, depth, v, stamp, h->cum);
		if (w->o->mean) /* rare: divisors are summed by a second walk with its own stamps */
			add_stack(&w->frames, stack, depth, d, stamp, h->div);
		add_leaf(h, stack, depth, v, d);
	}
}

static void *walk_thread(void *share)
{
	walk(share);
	return NULL;
}

static bool share_init(struct share *h, struct work *w, size_t begin, size_t end)
{
	uint32_t n = (uint32_t)w->frames.infos.n;

	*h = (struct share){ .w = w, .begin = begin, .end = end };
	h->cum = ARENA_ARRAY(&w->scratch, struct hot, n);
	h->div = ARENA_ARRAY(&w->scratch, struct hot, w->o->mean ? n : 0);
	h->sums = ARENA_ARRAY(&w->scratch, struct sum, n);
	return h->cum && h->div && h->sums;
}

/* Adds a share's sums to those of the graph. */
static void share_add(struct work *w, const struct share *h)
{
	for (uint32_t i = 0; i < w->n_origins; i++) {
		struct sum *s = &w->sums[i];

		if (s != &h->sums[i]) {
			s->flat = wrap_add(s->flat, h->sums[i].flat);
			s->flat_div = wrap_add(s->flat_div, h->sums[i].flat_div);
		}
		s->cum = wrap_add(s->cum, h->cum[i].cum);
		s->seen |= h->cum[i].stamp != 0;
		if (w->o->mean)
			s->cum_div = wrap_add(s->cum_div, h->div[i].cum);
	}
}

/* The first share is the caller's; the second gets a thread, or waits for the first. */
static void walk_both(struct share shares[2])
{
	pthread_t helper;
	bool has_helper = pthread_create(&helper, NULL, walk_thread, &shares[1]) == 0;

	walk(&shares[0]);
	if (has_helper)
		pthread_join(helper, NULL);
	else
		walk(&shares[1]);
}

enum err_code sums_collect(struct work *w, struct err *e)
{
	const struct samples *samples = &w->p->samples;
	const bool split =
	    samples->n > 1 && samples->stack_at[samples->n] > WORTH_A_THREAD && processors() > 1;
	const size_t first = split ? samples->n / 2 : samples->n;
	struct share shares[2];

	if (!share_init(&shares[0], w, 0, first) ||
	    (split && !share_init(&shares[1], w, first, samples->n)))
		return FAIL_NOMEM(e);
	shares[0].cancel = w->p->cancel;
	w->sums = shares[0].sums;
	w->n_origins = (uint32_t)w->frames.infos.n;
	if (split)
		walk_both(shares);
	else
		walk(&shares[0]);
	TRY(cancel_check(w->p->cancel, e));
	share_add(w, &shares[0]);
	if (split)
		share_add(w, &shares[1]);
	return OK;
}
