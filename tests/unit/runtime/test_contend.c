/*
 * Contention: weights that make totals right at any rate (with fixed seeds), the sums by stack, who
 * waits for what, and the texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/contend.h"
#include "runtime/counttext.h"
#include "runtime/init.h"
#include "runtime/stacksum.h"
#include "runtime/tally.h"
#include "runtime/tls.h"
#include "runtime/waiters.h"
#include "runtime/weight.h"

#define ONE ((uint64_t)1 << RT_OBJECTS_SHIFT)

static void a_long_wait_counts_for_itself(void **state)
{
	struct rt_contend_weight w;

	(void)state;
	for (uint64_t random = 0; random < 3000; random++) {
		assert_true(rt_contend_weigh_block(1000, 1000, random, &w));
		assert_int_equal(w.count, ONE);
		assert_int_equal(w.delay, 1000);
		assert_true(rt_contend_weigh_block(123456, 1000, random, &w));
		assert_int_equal(w.delay, 123456);
	}
	assert_true(rt_contend_weigh_block(0, 1, 7, &w));
	assert_int_equal(w.delay, 1);
	assert_false(rt_contend_weigh_block(1000, 0, 0, &w));
}

/* Of the `rate` equally likely draws exactly `ns` are kept: no bias at all. */
static void a_short_wait_is_kept_by_its_length(void **state)
{
	struct rt_contend_weight w;
	uint64_t kept = 0, count = 0, delay = 0;

	(void)state;
	for (uint64_t random = 0; random < 1000; random++) {
		if (!rt_contend_weigh_block(250, 1000, random, &w))
			continue;
		kept++;
		count += w.count;
		delay += w.delay;
	}
	assert_int_equal(kept, 250);
	assert_int_equal(count, 1000 * ONE);
	assert_int_equal(delay, 1000 * 250);
}

/* Waits of many lengths: totals within four standard errors. */
static void block_estimates_are_right_on_average(void **state)
{
	uint64_t seed = 20240229, rate = 10000;
	double true_delay = 0, got_delay = 0, got_count = 0, delay_variance = 0;
	double count_variance = 0;
	const int n = 200000;

	(void)state;
	for (int i = 0; i < n; i++) {
		uint64_t ns = rt_weight_interval(&seed, 3000) + 1;
		double p = ns < rate ? (double)ns / (double)rate : 1;
		struct rt_contend_weight w;

		true_delay += (double)ns;
		delay_variance += (double)ns * (double)ns * (1 - p) / p;
		count_variance += (1 - p) / p;
		if (!rt_contend_weigh_block(ns, rate, rt_weight_random(&seed), &w))
			continue;
		got_delay += (double)w.delay;
		got_count += (double)w.count / (double)ONE;
	}
	assert_true(fabs(got_delay - true_delay) < 4 * sqrt(delay_variance));
	assert_true(fabs(got_count - n) < 4 * sqrt(count_variance));
}

static void mutex_estimates_are_right_on_average(void **state)
{
	const uint64_t fraction = 20;
	uint64_t seed = 4711;
	double true_delay = 0, got_delay = 0, got_count = 0, variance = 0;
	struct rt_contend_weight w;
	const int n = 100000;

	(void)state;
	for (int i = 0; i < n; i++) {
		uint64_t ns = rt_weight_interval(&seed, 5000);

		true_delay += (double)ns;
		variance += (double)ns * (double)ns * (double)(fraction - 1);
		if (!rt_contend_weigh_mutex(ns, fraction, rt_weight_random(&seed), &w))
			continue;
		got_delay += (double)w.delay;
		got_count += (double)w.count / (double)ONE;
	}
	assert_true(fabs(got_delay - true_delay) < 4 * sqrt(variance));
	assert_true(fabs(got_count - n) < 4 * sqrt((double)n * (double)(fraction - 1)));
	assert_true(rt_contend_weigh_mutex(77, 1, 5, &w));
	assert_int_equal(w.count, ONE);
	assert_int_equal(w.delay, 77);
	assert_false(rt_contend_weigh_mutex(77, 0, 0, &w));
	assert_true(rt_contend_weigh_mutex(UINT64_MAX / 2, 1 << 30, 0, &w));
	assert_int_equal(w.delay, INT64_MAX);
}

static rt_stack_id stack_of(uintptr_t pc)
{
	return rt_stacktab_id(&pc, 1);
}

static struct rt_row row_of(const struct rt_stacksum *t, rt_stack_id stack)
{
	struct rt_row found = { 0 };
	struct rt_snapshot s;

	rt_snapshot_begin(&s);
	rt_stacksum_snapshot(t, &s);
	assert_true(rt_snapshot_end(&s));
	for (size_t i = 0; i < s.n; i++)
		if (rt_snapshot_row(&s, i)->stack == stack)
			found = *rt_snapshot_row(&s, i);
	rt_snapshot_release(&s);
	return found;
}

static struct rt_stacksum shared;
static rt_stack_id contended;

static void *add_many(void *arg)
{
	uint64_t seed = (uintptr_t)arg;

	for (int i = 0; i < 20000; i++) {
		rt_stacksum_add(&shared, contended, ONE, 3);
		rt_stacksum_add(&shared, stack_of(10000 + rt_weight_random(&seed) % 50), ONE, 1);
	}
	return NULL;
}

/* Whoever reads sees rows whose two values belong together. */
static void sums_are_of_one_moment(void **state)
{
	pthread_t threads[4];
	struct rt_row row;
	int64_t others = 0;

	(void)state;
	rt_stacksum_add(&shared, 1, ONE, 1); /* not mapped yet: nothing */
	assert_int_equal(rt_stacksum_count(&shared), 0);
	assert_true(rt_stacksum_map(&shared));
	contended = stack_of(5000);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, add_many, (void *)(i + 1));
	for (int i = 0; i < 200; i++) {
		row = row_of(&shared, contended);
		assert_int_equal(row.values[1], 3 * row.values[0]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	row = row_of(&shared, contended);
	assert_int_equal(row.values[0], 80000);
	assert_int_equal(row.values[1], 240000);
	for (uintptr_t pc = 10000; pc < 10050; pc++)
		others += row_of(&shared, stack_of(pc)).values[1];
	assert_int_equal(others, 80000);
	assert_int_equal(rt_stacksum_count(&shared), 51);
}

static void a_full_table_counts_the_rest_together(void **state)
{
	uintptr_t full = RT_PC_RECORDS_FULL;
	struct rt_stacksum t = { 0 };
	uint64_t lost = rt_stats_get(RT_STAT_LOST_RECORDS);

	(void)state;
	assert_true(rt_stacksum_map(&t));
	for (uint32_t i = 1; i <= RT_STACKSUM_MAX + 5; i++)
		rt_stacksum_add(&t, 1000000 + i, ONE, 2);
	rt_stacksum_add(&t, 1000001, ONE, 2); /* those that are in stay in */
	assert_int_equal(rt_stacksum_count(&t), RT_STACKSUM_MAX);
	assert_int_equal(row_of(&t, rt_stacktab_id(&full, 1)).values[0], 5);
	assert_int_equal(row_of(&t, 1000001).values[0], 2);
	assert_int_equal(rt_stats_get(RT_STAT_LOST_RECORDS) - lost, 5);
}

/* Each waiter is one thread; here one thread plays them all. */
static uint32_t enter(uintptr_t lock, uint64_t now)
{
	uint32_t place;

	rt_tls.waits_at = 0;
	place = rt_waiters_enter(lock, now);
	assert_true(place != 0);
	return place;
}

static void leave(uint32_t place)
{
	rt_tls.waits_at = (uint16_t)place;
	rt_waiters_leave(place);
}

/* Two addresses with the same counter. */
static uintptr_t neighbour(uintptr_t lock)
{
	uintptr_t other = lock + 8;

	while (rt_waiters_bucket(other) != rt_waiters_bucket(lock))
		other += 8;
	return other;
}

static void time_is_handed_out_once(void **state)
{
	uintptr_t lock = 0x7000, other = neighbour(lock);
	uint32_t a, b, c;

	(void)state;
	assert_false(rt_waiters_any((void *)lock));
	assert_int_equal(rt_waiters_take(lock, 100), 0);
	a = enter(lock, 1000);
	assert_true(rt_waiters_any((void *)lock));
	b = enter(lock, 1500);
	c = enter(other, 1200);
	assert_int_equal(rt_waiters_take(lock, 2000), 1000 + 500);
	assert_int_equal(rt_waiters_take(lock, 2000), 0);
	leave(a);
	assert_int_equal(rt_waiters_take(lock, 2300), 300);
	leave(b);
	assert_int_equal(rt_waiters_take(lock, 9999), 0);
	assert_int_equal(rt_waiters_take(other, 2200), 1000);
	leave(c);
	assert_false(rt_waiters_any((void *)lock));
}

static void a_thread_waits_for_one_lock(void **state)
{
	uint32_t outer, inner;

	(void)state;
	outer = enter(0x8000, 100);
	inner = rt_waiters_enter(0x9000, 200); /* in a signal handler */
	assert_int_equal(rt_waiters_take(0x8000, 300), 0);
	assert_int_equal(rt_waiters_take(0x9000, 300), 100);
	rt_waiters_leave(inner);
	rt_waiters_leave(outer);
	assert_false(rt_waiters_any((void *)0x8000));
	assert_false(rt_waiters_any((void *)0x9000));
}

static void many_waiters(void **state)
{
	uint32_t places[256];
	uint64_t lost = rt_stats_get(RT_STAT_LOST_WAITERS);

	(void)state;
	for (int i = 0; i < 256; i++)
		places[i] = enter(0xa000, 100);
	rt_tls.waits_at = 0;
	assert_int_equal(rt_waiters_enter(0xa000, 100), 0);
	assert_int_equal(rt_stats_get(RT_STAT_LOST_WAITERS) - lost, 1);
	rt_waiters_leave(0);
	assert_int_equal(rt_waiters_take(0xa000, 110), 256 * 10);
	for (int i = 0; i < 256; i++)
		leave(places[i]);
	assert_false(rt_waiters_any((void *)0xa000));
	enter(0xb000, 1);
	rt_waiters_after_fork();
	assert_false(rt_waiters_any((void *)0xb000));
	assert_int_equal(rt_tls.waits_at, 0);
}

static void add_row(struct rt_snapshot *s, uint32_t record, int64_t value)
{
	struct rt_row row = { .record = record, .stack = stack_of(7000 + record) };

	row.values[0] = value;
	row.values[1] = 10 * value;
	rt_snapshot_add(s, &row);
}

/* A difference knows what is new, changed, the same and gone. */
static void differences(void **state)
{
	static const int64_t wanted[][2] = { { 2, 3 }, { 9, 4 }, { 1, -1 }, { 7, -8 } };
	struct rt_snapshot before, after;

	(void)state;
	rt_snapshot_begin(&before);
	add_row(&before, 1, 1);
	add_row(&before, 2, 2);
	add_row(&before, 5, 6);
	add_row(&before, 7, 8);
	rt_snapshot_begin(&after);
	after.time_ns = before.time_ns + 5;
	add_row(&after, 2, 5);
	add_row(&after, 5, 6);
	add_row(&after, 9, 4);
	assert_true(rt_snapshot_subtract(&after, &before));
	assert_int_equal(after.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rt_snapshot_row(&after, i)->record, wanted[i][0]);
		assert_int_equal(rt_snapshot_row(&after, i)->values[0], wanted[i][1]);
		assert_int_equal(rt_snapshot_row(&after, i)->values[1], 10 * wanted[i][1]);
	}
	assert_int_equal(after.duration_ns, 5);
	rt_snapshot_release(&after);
	rt_snapshot_release(&before);
}

static void tallies(void **state)
{
	struct rt_tally t;
	struct rt_snapshot s;

	(void)state;
	assert_true(rt_tally_init(&t, 1000));
	for (uint32_t i = 0; i < 1000; i++)
		rt_tally_add(&t, 1 + i % 10);
	rt_snapshot_begin(&s);
	rt_tally_finish(&t, &s);
	assert_true(rt_snapshot_end(&s));
	assert_int_equal(s.n, 10);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(rt_snapshot_row(&s, i)->record, 1 + i);
		assert_int_equal(rt_snapshot_row(&s, i)->values[0], 100);
	}
	rt_snapshot_release(&s);
}

static void text_of(
    void (*text)(const struct rt_profile_kind *, struct rt_snapshot *, struct rt_bytes *),
    const char *name, const char *start)
{
	struct rt_profile_kind kind = { .name = name };
	struct rt_bytes out = { 0 };
	struct rt_snapshot s;

	rt_snapshot_begin(&s);
	add_row(&s, 1, 5);
	add_row(&s, 2, 50);
	text(&kind, &s, &out);
	rt_bytes_add(&out, "", 1);
	assert_false(out.failed);
	assert_memory_equal(out.p, start, strlen(start));
	assert_non_null(strstr((char *)out.p, "\n--- Memory map: ---\n"));
	rt_bytes_release(&out);
	rt_snapshot_release(&s);
}

static void texts_are_gos(void **state)
{
	(void)state;
	text_of(rt_counttext_contention, "block",
	    "--- contention:\ncycles/second=1000000000\n"
	    "500 50 @ 0x1b5a\n#\t0x1b59\n\n50 5 @ 0x1b59\n#\t0x1b58\n\n");
	text_of(rt_counttext_contention, "mutex",
	    "--- mutex:\ncycles/second=1000000000\nsampling period=1\n500 50 @ 0x1b5a\n");
	text_of(rt_counttext_count, "jobs",
	    "jobs profile: total 55\n50 @ 0x1b5a\n#\t0x1b59\n\n5 @ 0x1b59\n");
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
		cmocka_unit_test(a_long_wait_counts_for_itself),
		cmocka_unit_test(a_short_wait_is_kept_by_its_length),
		cmocka_unit_test(block_estimates_are_right_on_average),
		cmocka_unit_test(mutex_estimates_are_right_on_average),
		cmocka_unit_test(sums_are_of_one_moment),
		cmocka_unit_test(a_full_table_counts_the_rest_together),
		cmocka_unit_test(time_is_handed_out_once),
		cmocka_unit_test(a_thread_waits_for_one_lock),
		cmocka_unit_test(many_waiters),
		cmocka_unit_test(differences),
		cmocka_unit_test(tallies),
		cmocka_unit_test(texts_are_gos),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
