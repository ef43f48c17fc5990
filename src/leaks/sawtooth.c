/* Swings of what is in use; see sawtooth.h. */
#include "leaks/sawtooth.h"

#include <math.h>

#include "leaks/stats.h"

/* A swing is so many standard deviations of the level, and so many samples, at least. */
#define DEVIATIONS 5.5
#define LEAST      6

static double least_swing(const struct leaks_view *v)
{
	double levels[LEAKS_MAX_MOMENTS];

	for (size_t k = 0; k < v->n_moments; k++)
		levels[k] = v->points[k].live_n;
	return fmax(LEAST, DEVIATIONS * sqrt(fmax(1, stats_median(levels, v->n_moments))));
}

struct sawtooth sawtooth_of(const struct leaks_view *v)
{
	double least = least_swing(v), low = v->points[0].live_n, high = low;
	double first = 0, last = 0; /* when the first and the last swing were complete */
	struct sawtooth s = { 0, 0 };
	int direction = 0;

	for (size_t k = 1; k < v->n_moments; k++) {
		double x = v->points[k].live_n;
		bool rises, falls;

		low = fmin(low, x);
		high = fmax(high, x);
		rises = direction <= 0 && x - low >= least;
		falls = direction >= 0 && high - x >= least;
		if (!rises && !falls)
			continue;
		direction = rises ? 1 : -1;
		low = high = x;
		last = v->moments[k].at;
		if (s.swings++ == 0)
			first = last;
	}
	if (s.swings >= 3)
		s.period_s = 2 * (last - first) / (s.swings - 1);
	return s;
}
