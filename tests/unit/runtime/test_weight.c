/* The sampler's arithmetic against libm, and the distribution of intervals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/weight.h"

static void assert_close(double got, double want, double relative)
{
	if (fabs(got - want) > relative * fabs(want))
		fail_msg("%.17g is not %.17g", got, want);
}

static void logarithm(void **state)
{
	(void)state;
	for (double x = 0x1p-53; x < 1e6; x *= 1.0137)
		assert_close(rt_weight_log(x) + 1e3, log(x) + 1e3, 1e-15);
	for (double x = 0x1p-53; x < 0.9; x *= 1.0137)
		assert_close(rt_weight_log(x), log(x), 1e-13);
	assert_true(fabs(rt_weight_log(1)) < 1e-15);
}

static void chance_of_a_hit(void **state)
{
	(void)state;
	assert_true(rt_weight_hit(0) == 0);
	for (double x = 1e-12; x < 100; x *= 1.013)
		assert_close(rt_weight_hit(x), -expm1(-x), 1e-13);
	assert_true(rt_weight_hit(1e9) == 1);
}

static void weights(void **state)
{
	const double unit = 1 << RT_OBJECTS_SHIFT;

	(void)state;
	for (uint64_t mean = 2; mean <= RT_RATE_MAX; mean *= 7) {
		for (size_t size = 0; size < (size_t)1 << 40; size = size * 3 + 1) {
			double w = 1 / -expm1(-((double)size + 1) / (double)mean);
			struct rt_amounts a = rt_weight_of(size, mean);

			assert_int_equal(a.samples, 1);
			assert_true(fabs((double)a.objects - w * unit) <= 0.5 + 1e-9 * w * unit);
			assert_true(fabs((double)a.bytes - w * (double)size) <=
				    0.5 + 1e-9 * w * (double)size);
		}
	}
}

static void weights_at_rate_one_are_exact(void **state)
{
	(void)state;
	for (size_t size = 0; size < 100000; size = size * 2 + 1) {
		struct rt_amounts a = rt_weight_of(size, 1);

		assert_int_equal(a.objects, 1 << RT_OBJECTS_SHIFT);
		assert_int_equal(a.bytes, size);
	}
}

/* P(interval >= n) must be exp(-n / mean), for small n too. */
static void intervals_are_exponential(void **state)
{
	enum { DRAWS = 400000 };

	static const struct {
		uint64_t mean, at;
	} cases[] = { { 2, 1 }, { 2, 3 }, { 100, 1 }, { 100, 100 }, { 524288, 64 },
		{ 524288, 524288 }, { 524288, 2000000 } };

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		double p = exp(-(double)cases[c].at / (double)cases[c].mean);
		double error = sqrt(DRAWS * p * (1 - p));
		uint64_t random = 42 + c;
		double hits = 0;

		for (int i = 0; i < DRAWS; i++)
			hits += rt_weight_interval(&random, cases[c].mean) >= cases[c].at;
		if (fabs(hits - DRAWS * p) > 4.5 * error + 1)
			fail_msg("case %zu: %g hits, expected %g +- %g", c, hits, DRAWS * p, error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logarithm),
		cmocka_unit_test(chance_of_a_hit),
		cmocka_unit_test(weights),
		cmocka_unit_test(weights_at_rate_one_are_exact),
		cmocka_unit_test(intervals_are_exponential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
