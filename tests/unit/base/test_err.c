/* The error idiom: codes, texts in Go's words, context in front, and no overrun. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static enum err_code inner(struct err *e)
{
	return FAIL_SYS(e, ENOENT, "open %s", "a.pb.gz");
}

static enum err_code outer(struct err *e)
{
	TRY(inner(e));
	return OK;
}

static void system_errors_read_as_in_go(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(outer(&e), ERR_IO);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(e.sys, ENOENT);
	assert_string_equal(e.msg, "open a.pb.gz: no such file or directory");
	assert_string_equal(err_sys_text(EACCES), "permission denied");
	assert_string_equal(err_sys_text(ECONNREFUSED), "connection refused");
	assert_string_equal(err_sys_text(123456), "unknown error");
}

static void context_is_put_in_front(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(FAIL_AT(&e, 77, "bad varint"), ERR_FORMAT);
	assert_int_equal(e.at, 77);
	err_prefix(&e, "parsing %s", "profile");
	assert_string_equal(e.msg, "parsing profile: bad varint");
	assert_int_equal(e.code, ERR_FORMAT);
}

static void long_texts_are_cut_not_overrun(void **state)
{
	struct err e;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&e, ERR_FORMAT, 0, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_set_sys(&e, EINVAL, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	/* The reason stays; what it is about is shortened. */
	assert_non_null(strstr(e.msg, "x...: invalid argument"));
	err_set_sys(&e, EINVAL, "open %.*s", 300, text);
	err_prefix(&e, "%.*s", 300, text);
	assert_non_null(strstr(e.msg, "x...: open x"));
	assert_non_null(strstr(e.msg, "x: invalid argument"));
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_errors_read_as_in_go),
		cmocka_unit_test(context_is_put_in_front),
		cmocka_unit_test(long_texts_are_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
