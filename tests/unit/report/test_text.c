/*
 * -text: columns, inline marks, units and what the legend says about trimming.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"
#include "report/text.h"

/* main calls work, boss has it inlined; leaf is always inlined in work. */
static struct profile *make_inlined(struct maker *m)
{
	uint32_t main_, boss, work, leaf, at_main, at_work, at_boss;

	make_init(m);
	make_type(m, "cpu", "nanoseconds");
	main_ = make_function(m, "main", "", 0);
	boss = make_function(m, "boss", "", 0);
	work = make_function(m, "work", "", 0);
	leaf = make_function(m, "leaf", "", 0);
	at_main = make_location(m, 0, PROFILE_NONE);
	make_line(m, main_, 0);
	at_work = make_location(m, 0, PROFILE_NONE);
	make_line(m, leaf, 0);
	make_line(m, work, 0);
	at_boss = make_location(m, 0, PROFILE_NONE);
	make_line(m, work, 0);
	make_line(m, boss, 0);
	MAKE_SAMPLE(m, VALUES(10000000), at_work, at_main);
	MAKE_SAMPLE(m, VALUES(30000000), at_boss);
	return make_done(m);
}

static void prints_rows_with_inline_marks(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_inlined(&m);
	o = make_options(&m.p, REPORT_TEXT);
	assert_report(make_report(&m.p, &o),
	    "Type: cpu\n"
	    "Showing nodes accounting for 40ms, 100% of 40ms total\n"
	    "      flat  flat%   sum%        cum   cum%\n"
	    "      30ms 75.00% 75.00%       40ms   100%  work (partial-inline)\n"
	    "      10ms 25.00%   100%       10ms 25.00%  leaf (inline)\n"
	    "         0     0%   100%       30ms 75.00%  boss\n"
	    "         0     0%   100%       10ms 25.00%  main\n");
	make_release(&m);
}

static void offers_rows_as_data(void **state)
{
	struct maker m;
	struct report_options o;
	struct report r;
	struct text_item *items;
	struct err e;
	uint32_t n;

	(void)state;
	make_inlined(&m);
	o = make_options(&m.p, REPORT_TEXT);
	assert_int_equal(report_init(&r, &m.p, &o, &e), OK);
	assert_int_equal(text_items(&r, &items, &n, &e), OK);
	assert_int_equal(n, 4);
	assert_true(str_is(items[0].name, "work"));
	assert_true(str_is(items[0].inline_label, "(partial-inline)"));
	assert_int_equal(items[0].flat, 30000000);
	assert_int_equal(items[0].cum, 40000000);
	assert_true(str_is(items[0].flat_text, "30ms"));
	assert_true(str_is(items[2].inline_label, ""));
	report_release(&r);
	make_release(&m);
}

static void make_two(struct maker *m, int64_t small, int64_t large, const char *unit)
{
	make_init(m);
	make_type(m, "space", unit);
	MAKE_SAMPLE(m, VALUES(small), make_frame(m, "small"));
	MAKE_SAMPLE(m, VALUES(large), make_frame(m, "large"));
	make_done(m);
}

/* One unit for all: that of the smallest value, or of a hundred times it when far below the total.
 */
static void chooses_one_unit(void **state)
{
	static const struct {
		int64_t small, large;
		const char *unit, *small_text, *large_text;
	} cases[] = {
		{ 2048, 4096, "bytes", "2kB", "4kB" },
		{ 2048, 64 << 10, "bytes", "2kB", "64kB" },
		{ 2048, 64 << 20, "bytes", "2kB", "65536kB" },
		{ 20480, 64 << 20, "bytes", "0.02MB", "64MB" },
		{ 3, 70, "apples", "3apples", "70apples" },
		{ 3, 70, "count", "3", "70" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct maker m;
		struct report_options o;
		struct report r;
		struct text_item *items;
		struct err e;
		uint32_t n;

		make_two(&m, cases[i].small, cases[i].large, cases[i].unit);
		o = make_options(&m.p, REPORT_TEXT);
		assert_int_equal(report_init(&r, &m.p, &o, &e), OK);
		assert_int_equal(text_items(&r, &items, &n, &e), OK);
		assert_int_equal(n, 2);
		if (!str_is(items[0].flat_text, cases[i].large_text) ||
		    !str_is(items[1].flat_text, cases[i].small_text))
			fail_msg("case %zu: %.*s and %.*s", i, STR_ARG(items[0].flat_text),
			    STR_ARG(items[1].flat_text));
		report_release(&r);
		make_release(&m);
	}
}

/* Printed values are divided and cut to whole numbers before they get a unit. */
static void divides_values_but_not_percentages(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_two(&m, 3, 9, "count");
	o = make_options(&m.p, REPORT_TEXT);
	o.divide_by = 2;
	assert_report(make_report(&m.p, &o), "Type: space\n"
					     "Showing nodes accounting for 6, 100% of 6 total\n"
					     "      flat  flat%   sum%        cum   cum%\n"
					     "         4 75.00% 75.00%          4 75.00%  large\n"
					     "         1 25.00%   100%          1 25.00%  small\n");
	make_release(&m);
}

static void tells_what_was_dropped(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(1), make_frame(&m, "tiny"));
	MAKE_SAMPLE(&m, VALUES(49), make_frame(&m, "b"));
	MAKE_SAMPLE(&m, VALUES(50), make_frame(&m, "a"));
	make_done(&m);
	o = make_options(&m.p, REPORT_TEXT);
	o.node_fraction = 0.05;
	o.node_count = 1;
	assert_report(make_report(&m.p, &o),
	    "Type: n\n"
	    "Showing nodes accounting for 50, 50.00% of 100 total\n"
	    "Dropped 1 node (cum <= 5)\n"
	    "Showing top 1 nodes out of 2\n"
	    "      flat  flat%   sum%        cum   cum%\n"
	    "        50 50.00% 50.00%         50 50.00%  a\n");
	make_release(&m);
}

/* Columns count characters, not bytes. */
static void aligns_units_by_characters(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "price", "€");
	MAKE_SAMPLE(&m, VALUES(7), make_frame(&m, "f"));
	make_done(&m);
	o = make_options(&m.p, REPORT_TEXT);
	o.compact_labels = true;
	assert_report(make_report(&m.p, &o), "Showing nodes accounting for 7€, 100% of 7€ total\n"
					     "      flat  flat%   sum%        cum   cum%\n"
					     "        7€   100%   100%         7€   100%  f\n");
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_rows_with_inline_marks),
		cmocka_unit_test(offers_rows_as_data),
		cmocka_unit_test(chooses_one_unit),
		cmocka_unit_test(divides_values_but_not_percentages),
		cmocka_unit_test(tells_what_was_dropped),
		cmocka_unit_test(aligns_units_by_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
