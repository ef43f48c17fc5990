/* The table of sampled live blocks: many entries, levels, false friends, threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/heap_live.h"
#include "runtime/init.h"
#include "runtime/rt.h"

static struct rt_live what(uint32_t i)
{
	return (struct rt_live){ i * 3ull, i * 5ull, i, i * 7 };
}

static void assert_taken(uintptr_t p, uint32_t i)
{
	struct rt_live got;

	assert_true(rt_live_take(p, &got));
	assert_int_equal(got.record, i);
	assert_int_equal(got.objects, i * 3ull);
	assert_int_equal(got.bytes, i * 5ull);
	assert_int_equal(got.born, i * 7);
}

static bool may_be_known(uintptr_t p)
{
	return atomic_load(&rt_filter[rt_filter_slot(p)]) != 0;
}

static void one_entry(void **state)
{
	struct rt_live one = what(9), got;

	(void)state;
	assert_false(rt_live_take(0x1000, &got));
	assert_true(rt_live_add(0x1000, &one));
	assert_true(may_be_known(0x1000));
	assert_int_equal(rt_live_count(), 1);
	assert_false(rt_live_take(0x1010, &got));
	assert_taken(0x1000, 9);
	assert_false(rt_live_take(0x1000, &got));
	assert_false(may_be_known(0x1000));
	assert_int_equal(rt_live_count(), 0);
}

static void the_reserved_addresses_are_never_found(void **state)
{
	struct rt_live got;

	(void)state;
	assert_false(rt_live_take(0, &got));
	assert_false(rt_live_take(1, &got));
}

/* Far more than the first level holds, so that later levels open. */
static void many_entries(void **state)
{
	enum { N = 100000 };

	uintptr_t base = 0x7f0000000000;
	struct rt_live one, got;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		one = what(i);
		assert_true(rt_live_add(base + i * 48ull, &one));
	}
	assert_int_equal(rt_live_count(), N);
	assert_true(atomic_load(&rt.state.head->live_levels) > 2);
	for (uint32_t i = 0; i < N; i += 2)
		assert_taken(base + i * 48ull, i);
	for (uint32_t i = 0; i < N; i += 2)
		assert_false(rt_live_take(base + i * 48ull, &got));
	for (uint32_t i = 1; i < N; i += 2)
		assert_taken(base + i * 48ull, i);
	assert_int_equal(rt_live_count(), 0);
}

/* Samples as they lie in a heap at the default rate, and frees all over it. */
static void filter_false_positives_are_few(void **state)
{
	enum { N = 1000, SPACE = 512 << 10, FREES = 100000 };

	uintptr_t base = 0x550000000000;
	struct rt_live one = what(1);
	unsigned positives = 0;
	unsigned seed = 7;

	(void)state;
	for (uintptr_t i = 0; i < N; i++)
		assert_true(rt_live_add(base + i * SPACE, &one));
	for (unsigned i = 0; i < FREES; i++) {
		uintptr_t at = (uintptr_t)rand_r(&seed) * 16;

		positives += may_be_known(base + at % ((uintptr_t)N * SPACE));
	}
	assert_true(positives < FREES / 200);
	for (uintptr_t i = 0; i < N; i++)
		assert_taken(base + i * SPACE, 1);
}

enum { THREADS = 4, EACH = 20000 };

static void *hammer(void *arg)
{
	uintptr_t base = (uintptr_t)arg;
	uint32_t i;

	for (unsigned round = 0; round < 5; round++) {
		for (i = 0; i < EACH; i++) {
			struct rt_live one = what(i);

			if (!rt_live_add(base + i * 64ull, &one))
				return NULL;
		}
		for (i = 0; i < EACH; i++) {
			struct rt_live got;

			if (!rt_live_take(base + i * 64ull, &got) || got.record != i)
				return NULL;
		}
	}
	return arg;
}

static void threads_at_once(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (uintptr_t t = 0; t < THREADS; t++)
		pthread_create(&threads[t], NULL, hammer, (void *)((t + 1) << 40));
	for (uintptr_t t = 0; t < THREADS; t++) {
		void *result;

		pthread_join(threads[t], &result);
		assert_ptr_equal(result, (void *)((t + 1) << 40));
	}
	assert_int_equal(rt_live_count(), 0);
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
		cmocka_unit_test(one_entry),
		cmocka_unit_test(the_reserved_addresses_are_never_found),
		cmocka_unit_test(many_entries),
		cmocka_unit_test(filter_false_positives_are_few),
		cmocka_unit_test(threads_at_once),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
