/* Distributions; see stats.h. Incomplete beta and gamma functions by their usual expansions. */
#include "leaks/stats.h"

#include <math.h>
#include <stdlib.h>

#define TINY    1e-300
#define EPSILON 1e-13
#define STEPS   400

static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

static double at_least_tiny(double x)
{
	return fabs(x) < TINY ? TINY : x;
}

/* The continued fraction of the incomplete beta function, by Lentz's method. */
static double beta_fraction(double x, double a, double b)
{
	double c = 1, d = 1 / at_least_tiny(1 - (a + b) * x / (a + 1)), h = d;

	for (int m = 1; m < STEPS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 / at_least_tiny(1 + even * d);
		c = at_least_tiny(1 + even / c);
		h *= d * c;
		d = 1 / at_least_tiny(1 + odd * d);
		c = at_least_tiny(1 + odd / c);
		step = d * c;
		h *= step;
		if (fabs(step - 1) < EPSILON)
			break;
	}
	return h;
}

/* The regularized incomplete beta function. */
static double beta(double x, double a, double b)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double stats_binomial_tail(double b, double d, double share)
{
	if (b < 0.5)
		return 1;
	return beta(share, round(b), round(d) + 1);
}

/*
 * Quantile of the gamma distribution of shape k, by Wilson and Hilferty's cube: within 1 % of the
 * exact bounds from k = 2 on, and k below is in the table.
 */
static double gamma_quantile(double k, double z)
{
	double c = 1 - 1 / (9 * k) + z / (3 * sqrt(k));

	return k * c * c * c;
}

struct stats_interval stats_poisson_interval(double n)
{
	static const struct stats_interval few[] = { { 0, 3.689 }, { 0.0253, 5.572 },
		{ 0.242, 7.225 }, { 0.619, 8.767 }, { 1.090, 10.242 } };
	const size_t n_few = sizeof few / sizeof few[0];
	const double z = 1.959964;

	n = n > 0 ? round(n) : 0;
	if (n < (double)n_few)
		return few[(size_t)n];
	return (struct stats_interval){ gamma_quantile(n, -z), gamma_quantile(n + 1, z) };
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double stats_discovery_cut(double *p, size_t n, double q)
{
	double cut = -1;

	if (n)
		qsort(p, n, sizeof *p, ascending);
	for (size_t i = 0; i < n; i++)
		if (p[i] <= q * (double)(i + 1) / (double)n)
			cut = p[i];
	return cut;
}

double stats_median(double *v, size_t n)
{
	if (n == 0)
		return 0;
	qsort(v, n, sizeof *v, ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double stats_quantile(const double *v, size_t n, double share)
{
	double at = share * (double)(n ? n - 1 : 0);
	size_t i = (size_t)at;

	if (n == 0)
		return 0;
	return i + 1 < n ? v[i] + (at - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}
