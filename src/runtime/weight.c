/* Intervals and weights; see weight.h. Called by heap_sample.c. */
#include "runtime/weight.h"

#include <string.h>

#define LN2       0.693147180559945309417
#define SQRT_HALF 0.707106781186547524401
/* r^7 / 8! is then below 1e-18. */
#define FEW_TERMS_BELOW (1.0 / 128)

/* Division is several times slower than multiplication, and a sample waits for all of these. */
static const double inverse[] = { 0, 1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7,
	1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15, 1.0 / 16,
	1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21 };

/*
 * The sum of z^n / (2n + 1) up to n = 10, every second term by itself: two chains of operations
 * that wait for their own results only.
 */
static double atanh_series(double z)
{
	double even = inverse[21];
	double odd = inverse[19];
	double zz = z * z;

	for (int k = 17; k >= 5; k -= 4) {
		even = even * zz + inverse[k];
		odd = odd * zz + inverse[k - 2];
	}
	return (even * zz + inverse[1]) + z * odd;
}

/* log(m * 2^e) = e ln 2 + 2 atanh((m - 1) / (m + 1)), with m within a factor sqrt 2 of 1. */
double rt_weight_log(double x)
{
	uint64_t bits;
	double m, s;
	int e;

	memcpy(&bits, &x, sizeof(bits));
	e = (int)(bits >> 52 & 0x7ff) - 1022;
	bits = (bits & 0xfffffffffffffULL) | 0x3fe0000000000000ULL; /* m in [0.5, 1) */
	memcpy(&m, &bits, sizeof(m));
	if (m < SQRT_HALF) {
		m *= 2;
		e--;
	}
	s = (m - 1) / (m + 1); /* at most 0.1716, so 11 terms are enough */
	return e * LN2 + 2 * s * atanh_series(s * s);
}

/*
 * exp(-r) - 1 for r in [0, ln 2), negated: r - r^2/2 + r^3/6 ... by Horner. Most blocks are small
 * beside the interval, and then few terms are enough.
 */
static double hit_small(double r)
{
	double sum = 1;

	for (int k = r < FEW_TERMS_BELOW ? 7 : 18; k >= 2; k--)
		sum = 1 - r * inverse[k] * sum;
	return r * sum;
}

double rt_weight_hit(double x)
{
	double scale = 1;

	if (x > 40)
		return 1; /* exp(-40) is below half a unit of the last place */
	while (x >= LN2) {
		x -= LN2;
		scale /= 2;
	}
	/* 1 - s e^-r = (1 - s) + s (1 - e^-r) */
	return (1 - scale) + scale * hit_small(x);
}

uint64_t rt_weight_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint64_t rt_weight_interval(uint64_t *random, uint64_t mean)
{
	/* Uniform in (0, 1], never 0. */
	double u = (double)((rt_weight_random(random) >> 11) + 1) * 0x1p-53;

	return (uint64_t)(-rt_weight_log(u) * (double)mean);
}

struct rt_amounts rt_weight_of(size_t size, uint64_t mean)
{
	double unit = (double)(1 << RT_OBJECTS_SHIFT);
	double w;

	if (mean <= 1)
		return (struct rt_amounts){ 1, 1 << RT_OBJECTS_SHIFT, size };
	w = 1 / rt_weight_hit(((double)size + 1) / (double)mean);
	return (
	    struct rt_amounts){ 1, (uint64_t)(w * unit + 0.5), (uint64_t)(w * (double)size + 0.5) };
}
