/* Options by name and by URL parameter, and the tables' own consistency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/commands_table.h"
#include "driver/config.h"
#include "driver/options_table.h"
#include "driver/request.h"

static struct arena keep;

static void fails(struct config *c, const char *name, const char *value, const char *message)
{
	struct err e;

	assert_int_not_equal(config_set(c, str_c(name), str_c(value), &keep, &e), OK);
	assert_string_equal(e.msg, message);
}

static void defaults_are_the_table_s(void **state)
{
	struct config c;

	(void)state;
	config_init(&c);
	assert_int_equal(c.nodecount, -1);
	assert_true(c.nodefraction == 0.005 && c.edgefraction == 0.001 && c.divide_by == 1);
	assert_true(c.trim && !c.call_tree);
	assert_true(str_is(c.unit, "minimum") && str_is(c.sort, "flat"));
	assert_int_equal(c.granularity.n, 0);
	for (size_t i = 0; i < n_config_options; i++)
		assert_true(option_is_default(&config_options[i], &c));
}

static void sets_every_kind(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	assert_int_equal(config_set(&c, STR("nodecount"), STR("5"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("nodefraction"), STR("0.1"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("trim"), STR("no"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("call_tree"), STR(""), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("focus"), STR("a|b"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("sort"), STR("cum"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("lines"), STR(""), &keep, &e), OK);
	assert_int_equal(c.nodecount, 5);
	assert_true(c.nodefraction == 0.1 && !c.trim && c.call_tree);
	assert_true(str_is(c.focus, "a|b") && str_is(c.sort, "cum"));
	assert_true(str_is(c.granularity, "lines"));
}

static void refuses_in_go_s_words(void **state)
{
	struct config c;
	struct config before;

	(void)state;
	config_init(&c);
	before = c;
	fails(&c, "nodecount", "abc", "strconv.Atoi: parsing \"abc\": invalid syntax");
	fails(&c, "nodecount", "99999999999999999999",
	    "strconv.Atoi: parsing \"99999999999999999999\": value out of range");
	fails(&c, "divide_by", "x", "strconv.ParseFloat: parsing \"x\": invalid syntax");
	fails(&c, "trim", "maybe", "illegal value \"maybe\" for bool variable");
	fails(&c, "sort", "sideways", "invalid \"sort\" value \"sideways\"");
	fails(&c, "cum", "false", "unknown config field \"cum\"");
	fails(&c, "nonsense", "1", "unknown config field \"nonsense\"");
	assert_memory_equal(&c, &before, sizeof c);
}

static void url_parameters_go_both_ways(void **state)
{
	struct buf query = { 0 };
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	config_print_query(&c, &query);
	assert_int_equal(query.n, 0);
	assert_int_equal(config_set_url(&c, STR("f"), STR("a b&c"), &keep, &e), OK);
	assert_int_equal(config_set_url(&c, STR("n"), STR("7"), &keep, &e), OK);
	assert_int_equal(config_set_url(&c, STR("trim"), STR("f"), &keep, &e), OK);
	assert_int_equal(config_set_url(&c, STR("si"), STR("1"), &keep, &e), OK);
	assert_int_equal(config_set_url(&c, STR("unknown"), STR("7"), &keep, &e), OK);
	assert_int_equal(config_set(&c, STR("hide"), STR("gone"), &keep, &e), OK);
	assert_int_equal(config_set_url(&c, STR("h"), STR(""), &keep, &e), OK);
	config_print_query(&c, &query);
	assert_string_equal(buf_c(&query), "f=a+b%26c&n=7&trim=f");
	assert_int_equal(config_set_url(&c, STR("n"), STR("x"), &keep, &e), ERR_USAGE);
	assert_string_equal(e.msg,
	    "error setting config field nodecount: strconv.Atoi: parsing \"x\": invalid syntax");
	buf_release(&query);
}

/* A name must mean one thing: flags, options, choices and commands share the command line. */
static void names_are_unique(void **state)
{
	const struct option_choice *choice;

	(void)state;
	for (size_t i = 0; i < n_config_options; i++) {
		struct str name = str_c(config_options[i].name);

		assert_ptr_equal(option_find(name), &config_options[i]);
		assert_null(command_find(name));
		assert_null(option_find_choice(name, &choice));
		if (config_options[i].url)
			assert_ptr_equal(
			    option_find_url(str_c(config_options[i].url)), &config_options[i]);
	}
	for (size_t i = 0; i < n_request_options; i++) {
		assert_null(option_find(str_c(request_options[i].name)));
		assert_null(command_find(str_c(request_options[i].name)));
	}
	for (size_t i = 0; i < n_commands; i++) {
		assert_ptr_equal(command_find(str_c(commands[i].name)), &commands[i]);
		if (i > 0)
			assert_true(strcmp(commands[i - 1].name, commands[i].name) < 0);
		if (commands[i].show != COMMAND_STDOUT)
			assert_non_null(commands[i].suffix);
	}
}

static struct config overridden(const char *command, int64_t nodecount)
{
	struct config c;

	config_init(&c);
	c.nodecount = nodecount;
	command_override(command_find(str_c(command)), &c);
	return c;
}

static void commands_override_options(void **state)
{
	(void)state;
	assert_int_equal(overridden("top", -1).nodecount, 0);
	assert_int_equal(overridden("top", 3).nodecount, 3);
	assert_true(overridden("top", 3).nodefraction == 0.005);
	assert_int_equal(overridden("tree", -1).nodecount, 80);
	assert_int_equal(overridden("peek", 3).nodecount, 0);
	assert_true(overridden("peek", 3).nodefraction == 0);
	assert_true(str_is(overridden("list", 3).granularity, "lines"));
	assert_true(str_is(overridden("raw", 3).granularity, "addresses"));
	assert_true(overridden("disasm", 3).noinlines);
	assert_false(overridden("weblist", 3).noinlines);
}

static int release(void **state)
{
	(void)state;
	arena_release(&keep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_table_s),
		cmocka_unit_test(sets_every_kind),
		cmocka_unit_test(refuses_in_go_s_words),
		cmocka_unit_test(url_parameters_go_both_ways),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(commands_override_options),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
