/* Shell commands as words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shell/words.h"

static struct arena arena;

static enum err_code parse(const char *line, struct shell_command *out, struct err *e)
{
	struct config config;
	struct words words;

	config_init(&config);
	config.focus = STR("before");
	assert_int_equal(words_split(&words, str_c(line), &arena, e), OK);
	return words_parse(out, &words, &config, &arena, e);
}

static void fails(const char *line, const char *message)
{
	struct shell_command c;
	struct err e;

	assert_int_equal(parse(line, &c, &e), ERR_USAGE);
	assert_string_equal(e.msg, message);
}

static void arguments_become_options(void **state)
{
	struct shell_command c;
	struct err e;

	(void)state;
	assert_int_equal(parse("top 5 a -x b -cum -y > out", &c, &e), OK);
	assert_string_equal(c.command->name, "top");
	assert_int_equal(c.config.nodecount, 5);
	assert_true(str_is(c.config.focus, "a|b"));
	assert_true(str_is(c.config.ignore, "x|y"));
	assert_true(str_is(c.config.sort, "cum"));
	assert_true(str_is(c.config.output, "out"));
}

static void white_space_of_any_kind_parts(void **state)
{
	struct shell_command c;
	struct err e;

	(void)state;
	assert_true(
	    str_is(words_trim(STR("\xc2\xa0 a\xe3\x80\x80 b\t\xe2\x80\x89")), "a\xe3\x80\x80 b"));
	assert_int_equal(words_trim(STR(" \xc2\x85 ")).n, 0);
	assert_true(str_is(words_trim(STR("\xa0\xc3\xa9\xc2")), "\xa0\xc3\xa9\xc2"));
	assert_int_equal(parse("top\xc2\xa0"
			       "5\xe2\x80\x83main",
			     &c, &e),
	    OK);
	assert_int_equal(c.config.nodecount, 5);
	assert_true(str_is(c.config.focus, "main"));
}

static void digits_behind_a_command_count(void **state)
{
	struct shell_command c;
	struct err e;

	(void)state;
	assert_int_equal(parse("tree12 >f", &c, &e), OK);
	assert_string_equal(c.command->name, "tree");
	assert_int_equal(c.config.nodecount, 12);
	assert_true(str_is(c.config.output, "f"));
	assert_true(str_is(c.config.focus, "before"));
	assert_int_equal(parse("top", &c, &e), OK);
	assert_int_equal(c.config.nodecount, -1);
	assert_int_equal(parse("list7", &c, &e), OK);
	assert_true(str_is(c.param, "7"));
}

static void tags_filter_labels(void **state)
{
	struct shell_command c;
	struct err e;

	(void)state;
	assert_int_equal(parse("tags a -b", &c, &e), OK);
	assert_true(str_is(c.config.tagfocus, "a"));
	assert_true(str_is(c.config.tagignore, "b"));
	assert_true(str_is(c.config.focus, "before"));
}

static void mistakes_are_told(void **state)
{
	(void)state;
	fails("foo", "unrecognized command: \"foo\"");
	fails("foo3 x", "unrecognized command: \"foo\"");
	fails("12", "unrecognized command: \"12\"");
	fails("focus main", "did you mean: focus=main");
	fails("cum", "did you mean: cum=<val>");
	fails("list", "command list requires an argument");
	fails("top >", "unexpected end of line after >");
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_become_options),
		cmocka_unit_test(white_space_of_any_kind_parts),
		cmocka_unit_test(digits_behind_a_command_count),
		cmocka_unit_test(tags_filter_labels),
		cmocka_unit_test(mistakes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
