/*
 * Paths of source files: cleaning, base names and what trimming cuts off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/trimpath.h"

static void check(struct str got, const char *want)
{
	if (!str_is(got, want))
		fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void cleans_paths(void **state)
{
	static const char *const rows[][2] = {
		{ "", "." },
		{ ".", "." },
		{ "/", "/" },
		{ "//", "/" },
		{ "a", "a" },
		{ "a/", "a" },
		{ "./a", "a" },
		{ "a//b", "a/b" },
		{ "a/./b", "a/b" },
		{ "a/../b", "b" },
		{ "a/..", "." },
		{ "a/../..", ".." },
		{ "../a", "../a" },
		{ "../../x/..", "../.." },
		{ "/..", "/" },
		{ "/../a", "/a" },
		{ "/a/../../b", "/b" },
		{ "/a/b/..", "/a" },
		{ "/a/b/../../c/", "/c" },
		{ "..a/b", "..a/b" },
		{ "a/..b", "a/..b" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(graph_clean_path(str_c(rows[i][0]), &a), rows[i][1]);
	arena_release(&a);
}

static void clean_paths_cost_nothing(void **state)
{
	struct arena a = { 0 };
	struct str path = STR("/usr/src/lib/x..c");

	(void)state;
	assert_ptr_equal(graph_clean_path(path, &a).p, path.p);
	assert_int_equal(a.total, 0);
}

static void names_the_last_part(void **state)
{
	static const char *const rows[][2] = { { "", "." }, { "/", "/" }, { "///", "/" },
		{ "a", "a" }, { "/a/b", "b" }, { "a/b//", "b" } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(graph_base_path(str_c(rows[i][0])), rows[i][1]);
}

static void trims(const char *path, const char *trim, const char *source, const char *want)
{
	check(graph_trim_path(str_c(path), str_c(trim), str_c(source)), want);
}

static void trims_paths(void **state)
{
	(void)state;
	trims("/a/b/c.c", "", "", "/a/b/c.c");
	trims("/a/b/c.c", "/a", "", "b/c.c");
	trims("/a/b/c.c", "/a/", "", "b/c.c");
	trims("/abc/d.c", "/a", "", "/abc/d.c");
	trims("/a/b/c.c", "/x:/a/b", "", "c.c");
	trims("/a/b/c.c", "/a:/a/b", "", "b/c.c");
	trims("/proc/self/cwd/x/y.c", "", "", "x/y.c");
	trims("/proc/self/cwd/./y.c", "/other", "", "y.c");
}

static void guesses_from_the_source_path(void **state)
{
	(void)state;
	trims("/build/proj/src/x.c", "", "/home/me/proj", "src/x.c");
	trims("/build/proj/src/x.c", "", "/none:/home/me/proj/", "src/x.c");
	trims("/proj/a/proj/x.c", "", "proj", "a/proj/x.c");
	trims("/build/projects/x.c", "", "/home/proj", "/build/projects/x.c");
	/* A trim path that is set leaves no room for guesses. */
	trims("/build/proj/x.c", "/other", "/home/proj", "/build/proj/x.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(clean_paths_cost_nothing),
		cmocka_unit_test(names_the_last_part),
		cmocka_unit_test(trims_paths),
		cmocka_unit_test(guesses_from_the_source_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
