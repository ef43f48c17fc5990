/* From the compiler's path to a file that is here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "object/source_file.h"
#include "unit/object/sample.h"

static void check_trim(const char *path, const char *trim, const char *search, const char *want)
{
	assert_true(text_is(source_trim_path(str_c(path), str_c(trim), str_c(search)), want));
}

static void test_trim(void **state)
{
	(void)state;
	check_trim("/src/a/b.c", "/src", "", "a/b.c");
	check_trim("/src/a/b.c", "/other:/src/", "", "a/b.c");
	check_trim("/srcs/a/b.c", "/src", "", "/srcs/a/b.c");
	check_trim("/remote/proj/a/b.c", "", "/home/me/proj", "a/b.c");
	check_trim("/remote/proj/a/b.c", "", "/x:/home/me/proj", "a/b.c");
	check_trim("/remote/proj/a/b.c", "/remote", "/home/me/proj", "proj/a/b.c");
	check_trim("/proc/self/cwd/./a.c", "", "", "a.c");
	check_trim("/proc/self/cwd/a.c", "", "", "a.c");
	check_trim("a.c", "", "/x", "a.c");
	check_trim("", "", "", "");
}

static char dir[] = "/tmp/pprof-test-source-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_tree(void **state)
{
	char path[4096];

	(void)state;
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/deep", dir);
	mkdir(path, 0755);
	put("top.c", "top text\n");
	put("deep/low.c", "low text\n");
	return 0;
}

static int remove_tree(void **state)
{
	static const char *const names[] = { "top.c", "deep/low.c", "deep", "" };
	char path[4096];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	return 0;
}

static void check_read(const char *path, const char *search, const char *want)
{
	struct arena a = { 0 };
	struct str text;
	struct err e;
	enum err_code rc =
	    source_read_file(str_c(path), str_c(search), STR("/nothing"), &a, &text, NULL, &e);

	assert_int_equal(rc == OK, want != NULL);
	if (want)
		assert_true(text_is(text, want));
	arena_release(&a);
}

static void test_search(void **state)
{
	char deep[4096];
	char absolute[4096];

	(void)state;
	snprintf(deep, sizeof deep, "/nowhere:%s/deep", dir);
	snprintf(absolute, sizeof absolute, "%s/top.c", dir);
	check_read("low.c", deep, "low text\n");
	check_read("top.c", deep, "top text\n"); /* a parent of the directory */
	check_read("deep/low.c", dir, "low text\n");
	check_read(absolute, "/nowhere", "top text\n");
	check_read("nosuch.c", deep, NULL);
}

/* Built elsewhere: the end of the path is looked for, but never a name alone. */
static void test_ends(void **state)
{
	(void)state;
	check_read("/build/7/app/deep/low.c", dir, "low text\n");
	check_read("github.com/x/app@v1.2.3/deep/low.c", dir, "low text\n");
	check_read("/build/7/app/low.c", dir, NULL);
	check_read("/build/7/top.c", dir, NULL);
}

/* What Go's -trimpath leaves of paths. */
static void test_go(void **state)
{
	char command[4096];

	(void)state;
	snprintf(command, sizeof command,
	    "mkdir -p %s/src/fmt %s/x.org/m@v1.0.0 && echo print >%s/src/fmt/print.go && "
	    "echo module >%s/x.org/m@v1.0.0/m.go",
	    dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	setenv("GOROOT", dir, 1);
	setenv("GOMODCACHE", dir, 1);
	check_read("fmt/print.go", "/nowhere", "print\n");
	check_read("x.org/m@v1.0.0/m.go", "/nowhere", "module\n");
	check_read("fmt/print.c", "/nowhere", NULL);
	unsetenv("GOROOT");
	unsetenv("GOMODCACHE");
	/* Nobody has said which Go it was: an installed one may be another. */
	check_read("fmt/print.go", "/nowhere", NULL);
	check_read("runtime/proc.go", "/nowhere", NULL);
	snprintf(command, sizeof command, "rm -r %s/src %s/x.org", dir, dir);
	assert_int_equal(system(command), 0);
}

static void test_errors(void **state)
{
	struct arena a = { 0 };
	struct str text;
	struct err e;

	(void)state;
	assert_int_equal(source_read_file(STR("no.c"), STR("/x:/y"), STR(""), &a, &text, NULL, &e),
	    ERR_NOT_FOUND);
	assert_string_equal(e.msg, "could not find file no.c on path /x:/y");
	assert_int_equal(
	    source_read_file(STR("/no/such.c"), STR("/x"), STR(""), &a, &text, NULL, &e), ERR_IO);
	assert_string_equal(e.msg, "open /no/such.c: no such file or directory");
	assert_int_equal(
	    source_read_file(STR("/"), STR("/x"), STR(""), &a, &text, NULL, &e), ERR_IO);
	assert_string_equal(e.msg, "read /: is a directory");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
