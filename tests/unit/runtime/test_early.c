/* Blocks from before the runtime was ready: noted, kept or forgotten, and freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/early.h"
#include "runtime/heap_live.h"

static size_t count(void)
{
	uintptr_t address;
	uint64_t bytes;
	size_t n = 0;

	for (size_t i = 0; i < RT_EARLY_MOST; i++)
		n += rt_early_read(i, &address, &bytes);
	return n;
}

static void test_early(void **state)
{
	static char blocks[RT_EARLY_MOST + 3][16];
	uintptr_t address;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < RT_EARLY_MOST + 3; i++)
		rt_early_add(blocks[i], i + 1);
	assert_int_equal(count(), RT_EARLY_MOST);
	assert_int_equal(rt_early_lost(), 3);
	assert_true(rt_early_read(7, &address, &bytes));
	assert_int_equal(address, (uintptr_t)blocks[7]);
	assert_int_equal(bytes, 8);
	assert_false(rt_early_read(RT_EARLY_MOST, &address, &bytes));
	/* Nobody would have seen a free of it. */
	rt_early_forget(blocks[7]);
	assert_int_equal(count(), RT_EARLY_MOST);
	rt_early_keep(true);
	assert_int_not_equal(rt_filter[rt_filter_slot((uintptr_t)blocks[7])], 0);
	rt_early_forget(blocks[7]);
	rt_early_forget(blocks[7]);
	assert_int_equal(count(), RT_EARLY_MOST - 1);
	assert_false(rt_early_read(7, &address, &bytes));
	rt_early_keep(false);
	assert_int_equal(count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
