/* Units: what pprof prints for values, by hand from the rules of its unit families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/numunits.h"
#include "profile/unit.h"

static void expect_label(int64_t v, const char *from, const char *to, const char *expected)
{
	struct buf out = { 0 };

	unit_scaled_label(&out, v, str_c(from), str_c(to));
	assert_string_equal(buf_c(&out), expected);
	buf_release(&out);
}

static void families_scale_to_the_largest_unit_that_fits(void **state)
{
	(void)state;
	expect_label(1023, "bytes", "auto", "1023B");
	expect_label(1024, "bytes", "minimum", "1kB");
	expect_label(1536, "B", "auto", "1.50kB");
	expect_label(-1536, "byte", "auto", "-1.50kB");
	expect_label(5, "MB", "auto", "5MB");
	expect_label(INT64_C(1) << 60, "b", "auto", "1024PB");
	expect_label(999, "nanoseconds", "auto", "999ns");
	expect_label(1500000, "ns", "auto", "1.50ms");
	expect_label(90, "seconds", "auto", "90s");
	expect_label(7200, "sec", "auto", "2hrs");
	expect_label(100, "milliGCU", "auto", "100m*GCU");
	expect_label(1500, "gcu", "auto", "1.50k*GCU");
}

static void a_named_unit_is_used_even_when_it_is_odd(void **state)
{
	(void)state;
	expect_label(1024, "bytes", "MB", "0");
	expect_label(10240, "bytes", "MB", "0.01MB");
	expect_label(2, "hours", "ms", "7200000ms");
	expect_label(1500000000, "ns", "parsec", "1.50s"); /* not of the family: its default */
	expect_label(2048, "kb", "bytes", "2097152B");
	expect_label(1000, "ns", "bytes", "0");
}

static void units_outside_the_families_are_opaque(void **state)
{
	(void)state;
	expect_label(12, "", "count", "12");
	expect_label(12, "apples", "count", "12");
	expect_label(12, "apples", "auto", "12");
	expect_label(12, "apples", "pears", "12pears");
	expect_label(0, "apples", "pears", "0");
	expect_label(0, "ns", "auto", "0");
	expect_label(9007199254740993, "", "count", "9007199254740993"); /* no detour by double */
}

static void names_are_matched_without_case_and_plural(void **state)
{
	(void)state;
	expect_label(1024, "KiloBytes", "b", "1048576B");
	expect_label(1, "S", "ms", "1000ms");
	expect_label(5, "ms", "auto", "5ms");
	expect_label(5, "bs", "auto", "5"); /* two letters keep their s */
	expect_label(5, "mss", "auto", "5ms");
}

static void minutes_and_days_are_never_chosen(void **state)
{
	(void)state;
	expect_label(90, "minutes", "auto", "1.50hrs");
	expect_label(2, "min", "auto", "120s");
	expect_label(1, "d", "auto", "24hrs");
	expect_label(150, "s", "min", "2.50min");
	expect_label(36, "hours", "d", "1.50days");
	expect_label(3, "minutes", "minutes", "3min");
	expect_label(7, "days", "hours", "168hrs");
}

static void the_smallest_number_stays_negative(void **state)
{
	(void)state;
	expect_label(INT64_MIN, "bytes", "auto", "-9223372036854775808B");
	expect_label(INT64_MIN + 1, "bytes", "auto", "-8192PB");
}

static void expect_percentage(int64_t v, int64_t total, const char *expected)
{
	struct buf out = { 0 };

	unit_percentage(&out, v, total);
	assert_string_equal(buf_c(&out), expected);
	buf_release(&out);
}

static void percentages_have_five_characters(void **state)
{
	(void)state;
	expect_percentage(1, 1, "  100%");
	expect_percentage(9996, 10000, "  100%");
	expect_percentage(9994, 10000, "99.94%");
	expect_percentage(-1, 2, "50.00%");
	expect_percentage(3, 2, "150.00%");
	expect_percentage(89, 10000, " 0.89%");
	expect_percentage(17, 100000, "0.017%");
	expect_percentage(0, 7, "    0%");
	expect_percentage(7, 0, "    0%");
	expect_percentage(32, 100000000, "3.2e-05%");
}

static void compatible_units_have_a_factor(void **state)
{
	double factor;

	(void)state;
	assert_true(unit_compatible(STR("ms"), STR("nanoseconds"), &factor));
	assert_true(factor > 999999.99 && factor < 1000000.01);
	assert_true(unit_compatible(STR("apples"), STR("apples"), &factor));
	assert_true(factor > 0.99 && factor < 1.01);
	assert_true(unit_compatible(STR(""), STR(""), &factor));
	assert_false(unit_compatible(STR("ms"), STR("bytes"), &factor));
	assert_false(unit_compatible(STR("apples"), STR("pears"), &factor));
	assert_false(unit_compatible(STR("ms"), STR(""), &factor));
}

static void label_units_are_found_or_inferred(void **state)
{
	const int64_t one = 1;
	struct buf messages = { 0 };
	struct num_units units;
	struct builder b;
	struct profile p;
	struct err e;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "n", "count");
	builder_sample(&b, NULL, 0, &one);
	builder_number(&b, "size", 1, "");
	builder_number(&b, "size", 1, "kb");
	builder_number(&b, "request", 1, "");
	builder_number(&b, "pid", 1, "");
	builder_label(&b, "text", "x");
	builder_sample(&b, NULL, 0, &one);
	builder_number(&b, "size", 1, "mb");
	builder_number(&b, "size", 1, "bytes");
	builder_number(&b, "size", 1, "mb");
	builder_finish(&b);
	assert_int_equal(num_units_find(&units, &p, &messages, &e), OK);
	assert_true(str_is(num_units_get(&units, STR("size")), "kb"));
	assert_true(str_is(num_units_get(&units, STR("request")), "bytes"));
	assert_true(str_is(num_units_get(&units, STR("pid")), "pid"));
	assert_true(str_is(num_units_get(&units, STR("text")), ""));
	assert_string_equal(
	    buf_c(&messages), "For tag size used unit kb, also encountered unit(s) bytes, mb\n");
	buf_release(&messages);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_scale_to_the_largest_unit_that_fits),
		cmocka_unit_test(a_named_unit_is_used_even_when_it_is_odd),
		cmocka_unit_test(units_outside_the_families_are_opaque),
		cmocka_unit_test(names_are_matched_without_case_and_plural),
		cmocka_unit_test(minutes_and_days_are_never_chosen),
		cmocka_unit_test(the_smallest_number_stays_negative),
		cmocka_unit_test(percentages_have_five_characters),
		cmocka_unit_test(compatible_units_have_a_factor),
		cmocka_unit_test(label_units_are_found_or_inferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
