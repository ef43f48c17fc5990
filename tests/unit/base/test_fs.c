/* Files: reading of what has a size and what has none, limits, Go's error texts, path arithmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"

static char folder[] = "/tmp/test_fs.XXXXXX";
static char file[64], empty[64], deep[80];

static int set_up(void **state)
{
	FILE *f;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof file, "%s/file", folder);
	snprintf(empty, sizeof empty, "%s/empty", folder);
	snprintf(deep, sizeof deep, "%s/a/b/c", folder);
	f = fopen(file, "w");
	if (!f || fputs("some contents", f) < 0 || fclose(f))
		return -1;
	f = fopen(empty, "w");
	return !f || fclose(f) ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const parts[] = { "/a/b/c", "/a/b", "/a", "" };
	char path[80];
	int failed = 0;

	(void)state;
	unlink(file);
	unlink(empty);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(path, sizeof path, "%s%s", folder, parts[i]);
		failed |= rmdir(path);
	}
	return failed;
}

static void files_are_appended_to_a_buffer(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	BUF_LIT(&b, "before ");
	assert_int_equal(fs_read(str_c(file), 13, &b, &e), OK);
	assert_string_equal(buf_c(&b), "before some contents");
	assert_int_equal(fs_read(str_c(empty), 0, &b, &e), OK);
	assert_int_equal(b.n, 20);
	buf_clear(&b);
	assert_int_equal(fs_read(STR("/proc/self/maps"), (size_t)1 << 20, &b, &e), OK);
	assert_int_not_equal(str_find(buf_str(&b), STR("[stack]")), STR_NPOS);
	buf_release(&b);
}

static void limits_hold_with_and_without_a_known_size(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(fs_read(str_c(file), 12, &b, &e), ERR_LIMIT);
	assert_int_equal(fs_read(STR("/dev/zero"), 1000, &b, &e), ERR_LIMIT);
	buf_release(&b);
}

static void errors_read_as_in_go(void **state)
{
	struct buf b = { 0 };
	struct fs_map m;
	struct err e;

	(void)state;
	assert_int_equal(fs_read(STR("/no/such"), 10, &b, &e), ERR_IO);
	assert_string_equal(e.msg, "open /no/such: no such file or directory");
	assert_int_equal(fs_read(STR("/tmp"), 10, &b, &e), ERR_IO);
	assert_string_equal(e.msg, "read /tmp: is a directory");
	assert_int_equal(fs_read((struct str){ "a\0b", 3 }, 10, &b, &e), ERR_IO);
	assert_int_equal(fs_map_open(&m, STR("/tmp"), &e), ERR_IO);
	buf_release(&b);
}

static void maps_show_the_file(void **state)
{
	struct fs_map m;
	struct err e;

	(void)state;
	assert_int_equal(fs_map_open(&m, str_c(file), &e), OK);
	assert_int_equal(m.n, 13);
	assert_memory_equal(m.p, "some contents", 13);
	fs_map_close(&m);
	fs_map_close(&m);
	assert_int_equal(fs_map_open(&m, str_c(empty), &e), OK);
	assert_null(m.p);
}

static void folders_are_made_with_their_parents(void **state)
{
	struct err e;

	(void)state;
	assert_false(fs_exists(str_c(deep)));
	assert_int_equal(fs_make_dirs(str_c(deep), &e), OK);
	assert_int_equal(fs_make_dirs(str_c(deep), &e), OK);
	assert_true(fs_is_dir(str_c(deep)));
	assert_false(fs_is_dir(str_c(file)));
	assert_true(fs_exists(str_c(file)));
	assert_int_equal(fs_make_dirs(str_c(file), &e), ERR_IO);
}

/* The old file or the new one, and nothing left beside it. */
static void a_file_is_replaced_as_a_whole(void **state)
{
	struct buf got = { 0 };
	char place[64], path[96];
	struct err e;

	(void)state;
	snprintf(place, sizeof place, "/tmp/pprof-test-fs-XXXXXX");
	assert_non_null(mkdtemp(place));
	snprintf(path, sizeof path, "%s/file", place);
	assert_int_equal(fs_replace(str_c(path), STR("first"), &e), OK);
	assert_int_equal(fs_replace(str_c(path), STR("second one"), &e), OK);
	assert_int_equal(fs_read(str_c(path), 100, &got, &e), OK);
	assert_true(str_is(buf_str(&got), "second one"));
	assert_true(fs_is_trusted(str_c(path)));
	assert_false(fs_is_trusted(str_c(place)));
	assert_int_equal(unlink(path), 0);
	/* The name of a folder cannot be taken. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(fs_replace(str_c(path), STR("third"), &e), ERR_IO);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(place), 0);
	assert_int_equal(fs_replace(str_c(path), STR("fourth"), &e), ERR_IO);
	buf_release(&got);
}

static void base_and_dir_follow_go(void **state)
{
	static const char *const cases[][3] = {
		{ "/usr/bin/app", "app", "/usr/bin" },
		{ "app", "app", "." },
		{ "/app", "app", "/" },
		{ "a/b/", "b", "a/b" },
		{ "/", "/", "/" },
		{ "", ".", "." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str base = fs_base(str_c(cases[i][0])), dir = fs_dir(str_c(cases[i][0]));

		if (!str_is(base, cases[i][1]) || !str_is(dir, cases[i][2]))
			fail_msg("%s: %.*s and %.*s", cases[i][0], STR_ARG(base), STR_ARG(dir));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_appended_to_a_buffer),
		cmocka_unit_test(limits_hold_with_and_without_a_known_size),
		cmocka_unit_test(errors_read_as_in_go),
		cmocka_unit_test(maps_show_the_file),
		cmocka_unit_test(folders_are_made_with_their_parents),
		cmocka_unit_test(a_file_is_replaced_as_a_whole),
		cmocka_unit_test(base_and_dir_follow_go),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
