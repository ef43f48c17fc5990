/*
 * The colour ramp of pprof's graphs. Small scores are pushed away from grey so that most of the
 * ramp is used, and lose saturation below a fifth so that grey stays grey. Called by dot.c.
 */
#include "report/dot_color.h"

#include <math.h>
#include <stdint.h>

#define SATURATED_FROM 0.2
#define STRETCH        0.3 /* exponent that moves scores away from 0 */

struct shade {
	double saturation, value; /* of HSV */
};

/* A colour part as a byte; what is no number (0 of a total of 0) is 0. */
static unsigned part(double v)
{
	return v >= 0 && v < 1.01 ? (unsigned)(v * 255.0) : 0;
}

void dot_color(struct buf *out, double score, bool background)
{
	static const struct shade shades[] = { { 1.0, 0.7 }, { 0.1, 0.93 } };
	struct shade s = shades[background];
	double red = s.value, green = s.value;

	if (score > 1)
		score = 1;
	if (score < -1)
		score = -1;
	if (fabs(score) < SATURATED_FROM)
		s.saturation *= fabs(score) / SATURATED_FROM;
	/* As an exponential of a logarithm, not pow: the last bit decides between two bytes. */
	if (score > 0)
		score = exp(STRETCH * log(score));
	else if (score < 0)
		score = -exp(STRETCH * log(-score));
	if (score < 0)
		red = s.value * (1 + s.saturation * score);
	else
		green = s.value * (1 - s.saturation * score);
	buf_printf(
	    out, "#%02x%02x%02x", part(red), part(green), part(s.value * (1 - s.saturation)));
}
