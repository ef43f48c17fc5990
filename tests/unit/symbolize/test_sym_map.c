/* Symbols from /proc/kallsyms and from a JIT's map: which lines count, and who owns an address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "symbolize/sym_map.h"

/* sym_map_parse takes its text. */
static struct str owned(const char *text)
{
	struct str s = str_c(text);
	char *copy = alloc_get(s.n);

	assert_non_null(copy);
	memcpy(copy, s.p, s.n);
	return (struct str){ copy, s.n };
}

static void check(const struct sym_map *m, uint64_t address, const char *name)
{
	assert_true(str_is(sym_map_find(m, address), name));
}

static void kernel_symbols(void **state)
{
	struct sym_map m;
	struct err e;

	(void)state;
	assert_int_equal(sym_map_parse(&m,
			     owned("ffffffff81000000 T _text\n"
				   "ffffffff81000100 t do_work\n"
				   "ffffffff81000180 d some_data\n"
				   "ffffffffc0000000 t mod_function\t[module]\n"
				   "not a symbol\n"
				   "0000000000000000 T hidden\n"),
			     true, &e),
	    OK);
	check(&m, 0xffffffff80ffffff, "");
	check(&m, 0xffffffff81000000, "_text");
	check(&m, 0xffffffff810000ff, "_text");
	check(&m, 0xffffffff81000190, "do_work");
	check(&m, 0xffffffffc0000010, "mod_function");
	sym_map_release(&m);
}

static void jit_symbols(void **state)
{
	struct sym_map m;
	struct err e;

	(void)state;
	assert_int_equal(
	    sym_map_parse(&m,
		owned(
		    "3ef414c0 40 RegExp:[{( ]\n0x3ef41500 20 Script:~main a.js:1\n"
		    "3ef41600 ffffffffffffffff endless\nzz 10 bad\n3ef41700\n3ef414c0 40 again\n"),
		false, &e),
	    OK);
	check(&m, 0x3ef414bf, "");
	check(&m, 0x3ef414ff, "again");
	check(&m, 0x3ef41500, "Script:~main a.js:1");
	check(&m, 0x3ef41520, "");
	check(&m, UINT64_MAX - 1, "endless");
	sym_map_release(&m);
}

static void which_files(void **state)
{
	struct sym_map m;
	struct err e;

	(void)state;
	assert_true(sym_map_is_jit(STR("/tmp/perf-12.map")));
	assert_false(sym_map_is_jit(STR("/tmp/perf-.map")));
	assert_false(sym_map_is_jit(STR("/tmp/perf-1/../../x.map")));
	assert_true(sym_map_is_kernel(STR("[kernel.kallsyms]")));
	assert_int_equal(
	    sym_map_load(&m, STR("[kernel.kallsyms]"), STR("00"), &e), ERR_UNSUPPORTED);
	assert_int_equal(
	    sym_map_load(&m, STR("/tmp/perf-4294967295.map"), STR(""), &e), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_symbols),
		cmocka_unit_test(jit_symbols),
		cmocka_unit_test(which_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
