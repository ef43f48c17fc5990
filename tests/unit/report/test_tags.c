/*
 * -tags: sums a key and a value, and the table's columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static void sums_and_aligns(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(900), f);
	make_label(&m, "key", "b");
	MAKE_SAMPLE(&m, VALUES(50), f);
	make_label(&m, "key", "c");
	make_label(&m, "longer", "x");
	MAKE_SAMPLE(&m, VALUES(50), f);
	make_label(&m, "key", "a");
	make_done(&m);
	o = make_options(&m.p, REPORT_TAGS);
	assert_report(make_report(&m.p, &o), " key: Total 1000 of 1000 (  100%)\n"
					     "      900 (90.00%): b\n"
					     "       50 ( 5.00%): a\n"
					     "       50 ( 5.00%): c\n"
					     "\n"
					     " longer: Total 50 of 1000 ( 5.00%)\n"
					     "         50 ( 5.00%): x\n"
					     "\n");
	make_release(&m);
}

/* The least number has no magnitude, as in Go. */
static void the_least_sum_comes_last(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(INT64_MIN), f);
	make_label(&m, "key", "least");
	MAKE_SAMPLE(&m, VALUES(-2), f);
	make_label(&m, "key", "two");
	MAKE_SAMPLE(&m, VALUES(1), f);
	make_label(&m, "key", "one");
	make_done(&m);
	o = make_options(&m.p, REPORT_TAGS);
	assert_report(make_report(&m.p, &o),
	    " key: Total 9223372036854775808 of -9223372036854775808\n"
	    "                        -2: two\n"
	    "                         1: one\n"
	    "      -9223372036854775808: least\n"
	    "\n");
	make_release(&m);
}

/* Numbers that print alike are one row; the key's unit counts, not the label's own. */
static void merges_equal_texts(void **state)
{
	const struct num_unit unit = { STR("size"), STR("bytes") };
	struct maker m;
	struct report_options o;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(1), f);
	make_number(&m, "size", 2048, "");
	MAKE_SAMPLE(&m, VALUES(2), f);
	make_number(&m, "size", 2049, "bytes");
	MAKE_SAMPLE(&m, VALUES(4), f);
	make_label(&m, "size", "2kB");
	make_done(&m);
	o = make_options(&m.p, REPORT_TAGS);
	o.num_units = (struct num_units){ .v = &unit, .n = 1 };
	assert_report(make_report(&m.p, &o), " size: Total 7 of 7 (  100%)\n"
					     "       7 (  100%): 2kB\n"
					     "\n");
	make_release(&m);
}

static void leaves_percentages_out_without_a_total(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(0), make_frame(&m, "f"));
	make_label(&m, "k", "v");
	make_done(&m);
	o = make_options(&m.p, REPORT_TAGS);
	assert_report(make_report(&m.p, &o), " k: Total 0 of 0\n"
					     "    0: v\n"
					     "\n");
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_and_aligns),
		cmocka_unit_test(the_least_sum_comes_last),
		cmocka_unit_test(merges_equal_texts),
		cmocka_unit_test(leaves_percentages_out_without_a_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
