/* Sets of labels: equal sets have one number, the table has an end, threads agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/fmt.h"
#include "runtime/rt.h"
#include "runtime/rt_labels.h"

static rt_label_set with(rt_label_set base, const char *key, const char *value)
{
	struct rt_label one = { str_c(key), str_c(value) };

	return rt_labels_with(base, &one, 1);
}

static void equal_sets_are_one(void **state)
{
	rt_label_set ab = with(with(0, "a", "1"), "b", "2");
	rt_label_set ba = with(with(0, "b", "2"), "a", "1");
	struct rt_label pairs[RT_LABELS_PAIRS];

	(void)state;
	assert_true(ab != 0);
	assert_int_equal(ab, ba);
	assert_int_equal(with(ab, "a", "1"), ab);
	assert_int_not_equal(with(ab, "a", "3"), ab);
	assert_int_equal(rt_labels_get(ab, pairs), 2);
	assert_string_equal(pairs[0].key.p, "a");
	assert_string_equal(pairs[1].value.p, "2");
	assert_int_equal(rt_labels_get(0, pairs), 0);
	assert_int_equal(rt_labels_with(ab, NULL, 0), ab);
}

static void what_is_no_set(void **state)
{
	rt_label_set set = with(0, "k", "v");

	(void)state;
	assert_true(rt_labels_exists(0));
	assert_true(rt_labels_exists(set));
	assert_false(rt_labels_exists(set + 1));
	assert_false(rt_labels_exists(UINT32_MAX));
}

static void too_many_pairs(void **state)
{
	uint64_t lost = rt_stats_get(RT_STAT_LOST_LABELS);
	rt_label_set set = 0;
	char key[2] = "";

	(void)state;
	for (unsigned i = 0; i < RT_LABELS_PAIRS; i++) {
		key[0] = (char)('A' + i);
		set = with(set, key, "x");
	}
	assert_int_equal(rt_stats_get(RT_STAT_LOST_LABELS), lost);
	assert_int_equal(with(set, "zz", "y"), set);
	assert_int_equal(rt_stats_get(RT_STAT_LOST_LABELS), lost + 1);
	assert_int_not_equal(with(set, "A", "other"), set); /* no more pairs than before */
}

static void too_long_a_text(void **state)
{
	static char text[RT_LABELS_BYTES];
	rt_label_set set = with(0, "a", "b");

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(with(set, "long", text), set);
}

static void printed_as_go_does(void **state)
{
	struct rt_label pairs[] = { { STR("a"), STR("q\"\\\n\x01") },
		{ STR("b"), STR("\xc3\xa4") } };
	struct rt_bytes out = { 0 };

	(void)state;
	rt_labels_print(pairs, 2, &out);
	rt_bytes_add(&out, "", 1);
	assert_string_equal((char *)out.p, "{\"a\":\"q\\\"\\\\\\n\\x01\", \"b\":\"\xc3\xa4\"}");
	rt_bytes_release(&out);
}

static rt_label_set numbered(unsigned i)
{
	char text[24];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));

	fmt_u64(&b, i);
	return with(0, "n", fmt_end(&b));
}

static void *intern_many(void *sets)
{
	for (unsigned i = 0; i < 2000; i++)
		((rt_label_set *)sets)[i] = numbered(i);
	return NULL;
}

static void threads_agree(void **state)
{
	static rt_label_set sets[4][2000];
	pthread_t t[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, intern_many, sets[i]);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (unsigned i = 1; i < 4; i++)
		assert_memory_equal(sets[0], sets[i], sizeof(sets[0]));
}

static void the_table_has_an_end(void **state)
{
	rt_label_set first = numbered(0);

	(void)state;
	for (unsigned i = 0; i < 2 * RT_LABELS_MAX; i++)
		numbered(i);
	assert_int_equal(rt_labels_count(), RT_LABELS_MAX);
	assert_int_equal(numbered(3 * RT_LABELS_MAX), 0);
	assert_int_equal(numbered(0), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_sets_are_one),
		cmocka_unit_test(what_is_no_set),
		cmocka_unit_test(too_many_pairs),
		cmocka_unit_test(too_long_a_text),
		cmocka_unit_test(printed_as_go_does),
		cmocka_unit_test(threads_agree),
		cmocka_unit_test(the_table_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
