/* Go's flag syntax, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/flags.h"

static struct driver d;

static int start(void **state)
{
	static const struct ui silent = { 0 };
	static const struct driver_faces none = { 0 };

	(void)state;
	driver_init(&d, &silent, &none);
	return 0;
}

static int end(void **state)
{
	(void)state;
	driver_release(&d);
	return 0;
}

/* Words separated by a space. */
static enum flags_result parse(const char *line, struct err *e)
{
	static char text[500];
	static char *argv[50];
	int n = 0;

	strcpy(text, line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[n++] = word;
	return flags_parse(&d, argv, n, e);
}

static void reads_all_kinds(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-top --cum -nodecount=5 -nodefraction 0.1 -trim=false -focus a=b "
			       "-seconds 0x10 -base one -base two prog prof",
			     &e),
	    FLAGS_OK);
	assert_string_equal(d.request.command->name, "top");
	assert_int_equal(d.request.n_commands, 1);
	assert_true(str_is(d.config.sort, "cum"));
	assert_int_equal(d.config.nodecount, 5);
	assert_true(d.config.nodefraction == 0.1);
	assert_false(d.config.trim);
	assert_true(str_is(d.config.focus, "a=b"));
	assert_int_equal(d.request.seconds, 16);
	assert_true(str_is(d.request.base, "two"));
	assert_int_equal(d.request.n_sources, 2);
	assert_true(str_is(d.request.sources[1], "prof"));
}

static void flags_end_at_the_first_source(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-top -- -tree", &e), FLAGS_OK);
	assert_int_equal(d.request.n_sources, 1);
	assert_int_equal(parse("prof -tree", &e), FLAGS_OK);
	assert_int_equal(d.request.n_sources, 2);
	assert_int_equal(parse("- x", &e), FLAGS_OK);
	assert_int_equal(d.request.n_sources, 2);
}

static void commands_are_counted(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-list=main -top=false -peek= prof", &e), FLAGS_OK);
	assert_int_equal(d.request.n_commands, 1);
	assert_true(str_is(d.request.param, "main"));
	assert_int_equal(parse("-top -tree prof", &e), FLAGS_OK);
	assert_int_equal(d.request.n_commands, 1 + 2);
}

static void conflicting_words_are_noted(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-lines -files -cum prof", &e), FLAGS_OK);
	assert_true(str_is(d.request.conflict, "files lines"));
}

static void errors_are_go_s(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{ "-foo", "flag provided but not defined: -foo" },
		{ "--foo=1", "flag provided but not defined: -foo" },
		{ "-nodecount=x", "invalid value \"x\" for flag -nodecount: parse error" },
		{ "-nodecount=99999999999999999999", "invalid value \"99999999999999999999\" for "
						     "flag -nodecount: value out of range" },
		{ "-trim=maybe", "invalid boolean value \"maybe\" for -trim: parse error" },
		{ "-focus", "flag needs an argument: -focus" },
		{ "---x", "bad flag syntax: ---x" },
		{ "-=x", "bad flag syntax: -=x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e;

		assert_int_equal(parse(cases[i].line, &e), FLAGS_BAD);
		assert_string_equal(e.msg, cases[i].message);
	}
}

static void help_is_no_error(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-h", &e), FLAGS_HELP);
	assert_int_equal(parse("-top --help", &e), FLAGS_HELP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_all_kinds, start, end),
		cmocka_unit_test_setup_teardown(flags_end_at_the_first_source, start, end),
		cmocka_unit_test_setup_teardown(commands_are_counted, start, end),
		cmocka_unit_test_setup_teardown(conflicting_words_are_noted, start, end),
		cmocka_unit_test_setup_teardown(errors_are_go_s, start, end),
		cmocka_unit_test_setup_teardown(help_is_no_error, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
