/*
 * The column writer of -tags: alignment, and texts that hold tabs and line ends themselves. The
 * expected texts are what Go's tabwriter makes of the same input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/columns.h"

static void expect(const char *text, const char *want)
{
	struct buf out = { 0 };

	columns_align_right(str_c(text), &out);
	buf_char(&out, '\0');
	assert_false(buf_failed(&out));
	assert_string_equal(out.p, want);
	buf_release(&out);
}

static void test_widest_cell_decides(void **state)
{
	(void)state;
	expect("key:\t Total 3\n \t1:\t a\n \t200:\t b\n\n",
	    " key: Total 3\n        1: a\n      200: b\n\n");
}

static void test_line_without_tab_separates(void **state)
{
	(void)state;
	expect("k:\t T\n \t1:\t a\nb\n \t22:\t c\n", " k: T\n    1: a\nb\n   22: c\n");
}

static void test_tab_in_text_is_a_column(void **state)
{
	(void)state;
	expect(
	    " \t1:\t a\tb\n \t1:\t long\tc\n \t1:\t d\n", "   1:     ab\n   1:  longc\n   1: d\n");
}

static void test_wide_characters_count_once(void **state)
{
	(void)state;
	expect("\u00e9\u00e9:\tx\n1:\ty\n", " \u00e9\u00e9:x\n  1:y\n");
}

static void test_form_feed_starts_anew(void **state)
{
	(void)state;
	expect("long:\tx\f1:\ty\n", " long:x\n 1:y\n");
}

static void test_nothing(void **state)
{
	(void)state;
	expect("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widest_cell_decides),
		cmocka_unit_test(test_line_without_tab_separates),
		cmocka_unit_test(test_tab_in_text_is_a_column),
		cmocka_unit_test(test_wide_characters_count_once),
		cmocka_unit_test(test_form_feed_starts_anew),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
