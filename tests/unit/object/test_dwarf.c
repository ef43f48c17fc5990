/* Addresses of the sample program to functions, inlined calls, files and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "object/dwarf.h"
#include "unit/object/sample.h"

/* Every address of sample_inner ends in sample_inner; some are in sample_mix inlined twice over. */
static void check_inner(const char *name)
{
	struct object *o = sample_open(name);
	const struct object_symbol *symbol = sample_symbol(o, "sample_inner");
	int64_t multiply = sample_line("mark: multiply");
	bool seen = false;
	struct err e;

	for (uint64_t a = symbol->address; a < symbol->address + symbol->size; a++) {
		const struct object_frame *f;
		uint32_t n;

		assert_int_equal(object_frames(o, a, &f, &n, &e), OK);
		assert_true(n >= 1 && n <= 3);
		assert_true(text_is(f[n - 1].function, "sample_inner"));
		assert_int_equal(f[n - 1].start_line, sample_line("sample_inner(uint64_t n)"));
		if (n != 3 || f[0].line != multiply)
			continue;
		seen = true;
		assert_true(text_is(f[0].function, "sample_mix"));
		assert_true(text_is(f[0].file, SAMPLE_C));
		assert_true(text_is(f[1].function, "sample_twice"));
		assert_int_equal(f[1].line, sample_line("mark: twice"));
		assert_int_equal(f[2].line, sample_line("mark: call"));
		assert_true(f[2].column > 0);
		assert_int_equal(f[0].start_line, sample_line("sample_mix(uint64_t x)"));
	}
	assert_true(seen);
	object_close(o);
}

static void test_shapes(void **state)
{
	(void)state;
	check_inner("pie");
	check_inner("fixed");
	check_inner("dwarf4");
	check_inner("library.so");
	check_inner("split");
}

static void test_separate_debug_file(void **state)
{
	struct object *o = sample_open("stripped");
	struct str why;

	(void)state;
	assert_true(object_has_dwarf(o, &why));
	assert_true(text_is(why, SAMPLE_DIR "/stripped.debug"));
	object_close(o);
	check_inner("stripped");
}

static void test_nothing_known(void **state)
{
	struct object *o = sample_open("bare");
	const struct object_frame *f;
	struct str why;
	struct err e;
	uint32_t n;

	(void)state;
	assert_false(object_has_dwarf(o, &why));
	assert_true(why.n > 0);
	assert_int_equal(object_frames(o, 0x1140, &f, &n, &e), OK);
	assert_int_equal(n, 0);
	object_close(o);
}

static void test_outside(void **state)
{
	struct object *o = sample_open("pie");
	const uint64_t addresses[] = { 0, 1, UINT64_MAX, UINT64_MAX - 1, 1ULL << 62 };
	const struct object_frame *f;
	struct err e;
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		assert_int_equal(object_frames(o, addresses[i], &f, &n, &e), OK);
		assert_int_equal(n, 0);
	}
	object_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_separate_debug_file),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
