/* tagfocus and tagignore: ranges of numbers in their units, expressions on keys and values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/filter.h"
#include "unit/profile/samples_text.h"

static void make_profile(struct profile *p)
{
	static const uint32_t stack[] = { 0 };
	static const int64_t values[] = { 1, 2, 4, 8 };
	struct builder b;

	builder_begin(&b, p);
	builder_type(&b, "n", "count");
	builder_frame(&b, PROFILE_NONE, 1, builder_function(&b, "f", "", 0), 0);
	builder_sample(&b, stack, 1, &values[0]);
	builder_label(&b, "job", "web");
	builder_label(&b, "zone", "eu");
	builder_number(&b, "size", 2, "kb");
	builder_sample(&b, stack, 1, &values[1]);
	builder_label(&b, "job", "db");
	builder_number(&b, "request", 4096, "");
	builder_sample(&b, stack, 1, &values[2]);
	builder_label(&b, "zone", "web");
	builder_number(&b, "pid", 42, "");
	builder_number(&b, "pid", -5, "");
	builder_sample(&b, stack, 1, &values[3]);
	builder_finish(&b);
}

/* The sum of the values of the samples that `focus` keeps, `ignore` or both given. */
static int64_t kept(const char *focus, const char *ignore, const char *message)
{
	struct tag_filter *f, *g;
	struct buf messages = { 0 };
	struct num_units units;
	struct profile p;
	int64_t sum = 0;
	bool fm, im;
	struct err e;

	make_profile(&p);
	assert_int_equal(num_units_find(&units, &p, NULL, &e), OK);
	assert_int_equal(
	    tag_filter_new(&f, STR("tagfocus"), str_c(focus), &units, &messages, &e), OK);
	assert_int_equal(
	    tag_filter_new(&g, STR("tagignore"), str_c(ignore), &units, &messages, &e), OK);
	assert_string_equal(buf_c(&messages), message ? message : "");
	assert_int_equal(profile_filter_by_tag(&p, f, g, &fm, &im, &e), OK);
	for (size_t i = 0; i < p.samples.n; i++)
		sum += sample_values(&p, i)[0];
	assert_int_equal(fm, sum != 0 || im);
	tag_filter_free(f);
	tag_filter_free(g);
	buf_release(&messages);
	profile_release(&p);
	return sum;
}

static int64_t in_range(const char *value, const char *shown)
{
	struct buf message = { 0 };
	int64_t sum;

	buf_printf(&message, "tagfocus:Interpreted '%s' as range, not regexp\n", shown);
	sum = kept(value, "", buf_c(&message));
	buf_release(&message);
	return sum;
}

static void expressions_match_keys_and_values(void **state)
{
	(void)state;
	assert_int_equal(kept("web", "", NULL), 1 + 4);
	assert_int_equal(kept("job:web", "", NULL), 1);
	assert_int_equal(kept("^job:", "", NULL), 1 + 2);
	assert_int_equal(kept("web,eu", "", NULL), 1); /* all of them */
	assert_int_equal(kept("web,db", "", NULL), 0);
	assert_int_equal(kept("job=web,db", "", NULL), 1 + 2); /* with a key any of them */
	assert_int_equal(kept("job=^w", "", NULL), 1);
	assert_int_equal(kept("job=", "", NULL), 1 + 2);
	assert_int_equal(kept("jo=web", "", NULL), 0);
	assert_int_equal(kept("size=kb", "", NULL), 0); /* numbers are not text */
	assert_int_equal(kept("", "web", NULL), 2 + 8);
	assert_int_equal(kept("web", "zone=web", NULL), 1);
}

static void ranges_are_compared_in_their_unit(void **state)
{
	(void)state;
	/* A unit of no family, as pid's, counts as the filter's own. */
	assert_int_equal(in_range("2kb", "2kb"), 1);
	assert_int_equal(in_range("2048b", "2048b"), 1);
	assert_int_equal(in_range("1kb:", "1kb:"), 1 + 2 + 4);
	assert_int_equal(in_range(":2kb", ":2kb"), 1 + 4);
	assert_int_equal(in_range("2kb:4096b", "2kb:4096b"), 1 + 2);
	assert_int_equal(in_range("size=1kb:1mb", "1kb:1mb"), 1);
	assert_int_equal(in_range("size=1s:", "1s:"), 0);
	assert_int_equal(in_range("42", "42"), 4);
	assert_int_equal(in_range("pid=-5", "-5"), 4);
	assert_int_equal(in_range("pid=43:", "43:"), 0);
	assert_int_equal(in_range(":+42", ":+42"), 4);
	assert_int_equal(in_range("absent=1:", "1:"), 0);
}

static void what_is_no_range_is_an_expression(void **state)
{
	(void)state;
	assert_int_equal(kept("1kb:2s", "", NULL), 0); /* two families */
	assert_int_equal(kept("12kb34", "", NULL), 0);
	assert_int_equal(kept("1:2:3", "", NULL), 0);
	assert_int_equal(kept(":", "", NULL), 1 + 2 + 4);
	assert_int_equal(kept("e.?b", "", NULL), 1 + 4);
}

static void bad_filters_are_refused(void **state)
{
	struct tag_filter *f;
	struct num_units none = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(
	    tag_filter_new(&f, STR("tagignore"), STR("a,("), &none, NULL, &e), ERR_USAGE);
	assert_null(f);
	assert_string_equal(
	    e.msg, "parsing tagignore regexp: error parsing regexp: missing closing ): `(`");
	assert_int_equal(
	    tag_filter_new(&f, STR("tagfocus"), STR("99999999999999999999"), &none, NULL, &e),
	    ERR_USAGE);
	assert_non_null(strstr(e.msg, "failed to parse int 99999999999999999999"));
	assert_int_equal(tag_filter_new(&f, STR("tagfocus"), STR(""), &none, NULL, &e), OK);
	assert_null(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match_keys_and_values),
		cmocka_unit_test(ranges_are_compared_in_their_unit),
		cmocka_unit_test(what_is_no_range_is_an_expression),
		cmocka_unit_test(bad_filters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
