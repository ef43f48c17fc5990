/* Stacks and records by number: identity, races for the same stack, overflow. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/init.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/stacktab.h"

static rt_stack_id stack_of(uintptr_t a, uintptr_t b)
{
	uintptr_t pcs[] = { a, b };

	return rt_stacktab_id(pcs, 2);
}

static void same_stack_same_number(void **state)
{
	rt_stack_id id = stack_of(1000, 2000);

	(void)state;
	assert_true(id != 0);
	assert_int_equal(stack_of(1000, 2000), id);
	assert_true(stack_of(2000, 1000) != id);
	assert_int_equal(rt_stacktab_get(id)->depth, 2);
	assert_int_equal(rt_stacktab_get(id)->pc[0], 1000);
	assert_int_equal(rt_stacktab_get(id)->pc[1], 2000);
}

static void a_prefix_is_another_stack(void **state)
{
	uintptr_t pcs[] = { 7000, 8000, 9000 };

	(void)state;
	assert_true(rt_stacktab_id(pcs, 3) != rt_stacktab_id(pcs, 2));
}

static void size_classes(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (size_t size = 0; size < 8; size++)
		assert_int_equal(rt_records_class(size), size);
	for (size_t size = 8; size < 100000; size++) {
		uint32_t now = rt_records_class(size);

		assert_true(now > 7);
		assert_true(now >= last);
		last = now;
	}
	/* Four classes to a doubling. */
	assert_int_equal(rt_records_class(2048) - rt_records_class(1024), 4);
	assert_int_equal(rt_records_class(1024), rt_records_class(1279));
	assert_true(rt_records_class(1280) != rt_records_class(1279));
	assert_true(rt_records_class(SIZE_MAX) > rt_records_class(SIZE_MAX / 2));
}

static void records_by_stack_and_class(void **state)
{
	rt_stack_id id = stack_of(11000, 12000);
	uint32_t small = rt_records_find(id, 64);
	uint32_t huge;
	struct rt_amounts two = { 1, 2 << RT_OBJECTS_SHIFT, 128 };
	struct rt_amounts alloc, freed;
	rt_stack_id stack;

	(void)state;
	assert_true(small != 0);
	assert_int_equal(rt_records_find(id, 65), small);
	assert_true(rt_records_find(id, 128) != small);
	/* Known to others by its first block, whatever came later. */
	assert_int_equal(rt_records_first_size(small), 64);
	huge = rt_records_find(id, ((size_t)5 << 30) + 1);
	assert_int_equal(rt_records_find(id, ((size_t)5 << 30) + 4097), huge);
	assert_int_equal(rt_records_first_size(huge), (size_t)5 << 30);
	assert_true(rt_records_find(id, (size_t)10 << 30) != huge);
	rt_records_add_alloc(small, &two);
	rt_records_add_alloc(small, &two);
	rt_records_add_free(small, &two);
	assert_true(rt_records_read(small, &stack, &alloc, &freed));
	assert_int_equal(stack, id);
	assert_int_equal(alloc.samples, 2);
	assert_int_equal(alloc.bytes, 256);
	assert_int_equal(freed.objects, 2 << RT_OBJECTS_SHIFT);
}

enum { THREADS = 4, STACKS = 2000 };

static void *find_all(void *arg)
{
	rt_stack_id *ids = arg;

	for (uintptr_t i = 0; i < STACKS; i++)
		ids[i] = stack_of(100000 + i, 5);
	return NULL;
}

static void threads_agree(void **state)
{
	static rt_stack_id ids[THREADS][STACKS];
	pthread_t threads[THREADS];

	(void)state;
	for (int t = 0; t < THREADS; t++)
		pthread_create(&threads[t], NULL, find_all, ids[t]);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	for (int t = 1; t < THREADS; t++)
		assert_memory_equal(ids[t], ids[0], sizeof(ids[0]));
}

/* Last: fills the table for good. */
static void a_full_table_says_so(void **state)
{
	uintptr_t n = 0;
	rt_stack_id id;

	(void)state;
	do
		id = stack_of(1000000 + n++, 5);
	while (n < 70000 && rt_stacktab_get(id)->pc[0] != RT_PC_STACKS_FULL);
	assert_true(n > 40000 && n < 60000);
	assert_true(rt_stats_get(RT_STAT_LOST_STACKS) > 0);
	assert_int_equal(rt_stacktab_get(id)->depth, 1);
	assert_true(str_is(rt_stacktab_pseudo_name(RT_PC_STACKS_FULL), "[stack table full]"));
	assert_int_equal(rt_stacktab_pseudo_name(1000000).n, 0);
	/* What was stored before is still found. */
	assert_int_equal(rt_stacktab_get(stack_of(1000000, 5))->pc[0], 1000000);
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
		cmocka_unit_test(same_stack_same_number),
		cmocka_unit_test(a_prefix_is_another_stack),
		cmocka_unit_test(size_classes),
		cmocka_unit_test(records_by_stack_and_class),
		cmocka_unit_test(threads_agree),
		cmocka_unit_test(a_full_table_says_so),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
