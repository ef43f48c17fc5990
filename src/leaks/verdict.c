/* The combined rule; see verdict.h. Each threshold's effect is measured in docs/leaks.md. */
#include "leaks/verdict.h"

#include <math.h>

#include "leaks/sawtooth.h"
#include "leaks/stats.h"
#include "leaks/survivors.h"

#define FALSE_DISCOVERIES 1e-3 /* among sites that are called growing */
#define EARLY_DISCOVERIES 1e-2 /* among those that seem to */
#define LEAST_NET         8
#define EARLY_NET         5
#define STRONG_NET        25
#define TEETH             3
#define LONG_LIFE         0.02 /* of the run: shorter lives are churn */

static void copy_trend(struct leaks_verdict *v, const struct trend *t)
{
	v->p = t->flow.p;
	v->born = t->flow.born;
	v->died = t->flow.died;
	v->min_age_s = t->min_age_s;
	v->span_s = t->flow.span_s;
	v->has_thirds = t->has_thirds;
	v->is_last_third_growing = t->is_last_third_growing;
	for (unsigned i = 0; i < 3; i++)
		v->thirds[i] = t->thirds[i];
	v->turnover = t->turnover;
	v->rate = t->rate;
}

static void measure_levels(const struct leaks_view *view, struct leaks_verdict *v)
{
	const struct leaks_point *last = &view->points[view->n_moments - 1];

	v->live_bytes = last->live_bytes;
	v->live_objects = last->live_objects;
	v->live_samples = last->live_n;
	v->least_bytes = v->most_bytes = last->live_bytes;
	for (size_t k = 0; k < view->n_moments; k++) {
		v->least_bytes = fmin(v->least_bytes, view->points[k].live_bytes);
		v->most_bytes = fmax(v->most_bytes, view->points[k].live_bytes);
	}
}

void verdict_judge(const struct leaks_view *view, struct judged *out)
{
	const struct leaks_point *first = &view->points[0];
	const struct leaks_point *last = &view->points[view->n_moments - 1];
	struct sawtooth teeth = sawtooth_of(view);
	bool births = view->series->in->has_births;

	*out = (struct judged){ .v = { .p = 1 } };
	measure_levels(view, &out->v);
	out->v.swings = teeth.swings;
	out->v.period_s = teeth.period_s;
	out->first_n = first->live_n;
	out->allocated_n = view->n_moments > 1 ? last->alloc_n - first->alloc_n : last->alloc_n;
	if (births) {
		out->v.ages = survivors_judge(view);
		out->long_rate = survivors_rate(view, &out->v.ages);
	}
	out->has_trend = births ? trend_judge(view, &out->trend) : counts_judge(view, &out->trend);
	if (out->has_trend)
		copy_trend(&out->v, &out->trend);
}

struct verdict_cuts verdict_cuts_of(double *p, size_t n)
{
	struct verdict_cuts cuts = { stats_discovery_cut(p, n, FALSE_DISCOVERIES),
		stats_discovery_cut(p, n, EARLY_DISCOVERIES) };

	return cuts;
}

/* Of a site that does not grow: why not. */
static enum leaks_class settle_quiet(const struct judged *j, const struct leaks_input *in)
{
	const struct leaks_ages *a = &j->v.ages;
	bool cut_off = !in->has_births || a->is == LEAKS_BOUNDED;
	double uptime = in->moments[in->n_moments - 1].at;

	if (j->v.live_samples + j->allocated_n < 6)
		return LEAKS_FEW;
	if (j->v.swings >= TEETH && cut_off)
		return LEAKS_SAWTOOTH;
	if (in->n_moments > 1 && j->allocated_n < 0.02 * j->v.live_samples + 1)
		return LEAKS_STATIC;
	if (in->has_births && a->is == LEAKS_BOUNDED && a->oldest_s >= LONG_LIFE * uptime)
		return LEAKS_BOUNDED;
	if (in->n_moments > 1 && j->allocated_n > 20 * fmax(1, j->v.live_samples))
		return LEAKS_CHURN;
	if (in->has_births && a->is == LEAKS_BOUNDED)
		return LEAKS_BOUNDED;
	if (in->has_births && a->is == LEAKS_PLATEAU)
		return LEAKS_PLATEAU;
	if (in->has_births && j->has_trend && j->trend.young.p < 1e-3 &&
	    j->trend.young.net >= LEAST_NET)
		return LEAKS_LOAD;
	return LEAKS_STABLE;
}

/* A block this many times the mean between samples is sampled for sure. */
#define SURE_TIMES   8
#define FEW_BLOCKS   4
#define LARGE_BLOCKS (1 << 20)

/* What one block says of a site: nothing, or that each that was allocated was freed. */
static bool is_told_by_counts(enum leaks_class c)
{
	return c != LEAKS_FEW && c != LEAKS_STABLE && c != LEAKS_CHURN;
}

static bool is_replaced(const struct leaks_verdict *v, const struct leaks_input *in)
{
	double period = in->p->period > 1 ? (double)in->p->period : 1;

	return in->has_births && in->n_moments > 1 && !is_told_by_counts(v->class) &&
	       v->live_objects >= 0.5 && v->live_objects <= FEW_BLOCKS &&
	       v->live_bytes >= LARGE_BLOCKS &&
	       v->live_bytes >= SURE_TIMES * period * v->live_objects &&
	       v->ages.n[2] + v->ages.n[3] < 0.5 && v->most_bytes > v->least_bytes;
}

/*
 * The profile alone says leak. Between profiles there is enough to say so too, or to say no, or it
 * was too short for either.
 */
static void settle_history(struct judged *j, const struct leaks_input *in)
{
	struct leaks_verdict *v = &j->v;
	const struct trend_flow *f = &j->trend.flow;
	double density = (v->ages.n[1] + v->ages.n[2] + v->ages.n[3]) /
			 (v->ages.seconds[1] + v->ages.seconds[2] + v->ages.seconds[3]);
	double expected = j->has_trend ? density * f->span_s : 0;

	v->class = LEAKS_LEAK;
	v->trust = LEAKS_SUSPECTED;
	v->rate = j->long_rate;
	if (expected < 3)
		return;
	if (f->net >= 3 && f->p / 2 < 0.1 && !trend_turns_over(&j->trend)) {
		v->trust = LEAKS_LIKELY;
		v->is_window = true;
		return;
	}
	v->trust = LEAKS_UNSURE;
	v->class = f->net > 0.3 * expected ? LEAKS_GROWING : settle_quiet(j, in);
}

/*
 * Growth of what never gets old is no leak: it swings, or a cache with an age limit has filled.
 */
static enum leaks_class settle_bounded(const struct judged *j)
{
	enum leaks_class shape = j->trend.shape;

	if (j->v.swings >= TEETH)
		return LEAKS_SAWTOOTH;
	if (shape == LEAKS_PLATEAU || (shape == LEAKS_GROWING && trend_turns_over(&j->trend)))
		return LEAKS_BOUNDED;
	return shape;
}

static void settle_growing(struct judged *j, const struct leaks_input *in)
{
	struct leaks_verdict *v = &j->v;

	v->class = j->trend.shape;
	v->is_window = true;
	if (in->has_births && v->ages.is == LEAKS_BOUNDED && v->class != LEAKS_LEAK)
		v->class = settle_bounded(j);
	if (v->class != LEAKS_LEAK)
		return;
	v->trust = LEAKS_LIKELY;
	if (in->has_births && j->trend.flow.net >= STRONG_NET && v->ages.is != LEAKS_BOUNDED)
		v->trust = LEAKS_STRONG;
}

/* Few samples, but not all of them from long ago. */
static bool seems_to_grow(const struct judged *j, struct verdict_cuts cuts)
{
	const struct trend *t = &j->trend;

	return j->has_trend && t->flow.net >= EARLY_NET && t->flow.p <= cuts.early &&
	       t->shape != LEAKS_BURST && t->shape != LEAKS_PLATEAU &&
	       (!t->has_thirds || t->thirds[2] > 0);
}

void verdict_settle(struct judged *j, const struct leaks_input *in, struct verdict_cuts cuts)
{
	struct leaks_verdict *v = &j->v;
	const struct trend_flow *f = &j->trend.flow;
	bool grows = j->has_trend && f->net >= LEAST_NET && f->p <= cuts.growing;

	v->trust = LEAKS_UNSURE;
	if (grows)
		settle_growing(j, in);
	if (grows && v->class != LEAKS_GROWING)
		return;
	if (in->has_births && v->ages.is == LEAKS_LEAK) {
		settle_history(j, in);
		return;
	}
	if (grows)
		return;
	v->class = settle_quiet(j, in);
	v->is_replaced = is_replaced(v, in);
	if (v->class != LEAKS_SAWTOOTH && v->class != LEAKS_BOUNDED && seems_to_grow(j, cuts))
		v->class = LEAKS_EARLY;
}
