/* Addresses of the sample program to functions, inlined calls, files and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "object/dwarf.h"
#include "object/frame_set.h"
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
	check_inner("dwarf2");
	check_inner("dwarf3");
	check_inner("clang");
}

static void test_compressed(void **state)
{
	(void)state;
	check_inner("zlib");
	check_inner("zlib-gnu");
	check_inner("zstd");
}

static void test_dwz(void **state)
{
	(void)state;
	check_inner("dwz");
	check_inner("dwz-alone");
}

/* Names only: no lines, and not those of a debug file. */
static void test_mini_debug_info(void **state)
{
	struct object *o = sample_open("mini");
	struct object *pie = sample_open("pie");
	const struct object_symbol *symbol = sample_symbol(pie, "sample_inner");
	const struct object_frame *f;
	struct err e;
	uint32_t n;

	(void)state;
	assert_false(object_has_dwarf(o, NULL));
	assert_int_equal(object_frames(o, symbol->address + 4, &f, &n, &e), OK);
	assert_int_equal(n, 1);
	assert_true(text_is(f[0].function, "sample_inner"));
	object_close(pie);
	object_close(o);
}

/* Many at once say what each says alone, whatever their order in the units. */
static void test_many(void **state)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *symbol = sample_symbol(o, "sample_inner");
	struct frame_set s = { 0 };
	uint64_t addresses[64];
	size_t hint = 0;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		addresses[i] = symbol->address - 32 + i;
	assert_int_equal(object_frames_many(o, addresses, 64, &s, &e), OK);
	assert_int_equal(s.places.n, 64);
	for (size_t i = 0; i < 64; i++) {
		const struct frame_place *p = frame_set_find(&s, addresses[i], &hint);
		const struct object_frame *f;
		uint32_t n;

		assert_non_null(p);
		assert_int_equal(object_frames(o, addresses[i], &f, &n, &e), OK);
		assert_int_equal(p->n, n);
		for (uint32_t k = 0; k < n; k++) {
			const struct frame_entry *x = &s.frames.p[p->first + k];

			assert_int_equal(x->line, f[k].line);
			assert_int_equal(x->column, f[k].column);
			assert_true(str_eq(s.functions.p[x->function].name, f[k].function));
			assert_true(str_eq(s.functions.p[x->function].file, f[k].file));
		}
	}
	frame_set_release(&s);
	object_close(o);
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
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_dwz),
		cmocka_unit_test(test_mini_debug_info),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_separate_debug_file),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
