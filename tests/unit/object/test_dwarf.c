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
	check_inner("prelinked.so");
	check_inner("split");
	check_inner("dwarf2");
	check_inner("dwarf3");
	check_inner("clang");
}

/* Binaries of other machines are symbolized like this one's. */
static void test_machines(void **state)
{
	static const char *const names[] = { "aarch64", "arm", "thumb", "riscv" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (sample_exists(names[i]))
			check_inner(names[i]);
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

/* Split units in a package, of both versions of its index. */
static void test_package(void **state)
{
	static const char *const names[] = { "package4", "package5" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char name[64];
		struct object *o;
		struct str why;

		if (!sample_exists(names[i]))
			continue;
		check_inner(names[i]);
		o = sample_open(names[i]);
		assert_true(object_has_dwarf(o, &why));
		assert_non_null(strstr(why.p, ".dwp"));
		assert_false(object_lacks_split_units(o));
		object_close(o);
		/* Without it: said, and not an error. */
		snprintf(name, sizeof name, "%s-unpacked", names[i]);
		o = sample_open(name);
		assert_true(object_has_dwarf(o, &why));
		assert_non_null(strstr(why.p, "of 2 split units 2 were found neither"));
		assert_true(object_lacks_split_units(o));
		object_close(o);
	}
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

/* All that a sample's symbols cover, by some threads. */
static void all_of(const char *name, unsigned threads, struct frame_set *s, struct object **o)
{
	uint64_t addresses[4096];
	const struct object_symbol *v;
	size_t n_symbols, n = 0;
	struct err e;

	*o = sample_open(name);
	assert_int_equal(object_symbols(*o, &v, &n_symbols, &e), OK);
	for (size_t i = 0; i < n_symbols; i++)
		for (uint64_t a = v[i].address; v[i].is_text && a < v[i].address + v[i].size; a++)
			if (n < 4096 && (!n || a > addresses[n - 1]))
				addresses[n++] = a;
	assert_true(n > 100);
	assert_int_equal(object_frames_by(*o, addresses, n, threads, s, &e), OK);
	assert_int_equal(s->places.n, n);
}

/* What is skipped because only one address is wanted does not hide that one. */
static void check_alone(const char *name)
{
	struct object *o = sample_open(name);
	struct object *other = sample_open(name);
	const struct object_symbol *v;
	size_t n_symbols, seen = 0;
	struct err e;

	assert_int_equal(object_symbols(o, &v, &n_symbols, &e), OK);
	for (size_t i = 0; i < n_symbols; i++) {
		const struct object_frame *f;
		struct frame_set s = { 0 };
		uint32_t n;

		if (!v[i].is_text || !v[i].size)
			continue;
		assert_int_equal(object_frames_many(o, &v[i].address, 1, &s, &e), OK);
		assert_int_equal(object_frames(other, v[i].address, &f, &n, &e), OK);
		assert_int_equal(s.frames.n, n);
		for (uint32_t k = 0; k < n; k++) {
			const struct frame_function *g = &s.functions.p[s.frames.p[k].function];

			assert_int_equal(s.frames.p[k].line, f[k].line);
			assert_int_equal(g->start_line, f[k].start_line);
			assert_true(str_eq(g->name, f[k].function));
			assert_true(str_eq(g->file, f[k].file));
			seen += f[k].start_line > 0;
		}
		frame_set_release(&s);
	}
	assert_true(seen > 0);
	object_close(other);
	object_close(o);
}

static void test_alone(void **state)
{
	struct object *o = sample_open("local");
	const char *const names[] = { "_ZZ12sample_outerILi3EEiiEN5local6insideEi",
		"_ZN12sample_class5inner4deepEi" };
	const struct object_frame *f;
	struct err e;
	uint32_t n;

	(void)state;
	check_alone("pie");
	check_alone("clang");
	check_alone("dwarf4");
	check_alone("local");
	/* The sample is what it should be. */
	for (size_t i = 0; i < 2; i++) {
		const uint64_t address = sample_symbol(o, names[i])->address;

		assert_int_equal(object_frames(o, address, &f, &n, &e), OK);
		assert_true(n == 1 && f[0].start_line > 0);
	}
	object_close(o);
}

/* Two threads say what one says, in the same order. */
static void test_threads(void **state)
{
	static const char *const names[] = { "pie", "package4" };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct frame_set one = { 0 }, two = { 0 };
		struct object *o, *p;

		if (!sample_exists(names[k]))
			continue;
		all_of(names[k], 1, &one, &o);
		all_of(names[k], 2, &two, &p);
		assert_int_equal(one.frames.n, two.frames.n);
		assert_int_equal(one.functions.n, two.functions.n);
		assert_memory_equal(
		    one.frames.p, two.frames.p, one.frames.n * sizeof *one.frames.p);
		assert_memory_equal(
		    one.places.p, two.places.p, one.places.n * sizeof *one.places.p);
		for (size_t i = 0; i < one.functions.n; i++)
			assert_true(str_eq(one.functions.p[i].name, two.functions.p[i].name) &&
				    str_eq(one.functions.p[i].file, two.functions.p[i].file));
		frame_set_release(&one);
		frame_set_release(&two);
		object_close(o);
		object_close(p);
	}
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
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_dwz),
		cmocka_unit_test(test_package),
		cmocka_unit_test(test_mini_debug_info),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_separate_debug_file),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
