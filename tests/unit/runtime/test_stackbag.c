/* Counted stacks: equal ones are one entry, nothing gets lost between threads, or without count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "runtime/stackbag.h"

static struct rt_stackbag bag;

static int open_bag(void **state)
{
	(void)state;
	return rt_stackbag_map(&bag) ? 0 : -1;
}

static int close_bag(void **state)
{
	(void)state;
	rt_stackbag_unmap(&bag);
	return 0;
}

static int64_t sum(size_t *rows, unsigned value)
{
	struct rt_snapshot s = { 0 };
	int64_t total = 0;

	rt_stackbag_snapshot(&bag, 10, &s);
	for (size_t i = 0; i < s.n; i++)
		total += rt_snapshot_row(&s, i)->values[value];
	*rows = s.n;
	rt_snapshot_release(&s);
	return total;
}

static void equal_stacks_are_one(void **state)
{
	uintptr_t pcs[] = { 100, 200, 300 };
	struct rt_snapshot s = { 0 };
	const struct rt_row *row;
	size_t rows;
	uint32_t id = rt_stackbag_add(&bag, pcs, 3, 7, 2);

	(void)state;
	assert_int_equal(rt_stackbag_add(&bag, pcs, 3, 7, 3), id);
	rt_stackbag_more(&bag, id, 5);
	rt_stackbag_snapshot(&bag, 10, &s);
	assert_int_equal(s.n, 1);
	row = rt_snapshot_row(&s, 0);
	assert_int_equal(row->values[0], 10);
	assert_int_equal(row->values[1], 100);
	assert_int_equal(row->label_set, 7);
	assert_int_equal(rt_snapshot_stack(&s, row)->depth, 3);
	assert_int_equal(rt_snapshot_stack(&s, row)->pc[2], 300);
	rt_snapshot_release(&s);
	assert_int_not_equal(rt_stackbag_add(&bag, pcs, 3, 8, 1), id); /* other labels */
	assert_int_not_equal(rt_stackbag_add(&bag, pcs, 2, 7, 1), id); /* other depth */
	assert_int_equal(sum(&rows, 0), 12);
	assert_int_equal(rows, 3);
}

static void a_full_bag_counts_on(void **state)
{
	size_t rows;

	(void)state;
	for (uintptr_t i = 0; i < RT_STACKBAG_MAX + 100; i++) {
		uintptr_t pcs[] = { 1000 + i, 2 };

		rt_stackbag_add(&bag, pcs, 2, 0, 1);
	}
	assert_int_equal(sum(&rows, 0), RT_STACKBAG_MAX + 100);
	assert_int_equal(rows, RT_STACKBAG_MAX + 1); /* and "[stack table full]" */
	assert_int_equal(bag.lost, 100);
}

#define EACH 50000

static void *add_many(void *unused)
{
	for (uintptr_t i = 0; i < EACH; i++) {
		uintptr_t pcs[] = { 1000 + i % 997, i % 13, 5 };

		rt_stackbag_add(&bag, pcs, 3, 0, 1);
	}
	return unused;
}

static void threads_lose_nothing(void **state)
{
	pthread_t t[4];
	size_t rows;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, add_many, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(sum(&rows, 0), 4 * EACH);
	assert_int_equal(rows, 997 * 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_stacks_are_one, open_bag, close_bag),
		cmocka_unit_test_setup_teardown(a_full_bag_counts_on, open_bag, close_bag),
		cmocka_unit_test_setup_teardown(threads_lose_nothing, open_bag, close_bag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
