/* A library that is missing, or too old, is one sentence and no crash. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/latelib.h"

struct one {
	const char *soname;
	struct latelib_function functions[2];
};

static void missing_library(void **state)
{
	static const struct one lib = { "libnosuch-pprof.so.9", { { NULL, NULL } } };
	struct err e;

	(void)state;
	assert_int_equal(latelib_load((const struct latelib *)&lib, &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "cannot load libnosuch-pprof.so.9: "));
}

static void missing_function(void **state)
{
	static void *slot;
	static const struct one lib = { "libm.so.6", { { "no_such_function", &slot } } };
	struct err e;

	(void)state;
	assert_int_equal(latelib_load((const struct latelib *)&lib, &e), ERR_UNSUPPORTED);
	assert_string_equal(e.msg, "libm.so.6 has no no_such_function");
	assert_null(slot);
}

static void found_function(void **state)
{
	static void *slot;
	static const struct one lib = { "libm.so.6", {
							 { "cbrt", &slot },
						     } };
	double (*cube_root)(double);
	struct err e;

	(void)state;
	assert_int_equal(latelib_load((const struct latelib *)&lib, &e), OK);
	memcpy(&cube_root, &slot, sizeof slot);
	assert_true(cube_root(27) > 2.9 && cube_root(27) < 3.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_library),
		cmocka_unit_test(missing_function),
		cmocka_unit_test(found_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
