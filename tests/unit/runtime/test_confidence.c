/* Standard errors: by the formula where one record is all, and against the spread of many runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "runtime/confidence.h"
#include "runtime/init.h"
#include "runtime/pages.h"
#include "runtime/weight.h"

static void assert_near(double got, double want, double relative)
{
	if (fabs(got - want) > relative * fabs(want))
		fail_msg("got %g, wanted %g", got, want);
}

/* n samples of blocks of one size: the sum of x^2 (1 - p) / p^2 over the samples. */
static void one_size_is_exact(void **state)
{
	static const size_t sizes[] = { 1, 16, 1000, 100000, 1 << 20, 2 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double s = (double)sizes[i], p = -expm1(-(s + 1) / 524288), n = 7;
		struct rt_amounts one = rt_weight_of(sizes[i], 524288), sum = { 0 };
		struct rt_confidence c = { 0 };

		for (int k = 0; k < 7; k++) {
			sum.samples += one.samples;
			sum.objects += one.objects;
			sum.bytes += one.bytes;
		}
		rt_confidence_add(&c, &sum);
		assert_near(rt_confidence_bytes(&c).total, n * s / p, 0.001);
		assert_near(
		    rt_confidence_bytes(&c).error, sqrt(n * s * s * (1 - p) / (p * p)), 0.01);
		assert_near(rt_confidence_objects(&c).error, sqrt(n * (1 - p) / (p * p)), 0.01);
	}
}

static void everything_sampled_is_certain(void **state)
{
	struct rt_amounts all = { 1000, 1000ull << RT_OBJECTS_SHIFT, 12345678 }, none = { 0 };
	struct rt_confidence c = { 0 };

	(void)state;
	rt_confidence_add(&c, &all);
	rt_confidence_add(&c, &none);
	assert_true(rt_confidence_bytes(&c).error == 0);
	assert_true(rt_confidence_bytes(&c).total == 12345678);
	assert_true(rt_confidence_objects(&c).total == 1000);
}

#define RUNS    600
#define CLASSES 24
#define BLOCKS  3000

/* Blocks of mixed sizes, kept by size class as records are; one run's total and variance. */
static struct rt_confidence run(uint64_t *random)
{
	struct rt_amounts classes[128] = { { 0 } };
	struct rt_confidence c = { 0 };

	for (unsigned i = 0; i < BLOCKS; i++) {
		size_t size = (size_t)20 + (size_t)(i % CLASSES) * (i % CLASSES) * 997;
		double u = (double)(rt_weight_random(random) >> 11) * 0x1p-53;
		struct rt_amounts a = rt_weight_of(size, 65536);
		struct rt_amounts *sum = &classes[rt_records_class(size) % 128];

		if (u >= rt_weight_hit(((double)size + 1) / 65536))
			continue;
		sum->samples += a.samples;
		sum->objects += a.objects;
		sum->bytes += a.bytes;
	}
	for (unsigned i = 0; i < 128; i++)
		rt_confidence_add(&c, &classes[i]);
	return c;
}

static void errors_are_those_of_many_runs(void **state)
{
	double sum = 0, squares = 0, variance = 0, truth = 0;
	uint64_t random = 42;

	(void)state;
	for (unsigned i = 0; i < BLOCKS; i++)
		truth += 20.0 + (double)(i % CLASSES) * (i % CLASSES) * 997;
	for (unsigned i = 0; i < RUNS; i++) {
		struct rt_confidence c = run(&random);

		sum += c.bytes;
		squares += (c.bytes - truth) * (c.bytes - truth);
		variance += c.bytes_variance;
	}
	assert_near(sum / RUNS, truth, 0.01);
	/* A spread of 600 runs is known to 3 %. */
	assert_near(sqrt(variance / RUNS), sqrt(squares / RUNS), 0.1);
}

/* The page has the lines that the documentation names. */
static void the_page_says_it(void **state)
{
	static const char *const lines[] = { "\ninuse_bytes ", "\nalloc_bytes ", "\nfill_stacks ",
		"\nfill_records ", "\nfill_live ", "\nmemory_tables ", "\nsampling_ns ",
		"\nunwind_cache_misses ", "\nlost_live ", "\nmalloc ", "\nmodules ", " eh_frame ",
		"\npeak_inuse_bytes " };
	struct rt_bytes out = { 0 };
	struct rt_request req = { .path = STR("") };

	(void)state;
	rt_pages_self(&req, &out);
	rt_bytes_add(&out, "", 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr((const char *)out.p, lines[i]))
			fail_msg("no %s", lines[i]);
	rt_bytes_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_size_is_exact),
		cmocka_unit_test(everything_sampled_is_certain),
		cmocka_unit_test(errors_are_those_of_many_runs),
		cmocka_unit_test(the_page_says_it),
	};

	rt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
