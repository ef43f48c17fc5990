/*
 * Which object an address is in: by the loader's table and, as on older systems, by our snapshot.
 * Includes the source, to switch between the two.
 */
#include "../../../src/runtime/modules.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "modules_lib.h"

static int in_data;

static void assert_finds(uintptr_t pc)
{
	struct unwind_module m = { 0 };

	assert_true(rt_modules_find(pc, &m));
	assert_true(m.start <= pc && pc < m.end);
	assert_non_null(m.eh_frame_hdr);
	assert_int_equal(m.eh_frame_hdr[0], 1); /* version */
	assert_true(m.eh_frame_hdr_size >= 8);
	assert_true(m.readable_start <= m.eh_frame_hdr &&
		    m.eh_frame_hdr + m.eh_frame_hdr_size <= m.readable_end);
}

static void finds_code_only(void)
{
	struct unwind_module m = { 0 };

	assert_finds((uintptr_t)finds_code_only);
	assert_finds((uintptr_t)getenv);
	assert_finds((uintptr_t)modules_lib_same);
	assert_false(rt_modules_find(0, &m));
	assert_false(rt_modules_find(UINTPTR_MAX, &m));
	assert_false(rt_modules_find((uintptr_t)&m, &m));
}

static void by_the_loader(void **state)
{
	(void)state;
	rt_modules_init();
	assert_non_null(modules.find_object);
	finds_code_only();
}

static void by_the_snapshot(void **state)
{
	(void)state;
	modules.find_object = NULL;
	assert_true(rt_module_snap_init());
	assert_false(rt_modules_find((uintptr_t)by_the_snapshot, &(struct unwind_module){ 0 }));
	rt_modules_refresh();
	finds_code_only();
	rt_modules_refresh();
	finds_code_only();
}

/* An object that comes later is found after the next look for what was missed. */
static void missed_ones(void **state)
{
	struct unwind_module m = { 0 };

	(void)state;
	(void)rt_modules_catch_up();
	assert_false(rt_modules_catch_up());
	assert_false(rt_modules_find(1, &m));
	assert_true(rt_modules_catch_up());
	finds_code_only();
}

static void mappings(void **state)
{
	uint64_t here = (uintptr_t)mappings;
	struct rt_mappings m;
	size_t i;

	(void)state;
	rt_mappings_init(&m);
	assert_true(m.n >= 3); /* this program, libc, the loader */
	i = rt_mappings_find(&m, here);
	assert_true(i < m.n); /* not the first when there is a .plt far from .text */
	assert_true(str_find(rt_mappings_at(&m, i)->path, STR("test_modules_")) != STR_NPOS);
	assert_int_equal(rt_mappings_find(&m, (uintptr_t)&in_data), m.n);
	assert_int_equal(rt_mappings_find(&m, 0), m.n);
	assert_int_equal(rt_mappings_find(&m, UINT64_MAX), m.n);
	i = rt_mappings_find(&m, (uintptr_t)getenv);
	assert_true(i < m.n);
	assert_true(strlen(rt_mappings_at(&m, i)->build_id) >= 16); /* libc has one */
	for (i = 1; i < m.n; i++)
		assert_true(rt_mappings_at(&m, i - 1)->end <= rt_mappings_at(&m, i)->start);
	rt_mappings_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_loader),
		cmocka_unit_test(by_the_snapshot),
		cmocka_unit_test(missed_ones),
		cmocka_unit_test(mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
