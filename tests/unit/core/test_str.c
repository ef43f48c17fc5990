/* Byte strings: searching, cutting and reading numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/str.h"

static void test_compare(void **state)
{
	struct str none = { NULL, 0 };

	(void)state;
	assert_true(str_eq(none, STR("")));
	assert_true(str_eq(STR("ab"), str_c("ab")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_is(STR("x"), "x"));
	assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
	assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
	assert_true(str_cmp(STR("b"), STR("abc")) > 0);
	assert_true(str_cmp(STR("\x7f"), STR("\x80")) < 0);
	assert_true(str_cmp(none, STR("a")) < 0);
}

static void test_affixes(void **state)
{
	(void)state;
	assert_true(str_starts(STR("heap"), STR("he")));
	assert_true(str_starts(STR("heap"), STR("")));
	assert_false(str_starts(STR("he"), STR("heap")));
	assert_true(str_ends(STR("x.so"), STR(".so")));
	assert_false(str_ends(STR("so"), STR(".so")));
	assert_true(str_eq(str_skip(STR("abc"), 1), STR("bc")));
	assert_true(str_eq(str_skip(STR("abc"), 9), STR("")));
	assert_true(str_eq(str_head(STR("abc"), 2), STR("ab")));
	assert_true(str_eq(str_head(STR("abc"), 9), STR("abc")));
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(str_find_char(STR("a/b/c"), '/'), 1);
	assert_int_equal(str_rfind_char(STR("a/b/c"), '/'), 3);
	assert_true(str_find_char(STR("abc"), '/') == STR_NPOS);
	assert_true(str_rfind_char(STR(""), '/') == STR_NPOS);
	assert_int_equal(str_find(STR("pprof"), STR("ro")), 2);
	assert_int_equal(str_find(STR("pprof"), STR("")), 0);
	assert_true(str_find(STR("pp"), STR("pprof")) == STR_NPOS);
	/* Beyond a NUL too: these are bytes, not C strings. */
	assert_int_equal(str_find(STR("a\0bc"), STR("bc")), 2);
}

static void test_trim(void **state)
{
	(void)state;
	assert_true(str_eq(str_trim(STR(" \t a b\r\n")), STR("a b")));
	assert_int_equal(str_trim(STR(" \v\f ")).n, 0);
}

static void assert_pieces(const char *text, const char *const *want, size_t n)
{
	struct str rest = str_c(text);
	struct str piece;

	for (size_t i = 0; i < n; i++) {
		assert_true(str_split(&rest, ',', &piece));
		assert_true(str_is(piece, want[i]));
	}
	assert_false(str_split(&rest, ',', &piece));
}

static void test_split(void **state)
{
	(void)state;
	assert_pieces("a,,b", (const char *const[]){ "a", "", "b" }, 3);
	assert_pieces("", (const char *const[]){ "" }, 1);
	assert_pieces("a,", (const char *const[]){ "a", "" }, 2);
}

static void test_u64(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(str_to_u64(STR("18446744073709551615"), 10, &v) && v == UINT64_MAX);
	assert_false(str_to_u64(STR("18446744073709551616"), 10, &v));
	assert_true(str_to_u64(STR("ffffffffffffffff"), 16, &v) && v == UINT64_MAX);
	assert_false(str_to_u64(STR("10000000000000000"), 16, &v));
	assert_true(str_to_u64(STR("0xAb"), 16, &v) && v == 0xab);
	assert_true(str_to_u64(STR("0x10"), 0, &v) && v == 16);
	assert_true(str_to_u64(STR("10"), 0, &v) && v == 10);
	assert_false(str_to_u64(STR("0x10"), 10, &v));
	assert_false(str_to_u64(STR(""), 10, &v));
	assert_false(str_to_u64(STR("0x"), 16, &v));
	assert_false(str_to_u64(STR("+1"), 10, &v));
	assert_false(str_to_u64(STR("1 "), 10, &v));
	assert_false(str_to_u64(STR("8"), 8, &v));
}

static void test_i64(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_true(str_to_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
	assert_true(str_to_i64(STR("+9223372036854775807"), &v) && v == INT64_MAX);
	assert_false(str_to_i64(STR("9223372036854775808"), &v));
	assert_false(str_to_i64(STR("-9223372036854775809"), &v));
	assert_true(str_to_i64(STR("-0"), &v) && v == 0);
	assert_false(str_to_i64(STR("-"), &v));
	assert_false(str_to_i64(STR("--1"), &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_affixes),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_i64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
