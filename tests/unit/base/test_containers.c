/* vec, map and buf: growth, sticky failure, and the map against a plain search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/large.h"
#include "base/map.h"
#include "base/vec.h"

static void vec_keeps_its_elements_while_growing(void **state)
{
	VEC(uint64_t) v = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		assert_true(VEC_PUSH(&v, i * i));
	assert_int_equal(v.n, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(v.p[i], i * i);
	VEC_RELEASE(&v);
	assert_null(v.p);
}

static void vec_push_takes_a_compound_value(void **state)
{
	struct pair {
		int a, b;
	};

	VEC(struct pair) v = { 0 };

	(void)state;
	assert_true(VEC_PUSH(&v, (struct pair){ 1, 2 }));
	assert_int_equal(v.p[0].b, 2);
	VEC_RELEASE(&v);
}

static void vec_failure_is_sticky(void **state)
{
	VEC(int) v = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(VEC_PUSH(&v, i));
	alloc_fail_at(1);
	assert_false(VEC_PUSH(&v, 8));
	alloc_fail_at(0);
	assert_true(v.failed);
	assert_int_equal(v.n, 8);
	assert_int_equal(v.p[7], 7);
	VEC_RELEASE(&v);
	assert_false(VEC_RESERVE(&v, SIZE_MAX / 2));
	assert_true(v.failed);
	VEC_RELEASE(&v);
}

struct keys {
	uint64_t v[3000];
	size_t n;
};

static bool key_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct keys *keys = ctx;
	const uint64_t *k = key;

	return keys->v[index] == *k;
}

static uint32_t plain_find(const struct keys *keys, uint64_t key)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i] == key)
			return (uint32_t)i;
	return MAP_NONE;
}

/* `hash` decides how badly the keys collide; the answers must not depend on it. */
static void compare_with_plain_search(uint64_t (*hash)(uint64_t))
{
	static struct keys keys;
	struct map m = { 0 };

	keys.n = 0;
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t key = i * 7919 % 1009;
		uint32_t expected = plain_find(&keys, key);
		uint32_t got;

		assert_int_equal(map_find(&m, hash(key), key_equal, &keys, &key), expected);
		got = map_intern(&m, hash(key), key_equal, &keys, &key, (uint32_t)keys.n);
		if (expected == MAP_NONE) {
			assert_int_equal(got, keys.n);
			keys.v[keys.n++] = key;
		} else {
			assert_int_equal(got, expected);
		}
	}
	assert_int_equal(m.n, keys.n);
	map_release(&m);
}

static uint64_t spread(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15ULL;
}

static uint64_t few(uint64_t key)
{
	return key % 3;
}

static void map_answers_as_a_plain_search_does(void **state)
{
	(void)state;
	compare_with_plain_search(spread);
	compare_with_plain_search(few);
}

static void map_failure_is_sticky_and_keeps_what_was_there(void **state)
{
	static struct keys keys = { .v = { 5 }, .n = 1 };
	struct map m = { 0 };
	uint64_t five = 5, six = 6;

	(void)state;
	assert_int_equal(map_intern(&m, 5, key_equal, &keys, &five, 0), 0);
	alloc_fail_at(1);
	assert_false(map_reserve(&m, 1000));
	alloc_fail_at(0);
	assert_int_equal(map_intern(&m, 6, key_equal, &keys, &six, 1), MAP_NONE);
	assert_int_equal(map_find(&m, 5, key_equal, &keys, &five), 0);
	map_release(&m);
}

static void buf_collects_pieces(void **state)
{
	struct buf b = { 0 };
	char expected[64];

	(void)state;
	BUF_LIT(&b, "flat ");
	buf_i64(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_fill(&b, '-', 3);
	buf_add_str(&b, STR("end"));
	assert_string_equal(buf_c(&b), "flat -9223372036854775808 18446744073709551615---end");
	buf_clear(&b);
	buf_printf(&b, "%s", "");
	assert_int_equal(b.n, 0);
	for (int i = 0; i < 500; i++)
		buf_printf(&b, "%d,", i);
	snprintf(expected, sizeof expected, "498,499,");
	assert_true(str_ends(buf_str(&b), str_c(expected)));
	buf_release(&b);
}

static void buf_prints_more_than_fits_at_first(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_printf(&b, "%5000d", 7);
	assert_int_equal(b.n, 5000);
	assert_int_equal(b.p[4999], '7');
	assert_int_equal(b.p[0], ' ');
	buf_release(&b);
}

static void buf_failure_is_sticky(void **state)
{
	struct buf b = { 0 };

	(void)state;
	BUF_LIT(&b, "kept");
	alloc_fail_at(1);
	buf_fill(&b, 'x', 100000);
	alloc_fail_at(0);
	assert_true(buf_failed(&b));
	BUF_LIT(&b, "more");
	assert_int_equal(b.n, 4);
	assert_string_equal(buf_c(&b), "");
	buf_release(&b);
}

static void test_large_buffer(void **state)
{
	struct buf b = { 0 }, small = { 0 };
	const size_t n = (size_t)5 << 20;

	(void)state;
	buf_expect_large(&small, 100);
	assert_null(small.p);
	buf_expect_large(&b, n);
	assert_non_null(b.p);
	assert_int_equal(b.cap, n);
	buf_fill(&b, 'x', n);
	assert_int_equal(b.n, n);
	buf_expect_large(&b, 2 * n); /* has memory: nothing happens */
	assert_int_equal(b.n, n);
	buf_char(&b, 'y'); /* grows as any other */
	assert_true(b.n == n + 1 && b.p[0] == 'x' && b.p[n - 1] == 'x' && b.p[n] == 'y');
	buf_release(&b);
	buf_expect_large(&b, SIZE_MAX);
	assert_null(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_buffer),
		cmocka_unit_test(vec_keeps_its_elements_while_growing),
		cmocka_unit_test(vec_push_takes_a_compound_value),
		cmocka_unit_test(vec_failure_is_sticky),
		cmocka_unit_test(map_answers_as_a_plain_search_does),
		cmocka_unit_test(map_failure_is_sticky_and_keeps_what_was_there),
		cmocka_unit_test(buf_collects_pieces),
		cmocka_unit_test(buf_prints_more_than_fits_at_first),
		cmocka_unit_test(buf_failure_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
