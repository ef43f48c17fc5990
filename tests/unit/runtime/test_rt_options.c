/* The PPROF_* table: values, bad values, bytes with units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_options.h"

static void defaults(void **state)
{
	struct rt_options o;

	(void)state;
	rt_options_read(&o);
	assert_string_equal(o.addr, "");
	assert_int_equal(o.heap_rate, 524288);
	assert_true(o.notify_fd == RT_NO_FD);
	assert_null(o.bad);
}

static void values(void **state)
{
	struct rt_options o;

	(void)state;
	setenv("PPROF_ADDR", "unix:/tmp/x", 1);
	setenv("PPROF_HEAP_RATE", "64k", 1);
	setenv("PPROF_NOTIFY_FD", "7", 1);
	rt_options_read(&o);
	assert_string_equal(o.addr, "unix:/tmp/x");
	assert_int_equal(o.heap_rate, 65536);
	assert_int_equal(o.notify_fd, 7);
	setenv("PPROF_HEAP_RATE", "lots", 1);
	rt_options_read(&o);
	assert_int_equal(o.heap_rate, 524288);
	assert_string_equal(o.bad, "PPROF_HEAP_RATE");
	setenv("PPROF_HEAP_RATE", "", 1);
	rt_options_read(&o);
	assert_int_equal(o.heap_rate, 524288);
	assert_null(o.bad);
}

static void too_long_a_text(void **state)
{
	char text[RT_OPTION_PATH + 1];
	struct rt_options o;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	setenv("PPROF_OUT", text, 1);
	rt_options_read(&o);
	assert_string_equal(o.out, "");
	assert_string_equal(o.bad, "PPROF_OUT");
	unsetenv("PPROF_OUT");
}

static void levels(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(rt_options_level(STR("90%"), &n) && n == 90);
	assert_true(rt_options_level(STR("100%"), &n) && n == 100);
	assert_true(rt_options_level(STR("2G"), &n) && n == 2ull << 30);
	assert_false(rt_options_level(STR("0%"), &n));
	assert_false(rt_options_level(STR("101%"), &n));
	assert_false(rt_options_level(STR("90"), &n)); /* bytes? a forgotten %? */
	assert_false(rt_options_level(STR("%"), &n));
	assert_false(rt_options_level(STR(""), &n));
}

static void signals(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(rt_options_signal(STR("USR2"), &n) && n == SIGUSR2);
	assert_true(rt_options_signal(STR("SIGUSR1"), &n) && n == SIGUSR1);
	assert_true(rt_options_signal(STR("HUP"), &n) && n == SIGHUP);
	assert_true(rt_options_signal(STR("12"), &n) && n == 12);
	assert_true(rt_options_signal(STR("40"), &n) && n == 40);
	assert_false(rt_options_signal(STR("KILL"), &n));
	assert_false(rt_options_signal(STR("SEGV"), &n));
	assert_false(rt_options_signal(STR("9"), &n));
	assert_false(rt_options_signal(STR("0"), &n));
	assert_false(rt_options_signal(STR("200"), &n));
	assert_false(rt_options_signal(STR("usr2"), &n));
	assert_false(rt_options_signal(STR(""), &n));
}

static void bytes(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(rt_options_bytes(STR("0"), &n) && n == 0);
	assert_true(rt_options_bytes(STR("1"), &n) && n == 1);
	assert_true(rt_options_bytes(STR("512K"), &n) && n == 524288);
	assert_true(rt_options_bytes(STR("3m"), &n) && n == 3 << 20);
	assert_true(rt_options_bytes(STR("2G"), &n) && n == 2ull << 30);
	assert_true(rt_options_bytes(STR("1024g"), &n) && n == 1ull << 40);
	assert_false(rt_options_bytes(STR("1025g"), &n));
	assert_false(rt_options_bytes(STR(""), &n));
	assert_false(rt_options_bytes(STR("k"), &n));
	assert_false(rt_options_bytes(STR("-1"), &n));
	assert_false(rt_options_bytes(STR("1kk"), &n));
	assert_false(rt_options_bytes(STR("0x10"), &n));
}

static void every_variable_is_printed(void **state)
{
	static const char *const names[] = { "PPROF_ADDR", "PPROF_HEAP_RATE", "PPROF_OUT",
		"PPROF_TOKEN_FILE", "PPROF_INSECURE", "PPROF_NOTIFY_FD", "PPROF_PID",
		"PPROF_SEED" };
	char text[8192];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));

	(void)state;
	rt_options_print(&b);
	fmt_end(&b);
	assert_false(b.failed);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(text, names[i]));
}

/* The documentation has the same list. */
static void every_variable_is_documented(void **state)
{
	static char doc[65536];
	char text[8192];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));
	FILE *f = fopen("../docs/sampling.md", "r");
	struct str rest, line;

	(void)state;
	assert_non_null(f);
	doc[fread(doc, 1, sizeof(doc) - 1, f)] = '\0';
	fclose(f);
	rt_options_print(&b);
	rest = fmt_text(&b);
	while (str_split(&rest, '\n', &line) && line.n > 0) {
		char row[64];

		snprintf(row, sizeof(row), "\n| `%.*s` |", (int)str_find_char(line, ' '), line.p);
		assert_non_null(strstr(doc, row));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(too_long_a_text),
		cmocka_unit_test(levels),
		cmocka_unit_test(signals),
		cmocka_unit_test(bytes),
		cmocka_unit_test(every_variable_is_printed),
		cmocka_unit_test(every_variable_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
