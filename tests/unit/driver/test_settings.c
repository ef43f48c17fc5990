/* Saved configurations: what is written reads back, and foreign files keep their meaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver/outfile.h"
#include "driver/settings.h"

static char dir[] = "/tmp/pprof-settings.XXXXXX";
static struct arena arena;
static struct str path;

static void saved_options_read_back(void **state)
{
	struct settings s;
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	c.trim = false;
	c.nodefraction = 0;
	c.focus = STR("a\"b\\c\n");
	c.granularity = STR("lines");
	c.source_path = STR("/src");
	assert_int_equal(settings_save(path, STR("one"), &c, &e), OK);
	config_init(&c);
	c.nodecount = 7;
	assert_int_equal(settings_save(path, STR("two"), &c, &e), OK);
	assert_int_equal(settings_load(&s, path, &c, &e), OK);
	assert_int_equal(s.n, 2);
	assert_true(str_is(s.v[0].name, "one"));
	assert_false(s.v[0].config.trim);
	assert_true(s.v[0].config.nodefraction == 0 && s.v[0].config.edgefraction == 0.001);
	assert_true(str_is(s.v[0].config.focus, "a\"b\\c\n"));
	assert_true(str_is(s.v[0].config.granularity, "lines"));
	assert_int_equal(s.v[0].config.source_path.n, 0);
	assert_int_equal(s.v[1].config.nodecount, 7);
	settings_release(&s);
}

static void saving_again_replaces_and_deleting_removes(void **state)
{
	struct settings s;
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	c.nodecount = 9;
	assert_int_equal(settings_save(path, STR("one"), &c, &e), OK);
	assert_int_equal(settings_delete(path, STR("two"), &e), OK);
	assert_int_equal(settings_delete(path, STR("two"), &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "config two not found");
	assert_int_equal(settings_load(&s, path, &c, &e), OK);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0].config.nodecount, 9);
	settings_release(&s);
	assert_int_equal(settings_save(path, STR(""), &c, &e), ERR_USAGE);
}

/* google/pprof leaves out what is false or 0. */
static void absent_options_are_zero(void **state)
{
	struct settings s;
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	c.divide_by = 3;
	assert_int_equal(outfile_write(path,
			     STR("{\"configs\":[{\"name\":\"x\",\"nodefraction\":0.25,"
				 "\"unit\":\"ms\"}]}"),
			     &e),
	    OK);
	assert_int_equal(settings_load(&s, path, &c, &e), OK);
	assert_int_equal(s.n, 1);
	assert_true(s.v[0].config.nodefraction == 0.25 && s.v[0].config.edgefraction == 0);
	assert_false(s.v[0].config.trim);
	assert_true(str_is(s.v[0].config.unit, "ms"));
	assert_true(s.v[0].config.divide_by == 3);
	settings_release(&s);
}

static void a_broken_file_is_told(void **state)
{
	struct settings s;
	struct config c;
	struct err e;

	(void)state;
	config_init(&c);
	assert_int_equal(outfile_write(path, STR("{\"configs\":"), &e), OK);
	assert_int_equal(settings_load(&s, path, &c, &e), ERR_FORMAT);
	assert_non_null(strstr(e.msg, "could not parse settings: "));
	assert_int_equal(outfile_write(path, STR("{\"configs\":[{\"nodecount\":\"x\"}]}"), &e), OK);
	assert_int_equal(settings_load(&s, path, &c, &e), ERR_USAGE);
	assert_non_null(strstr(e.msg, "could not parse settings: "));
}

static int start(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	path = arena_printf(&arena, "%s/pprof/settings.json", dir);
	return 0;
}

static enum err_code save_and_load(struct err *e)
{
	struct settings s;
	struct config c;
	enum err_code code;

	config_init(&c);
	c.focus = STR("text");
	TRY(settings_save(path, STR("three"), &c, e));
	TRY(settings_load(&s, path, &c, e));
	code = s.n > 0 ? OK : ERR_FORMAT;
	settings_release(&s);
	return code;
}

/* At every allocation: told, and the file stays whole, as the next attempt reads it. */
static void lack_of_memory_is_told(void **state)
{
	enum err_code code = ERR_NOMEM;
	struct err e;
	size_t n = 0;

	(void)state;
	unlink(path.p);
	assert_int_equal(save_and_load(&e), OK);
	while (code != OK) {
		assert_true(++n < 5000);
		alloc_fail_at(n);
		code = save_and_load(&e);
		alloc_fail_at(0);
		if (code != OK && code != ERR_NOMEM)
			fail_msg("allocation %zu: %s", n, e.msg);
	}
	assert_true(n > 5);
}

static int end(void **state)
{
	struct str sub = arena_printf(&arena, "%s/pprof", dir);

	(void)state;
	unlink(path.p);
	rmdir(sub.p);
	arena_release(&arena);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_options_read_back),
		cmocka_unit_test(saving_again_replaces_and_deleting_removes),
		cmocka_unit_test(absent_options_are_zero),
		cmocka_unit_test(a_broken_file_is_told),
		cmocka_unit_test(lack_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, start, end);
}
