/* The label sort against what defines it: sorted, stable, nothing lost; short and long inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/labelsort.h"

#define MAX 3000

static bool by_key(const void *ctx, const struct label *a, const struct label *b)
{
	size_t *asked = *(size_t *const *)ctx;

	(*asked)++;
	return a->key < b->key;
}

static void check(size_t n, uint32_t keys, bool reversed)
{
	static struct label labels[MAX], scratch[MAX];
	size_t asked = 0, *ctx = &asked;
	uint64_t r = n;
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) /* num says where it was */
		labels[i] = (struct label){ .num = (int64_t)i,
			.key = reversed ? (str_id)(n - i) : gen_below(&r, keys) };
	label_sort(labels, n, scratch, by_key, &ctx);
	for (size_t i = 0; i < n; i++) {
		sum += labels[i].num;
		if (i == 0)
			continue;
		assert_true(labels[i - 1].key <= labels[i].key);
		if (labels[i - 1].key == labels[i].key)
			assert_true(labels[i - 1].num < labels[i].num);
	}
	assert_int_equal(sum, n ? (int64_t)(n * (n - 1) / 2) : 0);
	assert_true(asked <= 32 * n); /* not n * n */
}

static void labels_are_sorted_stably(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n++) {
		check(n, 3, false);
		check(n, 1000, false);
		check(n, 1, true);
	}
	check(MAX, 7, false);
	check(MAX, 100000, false);
	check(MAX, 1, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_sorted_stably),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
