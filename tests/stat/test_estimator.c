/*
 * The estimator over many seeded runs of the real gate, with a workload whose truth is known: the
 * mean must be the truth within its standard error, the spread what theory says. Everything is
 * simulated on the hooks' own functions; no block is allocated. Seeds are fixed: same result on
 * every run.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "runtime/heap_gate.h"
#include "runtime/heap_sample.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/tls.h"
#include "runtime/weight.h"

#define RUNS   400
#define BLOCKS 20000

struct totals {
	double objects, bytes;
};

/* Block sizes from 0 bytes to 1 MiB, log-uniform: small ones are most, large ones most bytes. */
static size_t size_of(uint64_t *state)
{
	unsigned bits = (unsigned)(rt_weight_random(state) % 20);

	return (size_t)(rt_weight_random(state) & (((uint64_t)1 << bits) - 1));
}

static void set_rate(uint64_t rate)
{
	atomic_store(&rt.heap_rate, rate);
	atomic_fetch_add(&rt.heap_rate_gen, 1);
}

/* A new thread's state with a seed of its own. */
static void start_run(uint64_t seed)
{
	memset(&rt_tls, 0, sizeof(rt_tls));
	/* Mixed: neighbouring states of this generator are one sequence, shifted. */
	rt_tls.random = rt_weight_random(&seed) | 1;
}

/* One block through the gate, as a hook does it. */
static void allocate(size_t size, struct totals *estimate)
{
	struct rt_amounts a;
	uint64_t mean;

	if (rt_gate_pass(size) || !rt_heap_due(size, &mean))
		return;
	a = rt_weight_of(size, mean);
	estimate->objects += (double)a.objects / (1 << RT_OBJECTS_SHIFT);
	estimate->bytes += (double)a.bytes;
}

/* Variance of the estimate of one block: x^2 (1 - p) / p, with p its chance. */
static double variance(double x, size_t size, uint64_t rate)
{
	double p = -expm1(-((double)size + 1) / (double)rate);

	return x * x * (1 - p) / p;
}

struct moments {
	double sum, squares;
};

static void note(struct moments *m, double deviation)
{
	m->sum += deviation;
	m->squares += deviation * deviation;
}

/*
 * `what`: the mean deviation is noise, and the spread is sqrt(theory) within a tenth. (Counts of
 * tiny blocks at a low rate are a few huge weights: then so few runs do not show the spread.)
 */
static void check(const struct moments *m, double theory, double truth, const char *what)
{
	double mean = m->sum / RUNS;
	double rms = sqrt(m->squares / RUNS);
	double error = sqrt(theory / RUNS);

	print_message("%s: bias %.4f %%, rms %.4f %%, of theory %.3f\n", what, 100 * mean / truth,
	    100 * rms / truth, rms / sqrt(theory));
	if (fabs(mean) > 3.5 * error)
		fail_msg("%s: bias %.4f %% is %.1f standard errors", what, 100 * mean / truth,
		    mean / error);
	if (sqrt(theory) < 0.5 * truth && (rms > 1.1 * sqrt(theory) || rms < 0.9 * sqrt(theory)))
		fail_msg("%s: rms %.4f %%, theory %.4f %%", what, 100 * rms / truth,
		    100 * sqrt(theory) / truth);
}

/* Runs the workload; the rate goes through `rates` in turn, changing within each run. */
static void run_all(const uint64_t *rates, size_t n_rates)
{
	struct moments objects = { 0, 0 }, bytes = { 0, 0 };
	struct totals truth = { 0, 0 }, theory = { 0, 0 };

	for (uint64_t run = 0; run < RUNS; run++) {
		struct totals estimate = { 0, 0 };
		uint64_t workload = 7;

		set_rate(rates[0]);
		start_run(run + 1);
		for (size_t i = 0; i < BLOCKS; i++) {
			size_t size = size_of(&workload);
			size_t part = i * n_rates / BLOCKS;

			if (i > 0 && part != (i - 1) * n_rates / BLOCKS) {
				set_rate(rates[part]);
				rt_heap_redraw();
			}
			allocate(size, &estimate);
			if (run > 0)
				continue;
			truth.objects += 1;
			truth.bytes += (double)size;
			theory.objects += variance(1, size, rates[part]);
			theory.bytes += variance((double)size, size, rates[part]);
		}
		note(&objects, estimate.objects - truth.objects);
		note(&bytes, estimate.bytes - truth.bytes);
	}
	check(&bytes, theory.bytes, truth.bytes, "bytes");
	check(&objects, theory.objects, truth.objects, "objects");
}

static void the_default_rate(void **state)
{
	static const uint64_t rates[] = { 524288 };

	(void)state;
	run_all(rates, 1);
}

static void a_high_rate(void **state)
{
	static const uint64_t rates[] = { 4096 };

	(void)state;
	run_all(rates, 1);
}

/* Longer than a piece of the countdown, so that intervals go over several. */
static void a_rate_of_many_pieces(void **state)
{
	static const uint64_t rates[] = { 16 << 20 };

	(void)state;
	run_all(rates, 1);
}

static void rates_that_change(void **state)
{
	static const uint64_t rates[] = { 524288, 8192, 2 << 20, 65536 };

	(void)state;
	run_all(rates, 4);
}

static void everything_is_exact(void **state)
{
	struct totals estimate = { 0, 0 }, truth = { 0, 0 };
	uint64_t workload = 11;

	(void)state;
	set_rate(1);
	start_run(1);
	for (size_t i = 0; i < BLOCKS; i++) {
		size_t size = size_of(&workload);

		truth.objects += 1;
		truth.bytes += (double)size;
		allocate(size, &estimate);
	}
	assert_true(estimate.objects == truth.objects);
	assert_true(estimate.bytes == truth.bytes);
}

static void off_takes_nothing(void **state)
{
	struct totals estimate = { 0, 0 };

	(void)state;
	set_rate(0);
	start_run(1);
	for (size_t i = 0; i < 100000; i++)
		allocate(4096, &estimate);
	assert_true(estimate.objects == 0);
}

/* A thread that only ever allocates a little must be sampled as often as its share says. */
static void short_threads(void **state)
{
	struct moments bytes = { 0, 0 };
	double truth = 100 * 1000.0 * 10;
	double theory = 100 * 10 * variance(1000, 1000, 524288);

	(void)state;
	set_rate(524288);
	for (uint64_t run = 0; run < RUNS; run++) {
		struct totals estimate = { 0, 0 };

		for (uint64_t thread = 0; thread < 100; thread++) {
			start_run(run * 100 + thread + 1);
			for (int i = 0; i < 10; i++)
				allocate(1000, &estimate);
		}
		note(&bytes, estimate.bytes - truth);
	}
	check(&bytes, theory, truth, "bytes");
}

static int start(void **state)
{
	(void)state;
	rt_init();
	return rt_is_ready() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_rate),
		cmocka_unit_test(a_high_rate),
		cmocka_unit_test(a_rate_of_many_pieces),
		cmocka_unit_test(rates_that_change),
		cmocka_unit_test(everything_is_exact),
		cmocka_unit_test(off_takes_nothing),
		cmocka_unit_test(short_threads),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
