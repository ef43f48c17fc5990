/* Distributions against values computed elsewhere (exact fractions; tables of Garwood's bounds). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "leaks/stats.h"

static void near(double got, double want, double relative)
{
	if (fabs(got - want) > relative * fabs(want))
		fail_msg("%.12g is not %.12g", got, want);
}

static void binomial_tails(void **state)
{
	(void)state;
	near(stats_binomial_tail(0, 10, 0.5), 1, 0);
	near(stats_binomial_tail(10, 0, 0.5), 1.0 / 1024, 1e-10);
	near(stats_binomial_tail(1, 9, 0.5), 1023.0 / 1024, 1e-10);
	near(stats_binomial_tail(2, 2, 0.5), 11.0 / 16, 1e-10);
	near(stats_binomial_tail(3, 1, 0.25), 13.0 / 256, 1e-10);
	near(stats_binomial_tail(60, 40, 0.5), 0.02844396682049, 1e-9);
	near(stats_binomial_tail(5200, 4800, 0.5), 3.296757799336e-05, 1e-6);
	assert_true(stats_binomial_tail(10000, 0, 0.5) >= 0);
	assert_true(stats_binomial_tail(10000, 0, 0.5) < 1e-300);
}

static void poisson_intervals(void **state)
{
	static const struct {
		double n, lo, hi;
	} cases[] = { { 0, 0, 3.689 }, { 1, 0.0253, 5.572 }, { 4, 1.090, 10.242 },
		{ 5, 1.623, 11.668 }, { 10, 4.795, 18.390 }, { 100, 81.364, 121.627 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stats_interval got = stats_poisson_interval(cases[i].n);

		near(got.lo, cases[i].lo, 0.01);
		near(got.hi, cases[i].hi, 0.01);
	}
}

/* The example of Benjamini and Hochberg (1995): four of fifteen at 0.05. */
static void false_discoveries(void **state)
{
	double p[] = { 0.0459, 0.0001, 0.0095, 0.3240, 0.0004, 0.0201, 0.0278, 0.0298, 0.0344,
		0.0019, 0.4262, 0.5719, 0.6528, 0.7590, 1.000 };

	(void)state;
	near(stats_discovery_cut(p, 15, 0.05), 0.0095, 1e-12);
	near(p[0], 0.0001, 1e-12);
	assert_true(stats_discovery_cut(p, 15, 1e-5) < 0);
	assert_true(stats_discovery_cut(p, 0, 0.05) < 0);
}

static void medians(void **state)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	near(stats_median(odd, 3), 2, 0);
	near(stats_median(even, 4), 2.5, 0);
	near(stats_median(NULL, 0), 0, 0);
	near(stats_quantile(even, 4, 0.5), 2.5, 1e-12);
	near(stats_quantile(even, 4, 1), 4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binomial_tails),
		cmocka_unit_test(poisson_intervals),
		cmocka_unit_test(false_discoveries),
		cmocka_unit_test(medians),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
