/* The copy at the peak: that it is the highest there was, to its step, at a bounded cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"
#include "runtime/heap_sample.h"
#include "runtime/init.h"
#include "runtime/peak.h"
#include "runtime/records.h"
#include "runtime/rt.h"

static int64_t peak_sum(int64_t *allocated)
{
	struct rt_snapshot s;
	int64_t sum = 0;

	*allocated = 0;
	assert_true(rt_peak_snapshot(&s));
	for (size_t i = 0; i < s.n; i++) {
		sum += rt_snapshot_row(&s, i)->values[RT_INUSE_BYTES];
		*allocated += rt_snapshot_row(&s, i)->values[RT_ALLOC_BYTES];
	}
	rt_snapshot_release(&s);
	return sum;
}

/* A sampled block at a made-up address; every allocation is sampled. */
static void allocate(uintptr_t p, size_t n)
{
	rt_heap_sample((void *)p, n, 1, (void *)(p + 1));
}

static void release(uintptr_t p)
{
	rt_heap_forget((void *)p);
}

static void growth_then_free_is_exact(void **state)
{
	int64_t allocated;

	(void)state;
	for (uintptr_t i = 1; i <= 100; i++)
		allocate(i << 12, 1000);
	assert_int_equal(peak_sum(&allocated), 100000); /* asked at the height itself */
	for (uintptr_t i = 101; i <= 200; i++)
		allocate(i << 12, 1000);
	for (uintptr_t i = 1; i <= 200; i++)
		release(i << 12);
	assert_int_equal(peak_sum(&allocated), 200000);
	assert_int_equal(allocated, 200000);
	assert_int_equal(rt_peak_bytes(), 200000);
	/* Lower mountains do not count. */
	for (uintptr_t i = 1; i <= 199; i++)
		allocate(i << 12, 1000);
	for (uintptr_t i = 1; i <= 199; i++)
		release(i << 12);
	assert_int_equal(peak_sum(&allocated), 200000);
	assert_int_equal(allocated, 200000);
}

/* Up and down at random, drifting upwards: always within the step, and few copies. */
static void a_random_walk_is_kept_to_one_percent(void **state)
{
	static size_t sizes[4096];
	int64_t in_use = 0, highest = 200000, allocated;
	uint64_t copies = rt_peak_copies();

	(void)state;
	for (uint64_t i = 0; i < 60000; i++) {
		size_t slot = hash_u64(i) % 4096;

		if (sizes[slot]) {
			release((slot + 1) << 12);
			in_use -= (int64_t)sizes[slot];
			sizes[slot] = 0;
		} else {
			sizes[slot] = 100 + hash_u64(i * 7) % (1000 + i / 10);
			allocate((slot + 1) << 12, sizes[slot]);
			in_use += (int64_t)sizes[slot];
		}
		highest = in_use > highest ? in_use : highest;
		if (i % 1000 == 0)
			assert_true(peak_sum(&allocated) >= highest - highest / 100 - 1);
	}
	assert_true(peak_sum(&allocated) <= highest);
	assert_int_equal(rt_peak_bytes(), highest);
	/* ln(highest / first) / ln(1.01), and one for each time it was asked for. */
	assert_true(rt_peak_copies() - copies < 700);
	for (size_t slot = 0; slot < 4096; slot++)
		if (sizes[slot])
			release((slot + 1) << 12);
}

static void *worker(void *arg)
{
	uintptr_t base = (uintptr_t)arg << 32;

	for (uintptr_t round = 0; round < 200; round++) {
		for (uintptr_t i = 1; i <= 100; i++)
			allocate(base + (i << 12), 100000);
		for (uintptr_t i = 1; i <= 100; i++)
			release(base + (i << 12));
	}
	return NULL;
}

/* A copy among others at work may miss something, but it never takes the place of a higher one. */
static void threads_do_not_disturb_it(void **state)
{
	pthread_t threads[4];
	int64_t allocated, sum, last = 0;

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, (void *)(i + 1)), 0);
	for (int i = 0; i < 200; i++) {
		sum = peak_sum(&allocated);
		assert_true(sum >= last && sum <= allocated);
		last = sum;
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(peak_sum(&allocated) >= last);
	assert_true(rt_peak_bytes() >= 10000000 && rt_peak_bytes() <= 40000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_then_free_is_exact),
		cmocka_unit_test(a_random_walk_is_kept_to_one_percent),
		cmocka_unit_test(threads_do_not_disturb_it),
	};

	rt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
