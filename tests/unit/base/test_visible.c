/* What a terminal would obey is shown instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/visible.h"

static void check(struct str in, const char *want)
{
	struct buf out = { 0 };

	visible_add(&out, in);
	assert_string_equal(buf_c(&out), want);
	buf_release(&out);
}

static void controls_are_shown(void **state)
{
	(void)state;
	check(STR(""), "");
	check(STR("plain\ttext\n"), "plain\ttext\n");
	check(STR("a\033[31mred\033[0m"), "a\\x1b[31mred\\x1b[0m");
	check(STR("over\rwrite\x7f\b"), "over\\x0dwrite\\x7f\\x08");
	check(STR("\xc2\x9b"
		  "31m \xc3\xa9 \xe2\x80\xa6 \xff"),
	    "\\xc2\\x9b31m \xc3\xa9 \xe2\x80\xa6 \xff");
	/* The same in one byte; not where it is a part of a character (U+2190, U+1F41B). */
	check(STR("\x9b"
		  "31m \xe2\x86\x90 \xf0\x9f\x90\x9b \xe2\x90"),
	    "\\x9b31m \xe2\x86\x90 \xf0\x9f\x90\x9b \xe2\\x90");
	check((struct str){ "a\0b", 3 }, "a\\x00b");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(controls_are_shown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
