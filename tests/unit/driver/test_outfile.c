/* Report files appear whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/outfile.h"

static char dir[] = "/tmp/pprof-outfile.XXXXXX";
static struct arena arena;

static struct str path(const char *name)
{
	return arena_printf(&arena, "%s/%s", dir, name);
}

static void contents_are(struct str name, const char *want)
{
	char got[100] = "";
	FILE *f = fopen(name.p, "r");

	assert_non_null(f);
	(void)!fread(got, 1, sizeof got - 1, f);
	fclose(f);
	assert_string_equal(got, want);
}

static int count_files(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void replaces_and_keeps_the_mode(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(outfile_write(path("a"), STR("one"), &e), OK);
	contents_are(path("a"), "one");
	assert_int_equal(chmod(path("a").p, 0600), 0);
	assert_int_equal(outfile_write(path("a"), STR("two"), &e), OK);
	contents_are(path("a"), "two");
	assert_int_equal(stat(path("a").p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(count_files(), 1);
}

static void follows_links(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(symlink("a", path("link").p), 0);
	assert_int_equal(outfile_write(path("link"), STR("three"), &e), OK);
	contents_are(path("a"), "three");
	assert_int_equal(lstat(path("link").p, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void writes_to_devices(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(outfile_write(STR("/dev/null"), STR("x"), &e), OK);
	assert_int_equal(outfile_write(STR("/dev/full"), STR("x"), &e), ERR_IO);
	assert_string_equal(e.msg, "write /dev/full: no space left on device");
}

static void names_the_file_that_cannot_be(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(outfile_write(STR("no/such/dir/f"), STR("x"), &e), ERR_IO);
	assert_string_equal(e.msg, "open no/such/dir/f: no such file or directory");
	assert_int_equal(outfile_write(str_c(dir), STR("x"), &e), ERR_IO);
	assert_non_null(strstr(e.msg, ": is a directory"));
}

static void numbers_new_files(void **state)
{
	struct str first, second;
	struct err e;

	(void)state;
	assert_int_equal(
	    outfile_write_new(str_c(dir), "profile", "svg", STR("1"), &arena, &first, &e), OK);
	assert_int_equal(
	    outfile_write_new(str_c(dir), "profile", "svg", STR("2"), &arena, &second, &e), OK);
	assert_true(str_eq(first, path("profile001.svg")));
	assert_true(str_eq(second, path("profile002.svg")));
	contents_are(first, "1");
	contents_are(second, "2");
}

static int start(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
	static const char *const names[] = { "a", "link", "profile001.svg", "profile002.svg" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(path(names[i]).p);
	arena_release(&arena);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_and_keeps_the_mode),
		cmocka_unit_test(follows_links),
		cmocka_unit_test(writes_to_devices),
		cmocka_unit_test(names_the_file_that_cannot_be),
		cmocka_unit_test(numbers_new_files),
	};

	return cmocka_run_group_tests(tests, start, end);
}
