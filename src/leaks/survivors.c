/* Evidence of one profile; see survivors.h. */
#include "leaks/survivors.h"

#include <math.h>

#include "core/cohort.h"
#include "leaks/stats.h"
#include "leaks/trend.h"

#define ENOUGH   12   /* samples that ages are judged from */
#define SHORTEST 10   /* seconds of a run that can be cut in quarters */
#define EVEN_CHI 13.8 /* chi-square of three even quarters, 2 degrees of freedom, p 0.001 */
/*
 * Load varies: a program that allocates evenly does so within so much of the mean. Where only one
 * profile is there, that is allowed for; in a series growth itself is seen.
 */
#define UNEVEN   0.1
#define FEW_PART 0.35 /* of the mean: a quarter with less is not even with the others */

static enum leaks_class judge(const struct leaks_ages *a, double uneven)
{
	double old = a->n[1] + a->n[2] + a->n[3];
	double density = old / (a->seconds[1] + a->seconds[2] + a->seconds[3]);
	double chi = 0, least = (double)INFINITY;

	if (a->total < ENOUGH)
		return LEAKS_FEW;
	if (old < 6)
		return a->n[0] >= ENOUGH ? LEAKS_BOUNDED : LEAKS_FEW;
	if (a->n[3] < 1 && a->n[2] <= 0.15 * old)
		return LEAKS_BOUNDED;
	if (a->n[0] < FEW_PART * density * a->seconds[0])
		return LEAKS_PLATEAU;
	for (unsigned i = 1; i < 4; i++) {
		double expected = density * a->seconds[i];

		if (a->n[i] < 2)
			return LEAKS_STABLE;
		least = fmin(least, a->n[i] / expected);
		chi += pow(a->n[i] - expected, 2) / (expected + pow(uneven * expected, 2));
	}
	return least >= FEW_PART && chi < EVEN_CHI ? LEAKS_LEAK : LEAKS_STABLE;
}

/* Age of the oldest block at moment k that is not from the start-up; 0 none. */
static double oldest_at(const struct leaks_view *v, size_t k)
{
	const struct leaks_point *point = &v->points[k];
	double startup = trend_startup(v->moments[k].at);

	for (size_t i = 0; i < point->n; i++) {
		uint32_t born = v->cohorts.p[point->first + i].born;

		if (born >= startup)
			return fmax(0, v->moments[k].at - born);
	}
	return 0;
}

struct leaks_ages survivors_judge(const struct leaks_view *v)
{
	size_t last = v->n_moments - 1;
	double up = v->moments[last].at;
	uint32_t now = up > 0 ? (uint32_t)up : 0;
	struct leaks_ages a = { .is = LEAKS_FEW };
	uint32_t begin = trend_next_cohort((uint32_t)trend_startup(up), now), end = UINT32_MAX;
	double end_s = up;

	a.startup_s = begin;
	for (unsigned i = 0; i < 4; i++) {
		double want = begin + (up - begin) * (3 - i) / 4;
		uint32_t from = i == 3 ? begin : cohort_of((uint32_t)want, now);

		from = from < begin ? begin : from;
		a.n[i] = leaks_view_born(v, last, from, end).n;
		a.seconds[i] = fmax(0, end_s - from);
		a.total += a.n[i];
		end = from;
		end_s = from;
	}
	for (size_t k = 0; k <= last; k++)
		a.oldest_s = fmax(a.oldest_s, oldest_at(v, k));
	if (up >= SHORTEST && a.seconds[1] > 0 && a.seconds[2] > 0 && a.seconds[3] > 0)
		a.is = judge(&a, v->n_moments > 1 ? 0 : UNEVEN);
	return a;
}

struct leaks_range survivors_rate(const struct leaks_view *v, const struct leaks_ages *a)
{
	size_t last = v->n_moments - 1;
	struct trend_flow f = { .window_s = 1 };
	uint32_t to = (uint32_t)(v->moments[last].at - a->seconds[0] + 0.5);
	struct leaks_amount old = leaks_view_born(v, last, (uint32_t)a->startup_s, to);

	f.span_s = fmax(1, a->seconds[1] + a->seconds[2] + a->seconds[3]);
	f.born = old.n;
	f.born_bytes = old.bytes;
	return trend_rate(&f, v->series->period, 1);
}
