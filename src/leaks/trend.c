/*
 * Growth of what is old; see trend.h. What is hard: births are known by cohorts only, which get
 * wider with time. All cuts are put at starts of cohorts as the later profile has them, which are
 * starts of cohorts in every earlier one too; spans of births and of deaths may then differ, and
 * the binomial share follows from them. Rounding always makes "old" older at the later moment,
 * which can hide growth but not invent it.
 */
#include "leaks/trend.h"

#include <math.h>

#include "core/cohort.h"
#include "leaks/stats.h"

/* A flow of less is not called growth. */
#define LEAST_NET      8
/* So much of what becomes old leaves again: then growth may end by itself. */
#define MUCH_TURNOVER  0.1
/* Growth that is down to so much of what it was has stopped. */
#define STOPPED        0.3
#define STOPPED_CHANCE 0.05
/* The same of what is young: less, as load may be low just now. */
#define JUST_STOPPED   0.2
/* Parts of the window that turnover is counted in. */
#define STEPS          10

double trend_startup(double uptime)
{
	return fmax(0.05 * uptime, fmin(60, 0.1 * uptime));
}

static uint32_t whole(double s)
{
	return s <= 0 ? 0 : s >= UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

uint32_t trend_next_cohort(uint32_t s, uint32_t now)
{
	uint32_t start = s > now ? now : cohort_of(s, now);

	if (start == s)
		return s;
	for (uint32_t width = 1; width && start + width <= now; width <<= 1)
		if (cohort_of(start + width, now) == start + width)
			return start + width;
	return now;
}

/* The chance of `born` or more when births and deaths are as frequent. */
static void weigh(struct trend_flow *f)
{
	f->net = f->born - f->died * f->span_s / f->window_s;
	f->p = stats_binomial_tail(f->born, f->died, f->span_s / (f->span_s + f->window_s));
}

bool trend_flow_between(
    const struct leaks_view *v, size_t k0, size_t k1, double age_s, struct trend_flow *out)
{
	double t0 = v->moments[k0].at, t1 = v->moments[k1].at;
	uint32_t now = whole(t1);
	uint32_t startup = trend_next_cohort(whole(trend_startup(t1)), now);
	uint32_t from = t0 > age_s ? cohort_of(whole(t0 - age_s), now) : 0;
	struct leaks_amount before, after, born;
	double oldest;

	from = from < startup ? startup : from;
	oldest = fmax(age_s, t0 - from);
	*out = (struct trend_flow){ .window_s = t1 - t0, .from = from, .p = 1 };
	if (t1 <= t0 || t1 < oldest)
		return false;
	out->to = cohort_of(whole(t1 - oldest), now);
	if (out->to <= from)
		return false;
	out->span_s = out->to - from;
	before = leaks_view_born(v, k0, 0, from);
	after = leaks_view_born(v, k1, 0, from);
	born = leaks_view_born(v, k1, from, out->to);
	out->born = born.n;
	out->born_bytes = born.bytes;
	out->died = fmax(0, before.n - after.n);
	out->died_bytes = fmax(0, before.bytes - after.bytes);
	weigh(out);
	return true;
}

bool trend_thirds(const struct leaks_view *v, size_t ends[4])
{
	size_t last = v->n_moments - 1;
	double begin = v->moments[0].at, length = v->moments[last].at - begin;

	ends[0] = 0;
	ends[3] = last;
	for (unsigned i = 1; i < 3; i++) {
		double want = begin + length * i / 3;
		size_t best = 0;

		for (size_t k = 1; k < last; k++)
			if (fabs(v->moments[k].at - want) < fabs(v->moments[best].at - want))
				best = k;
		ends[i] = best;
	}
	return v->n_moments >= 4 && ends[0] < ends[1] && ends[1] < ends[2] && ends[2] < ends[3];
}

/* The late flow is less than `share` of the early one, and that is no accident. */
static bool is_less(
    double early, double early_s, double late, double late_s, double share, double accident)
{
	if (early <= 0 || early_s <= 0 || late * early_s >= share * early * late_s)
		return false;
	/* P(X <= late) of early + late births, each in the late part by its share of time. */
	return stats_binomial_tail(early, late, early_s / (early_s + late_s)) < accident;
}

/* The last third grows by less than `share` of what the first two do. */
static bool slows_to(const struct trend_flow g[3], double share, double accident)
{
	return is_less(fmax(0, g[0].net) + fmax(0, g[1].net), g[0].span_s + g[1].span_s,
	    fmax(0, g[2].net), g[2].span_s, share, accident);
}

/* Growth of the last third is less than 40 % of the mean of all. */
static bool has_stopped(const struct trend_flow g[3])
{
	return slows_to(g, STOPPED, STOPPED_CHANCE);
}

/* What is old begins to be freed while growth gets less: a cache that was just filled. */
static bool is_stopping(const struct trend_flow g[3])
{
	return g[2].died > 0.2 * g[2].born && slows_to(g, 0.7, 1e-3);
}

/* Two of the three grow by a quarter of the mean at least: not all at once. */
static bool is_steady(const struct trend_flow g[3])
{
	double mean =
	    (g[0].net + g[1].net + g[2].net) / fmax(1, g[0].span_s + g[1].span_s + g[2].span_s);
	unsigned n = 0;

	for (unsigned i = 0; i < 3; i++)
		n += g[i].net > 0 && g[i].net >= 0.25 * mean * g[i].span_s;
	return n >= 2;
}

enum leaks_class trend_shape(struct trend *t, const struct trend_flow g[3])
{
	for (unsigned i = 0; i < 3; i++)
		t->thirds[i] = g[i].span_s > 0
				   ? g[i].born_bytes / g[i].span_s - g[i].died_bytes / g[i].window_s
				   : 0;
	t->has_thirds = true;
	t->is_last_third_growing = g[2].p < 0.05;
	if (has_stopped(g))
		return LEAKS_PLATEAU;
	return t->is_last_third_growing && is_steady(g) && !is_stopping(g) ? LEAKS_LEAK
									   : LEAKS_GROWING;
}

/* Members of the old ones at moment k0 that are gone at k1. */
static double lost(const struct leaks_view *v, size_t k0, size_t k1, double age_s)
{
	uint32_t to = cohort_of(whole(v->moments[k0].at - age_s), whole(v->moments[k1].at));

	return fmax(0, leaks_view_born(v, k0, 0, to).n - leaks_view_born(v, k1, 0, to).n);
}

/* How many are older than age_s at moment k, as far as cohorts of the last moment tell. */
static double old_at(const struct leaks_view *v, size_t k, double age_s)
{
	uint32_t now = whole(v->moments[v->n_moments - 1].at);

	return leaks_view_born(v, k, 0, cohort_of(whole(v->moments[k].at - age_s), now)).n;
}

/*
 * Deaths per birth of what is old, from profile to profile: what joins and leaves in between too.
 * Of many profiles some are skipped: between close ones counts differ by how they were rounded.
 */
static double turnover(const struct leaks_view *v, double age_s)
{
	size_t last = v->n_moments - 1, from = 0;
	double window = v->moments[last].at - v->moments[0].at;
	double died = 0, born;

	for (size_t k = 1; k < v->n_moments; k++) {
		if (v->moments[k].at - v->moments[from].at < window / STEPS)
			continue;
		died += lost(v, from, k, age_s);
		from = k;
	}
	born = old_at(v, last, age_s) - old_at(v, 0, age_s) + died;
	return born > 0 ? died / born : died > 0 ? (double)INFINITY : 0;
}

/*
 * What is younger than "old" tells what comes next: a leak leaves as much behind there as before.
 * Where that is little, growth has stopped meanwhile.
 */
static bool has_just_stopped(const struct leaks_view *v, const struct trend_flow *f)
{
	size_t last = v->n_moments - 1;
	double young_s = v->moments[last].at - f->to;
	double young = leaks_view_born(v, last, f->to, UINT32_MAX).n;

	return is_less(f->born, f->span_s, young, young_s, JUST_STOPPED, STOPPED_CHANCE);
}

/* Most survivors come from one cohort that is short for that. */
static bool is_burst(const struct leaks_view *v, const struct trend_flow *f)
{
	size_t last = v->n_moments - 1;
	uint32_t now = whole(v->moments[last].at);

	for (uint32_t at = f->from; at < f->to;) {
		uint32_t end = trend_next_cohort(at + 1, now);
		double n = leaks_view_born(v, last, at, end).n;

		if (n >= 0.6 * f->born && n / f->born >= 3 * (end - at) / f->span_s)
			return true;
		if (end <= at)
			break;
		at = end;
	}
	return false;
}

/*
 * How much more unevenly births lie than single ones would: index of dispersion over cohorts,
 * neighbours joined until five are expected.
 */
static double dispersion(const struct leaks_view *v, const struct trend_flow *f)
{
	size_t last = v->n_moments - 1;
	uint32_t now = whole(v->moments[last].at), begin = f->from;
	double sum = 0;
	unsigned n = 0;

	for (uint32_t at = f->from; at < f->to;) {
		uint32_t end = trend_next_cohort(at + 1, now);
		double expected = f->born * (end - begin) / f->span_s;

		if (end <= at)
			break;
		at = end;
		if (expected < 5)
			continue;
		sum += pow(leaks_view_born(v, last, begin, end).n - expected, 2) / expected;
		begin = end;
		n++;
	}
	return n > 2 ? fmax(1, sum / (n - 1)) : 1;
}

struct leaks_range trend_rate(const struct trend_flow *f, double period, double phi)
{
	struct stats_interval b = stats_poisson_interval(f->born);
	struct stats_interval d = stats_poisson_interval(f->died);
	double wb = f->born > 0 ? f->born_bytes / f->born / f->span_s : period / f->span_s;
	double wd = f->died > 0 ? f->died_bytes / f->died / f->window_s : period / f->window_s;
	struct leaks_range r = { .value = f->born * wb - f->died * wd };
	double down = hypot((f->born - b.lo) * wb, (d.hi - f->died) * wd);
	double up = hypot((b.hi - f->born) * wb, (f->died - d.lo) * wd);

	r.lo = r.value - sqrt(phi) * (f->died > 0 ? down : (f->born - b.lo) * wb);
	r.hi = r.value + sqrt(phi) * up;
	return r;
}

bool trend_turns_over(const struct trend *t)
{
	return t->turnover > MUCH_TURNOVER;
}

static void judge_age(const struct leaks_view *v, double age_s, struct trend *t)
{
	struct trend_flow thirds[3];
	size_t ends[4];
	bool whole_thirds = trend_thirds(v, ends);

	*t = (struct trend){ .shape = LEAKS_GROWING, .min_age_s = age_s };
	if (!trend_flow_between(v, 0, v->n_moments - 1, age_s, &t->flow))
		return;
	t->turnover = turnover(v, age_s);
	t->rate = trend_rate(&t->flow, v->series->period, dispersion(v, &t->flow));
	for (unsigned i = 0; whole_thirds && i < 3; i++)
		trend_flow_between(v, ends[i], ends[i + 1], age_s, &thirds[i]);
	if (whole_thirds)
		t->shape = trend_shape(t, thirds);
	if (is_burst(v, &t->flow))
		t->shape = LEAKS_BURST;
	else if (has_just_stopped(v, &t->flow))
		t->shape = LEAKS_PLATEAU;
	else if (t->shape == LEAKS_LEAK && trend_turns_over(t))
		t->shape = LEAKS_GROWING;
}

/* What survives a quarter of the window survives half of it about as often: no cut between. */
static bool outlives(const struct trend *young, const struct trend *old)
{
	double expected = 0.5 * young->flow.net / fmax(1, young->flow.span_s) * old->flow.span_s;

	return expected < 4 || (old->flow.born - expected) / sqrt(expected) > -1.65;
}

static bool is_growing(const struct trend *t)
{
	return t->flow.net >= LEAST_NET && t->flow.p < 1e-3;
}

bool trend_judge(const struct leaks_view *v, struct trend *out)
{
	double window = v->moments[v->n_moments - 1].at - v->moments[0].at;
	struct trend quarter, half;

	if (v->n_moments < 2 || window <= 0)
		return false;
	judge_age(v, window / 4, &quarter);
	judge_age(v, window / 2, &half);
	if (quarter.shape == LEAKS_LEAK && !outlives(&quarter, &half))
		quarter.shape = LEAKS_GROWING;
	*out = quarter;
	if (is_growing(&half) &&
	    (!is_growing(&quarter) || (quarter.shape != LEAKS_LEAK && half.shape == LEAKS_LEAK)))
		*out = half;
	/* Two ages were tried. */
	out->flow.p = fmin(1, 2 * fmin(quarter.flow.p, half.flow.p));
	trend_flow_between(v, 0, v->n_moments - 1, 0, &out->young);
	return true;
}
