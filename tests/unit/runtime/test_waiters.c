/*
 * Waiting threads: no time is handed out twice however they come and go; and which locks are calm:
 * none that was waited for lately, and in the end each is again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "runtime/waiters.h"

/* Only their addresses count. */
static char locks[1u << 20];

static void a_wait_ends_the_calm(void **state)
{
	const void *lock = &locks[64];
	const char *other = &locks[128];

	(void)state;
	while (rt_waiters_bucket((uintptr_t)other) == rt_waiters_bucket((uintptr_t)lock))
		other += 64;
	assert_true(rt_waiters_calm(lock));
	rt_waiters_note(lock);
	rt_waiters_note(lock);
	assert_false(rt_waiters_calm(lock));
	assert_true(rt_waiters_calm(other));
}

static size_t calm_buckets(void)
{
	size_t n = 0;

	for (size_t i = 0; i < RT_WAITERS_BUCKETS; i++)
		n += !atomic_load(&rt_waiters_seen[i]);
	return n;
}

/* A program may make locks without end: not all addresses may end up as waited for. */
static void waits_are_forgotten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(locks); i += 64) {
		rt_waiters_note(&locks[i]);
		assert_false(rt_waiters_calm(&locks[i]));
		assert_true(calm_buckets() > RT_WAITERS_BUCKETS / 2);
	}
}

enum { THREADS = 4, WAITS = 20000 };

static _Atomic uint64_t ticks, waited, taken;

/* Waits for one lock and unlocks the other, at no time of any clock but the common count. */
static void *wait_and_take(void *arg)
{
	uintptr_t own = 4096 + (uintptr_t)arg % 2, other = 4097 - (uintptr_t)arg % 2;

	for (int i = 0; i < WAITS; i++) {
		uint64_t start = atomic_fetch_add(&ticks, 1);
		uint32_t place = rt_waiters_enter(own, start);

		atomic_fetch_add(&taken, rt_waiters_take(other, atomic_fetch_add(&ticks, 1)));
		rt_waiters_leave(place);
		atomic_fetch_add(&waited, atomic_fetch_add(&ticks, 1) - start);
	}
	return NULL;
}

static void each_moment_is_handed_out_once(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_and_take, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(taken <= waited);
	assert_int_equal(rt_waiters_total, 0);
	for (size_t i = 0; i < RT_WAITERS_BUCKETS; i++)
		assert_int_equal(rt_waiters_counts[i], 0);
	assert_int_equal(rt_stats_get(RT_STAT_LOST_WAITERS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_ends_the_calm),
		cmocka_unit_test(waits_are_forgotten),
		cmocka_unit_test(each_moment_is_handed_out_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
