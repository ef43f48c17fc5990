/*
 * Growth without births: Go's profiles, jemalloc's, gperftools'. What is known of each moment is
 * how many samples are in use and, mostly, how many were ever allocated. Without growth the
 * difference of two levels x0 and x1 of blocks with independent lives has a variance of at most
 * x0 + x1, and of at most the allocations and frees between them. The smaller of the two takes the
 * place that births and deaths have in trend.c. Weaker: a swing looks like growth until it turns.
 */
#include <math.h>

#include "leaks/sawtooth.h"
#include "leaks/stats.h"
#include "leaks/trend.h"

static void count_between(const struct leaks_view *v, size_t k0, size_t k1, struct trend_flow *f)
{
	const struct leaks_point *a = &v->points[k0], *b = &v->points[k1];
	double net = b->live_n - a->live_n, allocated = b->alloc_n - a->alloc_n;
	double events = a->live_n + b->live_n, mean = v->series->period;

	if (v->series->has_allocs && allocated >= 0)
		events = fmin(events, 2 * allocated - net);
	events = fmax(events, fabs(net));
	if (b->live_n > 0)
		mean = b->live_bytes / b->live_n;
	*f = (struct trend_flow){ .window_s = v->moments[k1].at - v->moments[k0].at };
	f->span_s = f->window_s;
	f->net = net;
	f->born = (events + net) / 2;
	f->died = (events - net) / 2;
	f->born_bytes = f->born * mean;
	f->died_bytes = f->died * mean;
	f->p = stats_binomial_tail(f->born, f->died, 0.5);
}

/* Most of the growth came in one step of several. */
static bool is_burst(const struct leaks_view *v, double net)
{
	double most = 0;

	for (size_t k = 1; k < v->n_moments; k++)
		most = fmax(most, v->points[k].live_n - v->points[k - 1].live_n);
	return v->n_moments >= 6 && most >= 0.6 * net;
}

bool counts_judge(const struct leaks_view *v, struct trend *out)
{
	struct trend_flow thirds[3];
	size_t ends[4];

	*out = (struct trend){ .shape = LEAKS_GROWING };
	if (v->n_moments < 2)
		return false;
	count_between(v, 0, v->n_moments - 1, &out->flow);
	out->young = out->flow;
	out->rate = trend_rate(&out->flow, v->series->period, 1);
	if (!trend_thirds(v, ends))
		return true;
	for (unsigned i = 0; i < 3; i++)
		count_between(v, ends[i], ends[i + 1], &thirds[i]);
	out->shape = trend_shape(out, thirds);
	/* Nothing else can tell a swing from a leak. */
	if (out->shape == LEAKS_LEAK &&
	    (thirds[0].net <= 0 || thirds[1].net <= 0 || sawtooth_of(v).swings > 1))
		out->shape = LEAKS_GROWING;
	if (is_burst(v, out->flow.net))
		out->shape = LEAKS_BURST;
	return true;
}
