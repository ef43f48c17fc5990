/* Names of files from patterns, and files that are whole or absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/dump.h"
#include "runtime/init.h"
#include "runtime/rt.h"

static void assert_name(const char *pattern, uint64_t number, const char *want, bool has_pid)
{
	char text[100];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));

	assert_int_equal(rt_dump_name(pattern, number, &b), has_pid);
	assert_false(b.failed);
	assert_string_equal(text, want);
}

static void names(void **state)
{
	char pid[30], small[4];
	struct fmt_buf b = fmt_buf_of(small, sizeof(small));

	(void)state;
	snprintf(pid, sizeof(pid), "a.%d.b", (int)getpid());
	assert_name("a.%p.b", 0, pid, true);
	assert_name("x%n", 7, "x0007", false);
	assert_name("x%n", 123456, "x123456", false);
	assert_name("100%%p", 1, "100%p", false);
	assert_name("%q%", 1, "%q%", false);
	assert_name("", 1, "", false);
	rt_dump_name("abcd", 1, &b);
	assert_true(b.failed);
}

static unsigned count_files(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void a_file_is_whole_or_absent(void **state)
{
	char dir[] = "/tmp/pprof-dump-XXXXXX", path[100], command[200];
	unsigned char head[2] = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a", dir);
	assert_true(rt_dump_write(path));
	assert_int_equal(count_files(dir), 1);
	f = fopen(path, "rb");
	assert_int_equal(fread(head, 1, 2, f), 2);
	fclose(f);
	assert_int_equal(head[0], 0x1f);
	assert_int_equal(head[1], 0x8b);
	assert_true(rt_dump_write(path)); /* in place of the old one */
	assert_int_equal(count_files(dir), 1);
	/* A directory is in the place: nothing is left behind. */
	snprintf(path, sizeof(path), "%s/b", dir);
	snprintf(command, sizeof(command), "mkdir -p %s/b/c", dir);
	assert_int_equal(system(command), 0);
	assert_false(rt_dump_write(path));
	assert_int_equal(count_files(dir), 2);
	assert_false(rt_dump_write("/nonexistent/a"));
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(a_file_is_whole_or_absent),
	};

	rt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
