/*
 * Verdicts on simulated programs, with the family of scenarios and with seeds that no threshold was
 * chosen with: how many leaks are found, what else is called one, how often the interval holds the
 * true rate, and how many of a thousand harmless sites are accused. Seeds are fixed: same result on
 * every run. The long form is leaks_table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "stat/leaks_sim.h"

#define HOUR 3600.0

struct tally {
	unsigned trials, leak, covered;
};

static struct sim start(uint64_t seed, double window, uint64_t period, unsigned moments)
{
	return (struct sim){ .random = seed,
		.held_out = true,
		.window = window,
		.period = period,
		.moments = moments };
}

static void run_once(struct sim *s, enum sim_kind kind, double samples, struct tally *t)
{
	struct leaks_report r;

	s->before = sim_uniform(s, 0.2, 6) * s->window;
	s->leak_rate = samples * (double)s->period / s->window;
	sim_add(s, kind, 0);
	assert_true(sim_judge(s, &r));
	t->trials++;
	if (r.outcome == LEAKS_IS_LEAK) {
		const struct leaks_range *rate = &r.suspects[0].v.rate;

		t->leak++;
		t->covered += rate->lo <= s->leak_rate && s->leak_rate <= rate->hi;
	}
	leaks_report_release(&r);
	sim_clear(s);
}

static struct tally run(struct sim *s, enum sim_kind kind, double samples, unsigned trials)
{
	struct tally t = { 0, 0, 0 };

	for (unsigned i = 0; i < trials; i++)
		run_once(s, kind, samples, &t);
	return t;
}

static double share(unsigned part, unsigned whole)
{
	return whole ? (double)part / whole : 0;
}

/* Recall and precision over all kinds, as their means. */
static void check_mix(struct sim *s, double samples, unsigned trials)
{
	double found = 0, wrong = 0;
	unsigned filling = 0;

	for (unsigned kind = 0; kind < SIM_KINDS; kind++) {
		struct tally t = run(s, kind, samples, trials);
		double called = share(t.leak, t.trials);

		if (kind < SIM_LEAKS)
			found += called;
		else
			wrong += called;
		if (kind == SIM_LRU_FILLING || kind == SIM_BURST_HELD || kind == SIM_BURST_FREED)
			filling += t.leak;
	}
	print_message("recall %.3f, precision %.3f\n", found / SIM_LEAKS, found / (found + wrong));
	assert_true(share(filling, 3 * trials) <= 0.05);
	assert_true(found / SIM_LEAKS >= 0.95);
	assert_true(found / (found + wrong) >= 0.95);
}

static void leaks_of_35_samples_are_found(void **state)
{
	struct sim s = start(20240611, HOUR, 512 * 1024, 10);

	(void)state;
	check_mix(&s, 35, 20);
}

static void at_another_window_and_sampling_too(void **state)
{
	struct sim s = start(977, 600, 64 * 1024, 24);

	(void)state;
	check_mix(&s, 50, 10);
}

/* As many as a watched program gives: close ones have no whole cohort between them. */
static void many_profiles_do_not_accuse_a_filling_cache(void **state)
{
	struct sim s = start(60902, HOUR, 512 * 1024, 40);
	struct tally t;

	(void)state;
	t = run(&s, SIM_LRU_FILLING, 0, 60);
	print_message("forty profiles: %u of %u filling caches called leak\n", t.leak, t.trials);
	assert_true(share(t.leak, t.trials) <= 0.05);
}

/* 95 % intervals, so 93 % with what chance does to 300 trials. */
static void intervals_hold_the_rate(void **state)
{
	static const double samples[] = { 35, 120, 400 };
	struct sim s = start(31337, HOUR, 512 * 1024, 10);
	struct tally steady = { 0, 0, 0 }, batch = { 0, 0, 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned kind = 0; kind <= SIM_LEAK_BATCH; kind++) {
			struct tally t = run(&s, kind, samples[i], 25);
			struct tally *sum = kind == SIM_LEAK_BATCH ? &batch : &steady;

			sum->leak += t.leak;
			sum->covered += t.covered;
		}
	}
	print_message("covered: steady %.3f, batches %.3f\n", share(steady.covered, steady.leak),
	    share(batch.covered, batch.leak));
	assert_true(share(steady.covered, steady.leak) >= 0.93);
	assert_true(share(batch.covered, batch.leak) >= 0.90);
}

/* The site a suspect is: the simulator gives each an address of its own. */
static unsigned site_of(const struct leaks_site *s)
{
	return (unsigned)((strtoull(s->function.p, NULL, 16) - 0xffff) / 16);
}

/* Judges the sites that were added, of which the first ten leak; counts whom it accuses. */
static void accuse(struct sim *s, unsigned *found, unsigned *wrong)
{
	struct leaks_report r;

	assert_true(sim_judge(s, &r));
	assert_int_equal(r.n_sites, 1000);
	for (size_t i = 0; i < r.n_suspects; i++) {
		bool leaks = r.suspects[i].v.class == LEAKS_LEAK;

		*found += leaks && site_of(&r.suspects[i]) < 10;
		*wrong += leaks && site_of(&r.suspects[i]) >= 10;
	}
	leaks_report_release(&r);
	sim_clear(s);
}

static void a_thousand_harmless_sites_accuse_nobody(void **state)
{
	static const enum sim_kind kinds[] = { SIM_TTL_SAWTOOTH, SIM_TTL_SMOOTH, SIM_LRU_FULL,
		SIM_STATIC, SIM_BURST_HELD };
	struct sim s = start(4242, 600, 512 * 1024, 10);
	unsigned found = 0, wrong = 0;

	(void)state;
	s.before = 300;
	s.leak_rate = 60 * (double)s.period / s.window;
	for (uint32_t i = 0; i < 10; i++)
		sim_add(&s, SIM_LEAK, i);
	for (uint32_t i = 10; i < 1000; i++)
		sim_add(&s, kinds[i % 5], i);
	accuse(&s, &found, &wrong);
	print_message("of 10 leaks %u, of 990 others %u\n", found, wrong);
	assert_int_equal(found, 10);
	assert_int_equal(wrong, 0);
}

/*
 * The same with all that really grows for a while: pools that are slow to fill, caches that do,
 * data that is loaded bit by bit. Most of them a short time after the start, when they still do.
 */
static void a_thousand_sites_that_grow_accuse_few(void **state)
{
	static const enum sim_kind kinds[] = { SIM_POOL, SIM_WARM_UP, SIM_LRU_FILLING, SIM_LRU_FULL,
		SIM_BURST_HELD, SIM_STATIC };

	static const double before[] = { 0.25, 0.6, 1.4, 4 };
	struct sim s = start(190733, HOUR, 512 * 1024, 10);
	unsigned found = 0, wrong = 0;

	(void)state;
	s.leak_rate = 35 * (double)s.period / s.window;
	for (unsigned k = 0; k < 4; k++) {
		s.before = before[k] * s.window;
		for (uint32_t i = 0; i < 1000; i++)
			sim_add(&s, i < 10 ? (enum sim_kind)(i % SIM_LEAKS) : kinds[i % 6], i);
		accuse(&s, &found, &wrong);
	}
	print_message("of 40 leaks %u, of 3960 others %u\n", found, wrong);
	assert_true(found >= 38);
	assert_true(share(wrong, found + wrong) <= 0.1);
}

/* Weaker, but no less honest: what swings or fills is not called a leak. */
static void without_births(void **state)
{
	static const enum sim_kind harmless[] = { SIM_TTL_SMOOTH, SIM_LRU_FULL, SIM_LRU_FILLING,
		SIM_WARM_UP, SIM_CHURN, SIM_STATIC, SIM_BURST_HELD };
	struct sim s = start(555, HOUR, 512 * 1024, 16);
	unsigned wrong = 0, trials = 0;

	(void)state;
	s.no_births = true;
	for (unsigned i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
		struct tally t = run(&s, harmless[i], 0, 20);

		wrong += t.leak;
		trials += t.trials;
	}
	print_message("without births: %u of %u harmless called leak\n", wrong, trials);
	assert_true(share(wrong, trials) <= 0.03);
	assert_true(run(&s, SIM_LEAK, 70, 20).leak >= 19);
	assert_true(run(&s, SIM_LEAK_STATIC, 210, 20).leak >= 19);
}

/*
 * One look at a process with births. A cache that has been filling for most of the run looks like a
 * leak then, and the report says so: it is not counted.
 */
static void one_profile(void **state)
{
	struct sim s = start(808, HOUR, 512 * 1024, 1);
	unsigned wrong = 0, trials = 0, found = 0;

	(void)state;
	for (unsigned kind = 0; kind < SIM_KINDS; kind++) {
		struct tally t = run(&s, kind, 35, 12);

		if (kind < SIM_LEAKS)
			found += t.leak;
		else if (kind != SIM_LRU_FILLING)
			wrong += t.leak;
		trials += kind < SIM_LEAKS ? t.trials : 0;
	}
	print_message("one profile: found %u of %u, called wrongly %u\n", found, trials, wrong);
	assert_true(share(found, trials) >= 0.85);
	assert_true(share(found, found + wrong) >= 0.90);
}

static int set_up(void **state)
{
	(void)state;
	return sim_start() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaks_of_35_samples_are_found),
		cmocka_unit_test(at_another_window_and_sampling_too),
		cmocka_unit_test(many_profiles_do_not_accuse_a_filling_cache),
		cmocka_unit_test(intervals_hold_the_rate),
		cmocka_unit_test(a_thousand_harmless_sites_accuse_nobody),
		cmocka_unit_test(a_thousand_sites_that_grow_accuse_few),
		cmocka_unit_test(without_births),
		cmocka_unit_test(one_profile),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
