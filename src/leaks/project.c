/*
 * Projection; see project.h. The process's memory is known exactly, but its points depend on each
 * other: so the slope is Theil and Sen's median of pairs, and its interval comes from resampling
 * blocks of neighbouring residuals. The generator's seed is fixed: one series, one answer.
 */
#include "leaks/project.h"

#include <math.h>

#include "core/hash.h"
#include "leaks/stats.h"

#define MAX_POINTS 48
#define RESAMPLES  200
#define LEAST      4

struct points {
	double t[MAX_POINTS], y[MAX_POINTS];
	size_t n;
};

/* At most MAX_POINTS that know what is in use, evenly chosen. */
static void collect(const struct leaks_moment *m, size_t n, struct points *out)
{
	size_t known = 0, seen = 0;

	for (size_t i = 0; i < n; i++)
		known += m[i].used > 0;
	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (m[i].used <= 0)
			continue;
		if (seen++ * MAX_POINTS / (known > MAX_POINTS ? known : MAX_POINTS) < out->n)
			continue;
		out->t[out->n] = m[i].at;
		out->y[out->n++] = (double)m[i].used;
		if (out->n == MAX_POINTS)
			return;
	}
}

static double slope_of(const struct points *p)
{
	double slopes[MAX_POINTS * (MAX_POINTS - 1) / 2];
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = i + 1; k < p->n; k++)
			if (p->t[k] > p->t[i])
				slopes[n++] = (p->y[k] - p->y[i]) / (p->t[k] - p->t[i]);
	return stats_median(slopes, n);
}

/* The line with other blocks of the residuals around it. */
static void resample(
    const struct points *line, const double *residuals, uint64_t round, struct points *out)
{
	size_t block = (size_t)fmax(2, cbrt((double)line->n) + 1);

	*out = *line;
	for (size_t i = 0; i < line->n; i++) {
		uint64_t draw = hash_u64(round << 20 | i / block);
		size_t from = (size_t)(draw % (line->n - block + 1));

		out->y[i] += residuals[from + i % block];
	}
}

bool project_slope(const struct leaks_moment *m, size_t n, struct leaks_range *out)
{
	double residuals[MAX_POINTS], rest[MAX_POINTS], slopes[RESAMPLES];
	struct points p, line, again;
	double middle;

	collect(m, n, &p);
	if (p.n < LEAST)
		return false;
	out->value = slope_of(&p);
	for (size_t i = 0; i < p.n; i++)
		rest[i] = residuals[i] = p.y[i] - out->value * p.t[i];
	middle = stats_median(rest, p.n);
	line = p;
	for (size_t i = 0; i < p.n; i++) {
		residuals[i] -= middle;
		line.y[i] = out->value * p.t[i];
	}
	for (uint64_t round = 0; round < RESAMPLES; round++) {
		resample(&line, residuals, round + 1, &again);
		slopes[round] = slope_of(&again);
	}
	stats_median(slopes, RESAMPLES); /* sorts */
	out->lo = fmin(out->value, stats_quantile(slopes, RESAMPLES, 0.025));
	out->hi = fmax(out->value, stats_quantile(slopes, RESAMPLES, 0.975));
	return true;
}

/* Seconds until `room` bytes are used up. */
static bool time_left(double room, const struct leaks_range *rate, struct leaks_range *out)
{
	if (rate->value <= 0)
		return false;
	out->value = room / rate->value;
	out->lo = room / fmax(rate->hi, rate->value);
	out->hi = rate->lo > 0 ? room / rate->lo : (double)INFINITY;
	return true;
}

/* Rates add; so do the squares of their errors. */
static struct leaks_range sum_of_leaks(const struct leaks_report *r)
{
	struct leaks_range sum = { 0, 0, 0 };

	for (size_t i = 0; i < r->n_suspects; i++) {
		const struct leaks_range *rate = &r->suspects[i].v.rate;

		if (r->suspects[i].v.class != LEAKS_LEAK)
			continue;
		sum.value += rate->value;
		sum.lo = hypot(sum.lo, rate->value - rate->lo);
		sum.hi = hypot(sum.hi, rate->hi - rate->value);
	}
	return (struct leaks_range){ sum.value, sum.value - sum.lo, sum.value + sum.hi };
}

static const char *limit_of(const struct leaks_moment *m)
{
	switch (m->kind) {
	case LEAKS_LIMIT_GROUP:
		return "control group";
	case LEAKS_LIMIT_MACHINE:
		return "machine";
	case LEAKS_LIMIT_ADDRESS:
		return "address space";
	default:
		return "";
	}
}

void project_fill(struct leaks_report *r, const struct leaks_input *in)
{
	struct leaks_projection *p = &r->projection;
	const struct leaks_moment *last = &in->moments[in->n_moments - 1];
	struct leaks_range leaks = sum_of_leaks(r);
	double room;

	*p = (struct leaks_projection){
		.used = last->used, .limit = last->limit, .limit_of = limit_of(last)
	};
	p->explained = (double)NAN;
	p->leaks = leaks;
	if (!in->has_times)
		return;
	p->has_slope = project_slope(in->moments, in->n_moments, &p->slope);
	if (p->has_slope && p->slope.value > 0 && leaks.value > 0)
		p->explained = leaks.value / p->slope.value;
	room = (double)(p->limit - p->used);
	if (p->limit <= 0 || p->used <= 0 || room < 0)
		return;
	/* Growth that no leak explains ends at the same limit, if it is more than what comes and
	 * goes. */
	if (leaks.value <= 0 && !leaks_is_noteworthy(r))
		return;
	p->has_from_sites = time_left(room, &leaks, &p->from_sites);
	if (p->has_slope)
		p->has_from_memory = time_left(room, &p->slope, &p->from_memory);
}
