/* Programs as filters and viewers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/child.h"

static void filters_more_than_a_pipe_holds(void **state)
{
	struct buf in = { 0 };
	struct buf out = { 0 };
	struct err e;

	(void)state;
	buf_fill(&in, 'x', 1 << 20);
	assert_int_equal(
	    child_filter((const char *const[]){ "cat", NULL }, buf_str(&in), &out, &e), OK);
	assert_true(str_eq(buf_str(&in), buf_str(&out)));
	buf_release(&in);
	buf_release(&out);
}

static void tells_why_a_program_failed(void **state)
{
	struct buf out = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(
	    child_filter((const char *const[]){ "no-such-program", NULL }, STR(""), &out, &e),
	    ERR_NOT_FOUND);
	assert_string_equal(e.msg, "exec: \"no-such-program\": executable file not found in $PATH");
	assert_int_equal(
	    child_filter((const char *const[]){ "false", NULL }, STR(""), &out, &e), ERR_IO);
	assert_string_equal(e.msg, "exit status 1");
	buf_release(&out);
}

static void starts_words_with_an_argument(void **state)
{
	pid_t pid;
	struct err e;

	(void)state;
	assert_int_equal(child_start(STR("test x ="), STR("x"), &pid, &e), OK);
	assert_int_equal(child_wait(pid, &e), OK);
	assert_int_equal(child_start(STR("test x ="), STR("y"), &pid, &e), OK);
	assert_int_equal(child_wait(pid, &e), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_more_than_a_pipe_holds),
		cmocka_unit_test(tells_why_a_program_failed),
		cmocka_unit_test(starts_words_with_an_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
