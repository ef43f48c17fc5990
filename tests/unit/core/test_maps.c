/* Lines of /proc/PID/maps: the forms that kernels write, malformed ones, and our own file. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/maps.h"

static struct maps_line parse(const char *text)
{
	struct maps_line line;

	assert_true(maps_parse_line(str_c(text), &line));
	return line;
}

static void test_file_mapping(void **state)
{
	struct maps_line l = parse("7f0c1a228000-7f0c1a37d000 r-xp 00028000 fd:1c 1312781"
				   "                    /usr/lib/a b/libc.so.6\n");

	(void)state;
	assert_true(l.start == 0x7f0c1a228000 && l.end == 0x7f0c1a37d000);
	assert_true(l.readable && !l.writable && l.executable && !l.is_shared);
	assert_int_equal(l.offset, 0x28000);
	assert_int_equal(l.dev_major, 0xfd);
	assert_int_equal(l.dev_minor, 0x1c);
	assert_int_equal(l.inode, 1312781);
	assert_true(str_is(l.path, "/usr/lib/a b/libc.so.6"));
}

static void test_without_path(void **state)
{
	struct maps_line blank = parse("00400000-00401000 rw-s 00000000 00:00 0 ");
	struct maps_line bare = parse("00400000-00401000 ---p 00000000 00:00 0");

	(void)state;
	assert_true(blank.is_shared && blank.writable && !blank.executable);
	assert_int_equal(blank.path.n, 0);
	assert_false(bare.readable);
	assert_int_equal(bare.path.n, 0);
	assert_int_equal(bare.inode, 0);
}

static void test_special_and_deleted(void **state)
{
	struct maps_line heap = parse("1000-2000 rw-p 00000000 00:00 0          [heap]");
	struct maps_line gone = parse("1000-2000 r-xp 00000000 08:01 5 /tmp/x.so (deleted)");
	struct maps_line top =
	    parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]");
	bool deleted = true;

	(void)state;
	assert_true(str_is(maps_path(&heap, &deleted), "[heap]"));
	assert_false(deleted);
	assert_true(str_is(maps_path(&gone, &deleted), "/tmp/x.so"));
	assert_true(deleted);
	assert_true(str_is(maps_path(&gone, NULL), "/tmp/x.so"));
	assert_true(top.start == 0xffffffffff600000);
}

static void test_malformed(void **state)
{
	static const char *const bad[] = { "", "\n", "1000", "1000-2000", "1000-2000 r-xp",
		"1000-2000 r-xp 0 08:01", "2000-1000 r-xp 0 08:01 5 /x",
		"1000-1000 r-xp 0 08:01 5 /x", "1000-2000 r-x 0 08:01 5 /x",
		"1000-2000 q-xp 0 08:01 5 /x", "1000-2000 r-xz 0 08:01 5 /x",
		"1000-2000 r-xp 0 0801 5 /x", "1000-2000 r-xp 0 08:01 5f /x",
		"g000-2000 r-xp 0 08:01 5 /x", "0x1000-2000 r-xp 0 08:01 5 /x",
		"1000-20000000000000000 r-xp 0 08:01 5 /x", "1000-2000 r-xp 0 100000000:01 5 /x",
		" 1000-2000 r-xp 0 08:01 5 /x", "1000-2000  r-xp 0 08:01 5 /x" };
	struct maps_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(maps_parse_line(str_c(bad[i]), &line));
}

/* Every line of the live file parses, in rising order, and one of them holds this function. */
static void test_own_maps(void **state)
{
	FILE *f = fopen("/proc/self/maps", "r");
	uint64_t here = (uint64_t)(uintptr_t)test_own_maps;
	uint64_t previous = 0;
	bool found = false;
	char text[8192];

	(void)state;
	assert_non_null(f);
	while (fgets(text, sizeof(text), f)) {
		struct maps_line l = parse(text);

		assert_true(l.start >= previous);
		previous = l.end;
		if (here >= l.start && here < l.end) {
			found = true;
			assert_true(l.executable && l.path.n > 0 && l.path.p[0] == '/');
		}
	}
	fclose(f);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_mapping),
		cmocka_unit_test(test_without_path),
		cmocka_unit_test(test_special_and_deleted),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_own_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
