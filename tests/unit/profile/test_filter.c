/*
 * Filters by name and by label name. The profile has an inlined function, a location without lines
 * and one without a function, because these are where the rules are subtle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/check.h"
#include "profile/filter.h"
#include "unit/profile/samples_text.h"

/* Locations: 0 leaf+inl, 1 mid, 2 main, 3 bare address in libx.so, 4 other. */
static void make_profile(struct profile *p)
{
	static const uint32_t a[] = { 0, 1, 2 }, c[] = { 3, 2 }, d[] = { 4, 1, 2 };
	static const int64_t values[] = { 1, 2, 4 };
	struct builder b;

	builder_begin(&b, p);
	builder_type(&b, "n", "count");
	builder_mapping(&b, 0x1000, 0x2000, 0, "/bin/app", "");
	builder_mapping(&b, 0x3000, 0x4000, 0, "/lib/libx.so", "");
	builder_location(&b, 0, 0x1010);
	builder_line(&b, builder_function(&b, "leaf", "leaf.c", 1), 1, 0);
	builder_line(&b, builder_function(&b, "inl", "inl.h", 1), 2, 0);
	builder_frame(&b, 0, 0x1020, builder_function(&b, "mid", "mid.c", 1), 3);
	builder_frame(&b, 0, 0x1030, builder_function(&b, "main", "main.c", 1), 4);
	builder_location(&b, 1, 0x3010);
	builder_frame(&b, 0, 0x1040, builder_function(&b, "other", "mid.c", 1), 5);
	builder_sample(&b, a, 3, &values[0]);
	builder_label(&b, "key", "v");
	builder_sample(&b, c, 2, &values[1]);
	builder_number(&b, "bytes", 7, "B");
	builder_sample(&b, d, 3, &values[2]);
	builder_label(&b, "key", "w");
	builder_finish(&b);
}

static struct regex *compile(const char *pattern)
{
	struct regex *re = NULL;
	struct err e;

	if (pattern)
		assert_int_equal(regex_new(&re, str_c(pattern), &e), OK);
	return re;
}

/* Filters a derived profile; the source must stay as it was. */
static struct filter_matched filtered(
    const char *focus, const char *ignore, const char *hide, const char *show, const char *expected)
{
	struct regex *re[] = { compile(focus), compile(ignore), compile(hide), compile(show) };
	struct profile source, p;
	struct filter_matched m;
	struct err e;

	make_profile(&source);
	assert_int_equal(profile_derive(&p, &source, &e), OK);
	assert_int_equal(profile_filter_by_name(&p, re[0], re[1], re[2], re[3], &m, &e), OK);
	assert_int_equal(profile_check(&p, &e), OK);
	expect_samples(&p, expected);
	expect_samples(&source, "1 leaf+inl mid main key=v\n2 3010 main bytes=7B\n"
				"4 other mid main key=w\n");
	profile_release(&p);
	profile_release(&source);
	for (size_t i = 0; i < 4; i++)
		regex_free(re[i]);
	return m;
}

static void focus_and_ignore_choose_samples(void **state)
{
	struct filter_matched m;

	(void)state;
	m = filtered("inl", NULL, NULL, NULL, "1 leaf+inl mid main key=v\n");
	assert_true(m.focus);
	filtered("mid\\.c", "other", NULL, NULL, "1 leaf+inl mid main key=v\n");
	m = filtered("libx", NULL, NULL, NULL, "2 3010 main bytes=7B\n");
	assert_true(m.focus && !m.ignore && !m.hide && !m.show);
	m = filtered(NULL, "mid", NULL, NULL, "2 3010 main bytes=7B\n");
	assert_true(m.ignore);
	m = filtered("nothing", NULL, NULL, NULL, "");
	assert_false(m.focus);
	m = filtered(NULL, "nothing", NULL, NULL,
	    "1 leaf+inl mid main key=v\n2 3010 main bytes=7B\n4 other mid main key=w\n");
	assert_false(m.ignore);
	filtered("main", "main", NULL, NULL, ""); /* ignore wins */
}

static void hide_and_show_choose_lines(void **state)
{
	struct filter_matched m;

	(void)state;
	m = filtered(NULL, NULL, "inl", NULL,
	    "1 leaf mid main key=v\n2 3010 main bytes=7B\n4 other mid main key=w\n");
	assert_true(m.hide);
	filtered(NULL, NULL, "main|libx", NULL, "1 leaf+inl mid key=v\n4 other mid key=w\n");
	filtered(NULL, NULL, "/bin/app", NULL, "2 3010 bytes=7B\n");
	m = filtered(
	    NULL, NULL, NULL, "leaf|main", "1 leaf main key=v\n2 main bytes=7B\n4 main key=w\n");
	assert_true(m.show);
	/* A matching mapping shows its locations, but one without lines has nothing to show. */
	filtered(NULL, NULL, NULL, "libx", "");
	m = filtered(NULL, NULL, "leaf", "leaf", "");
	assert_true(m.hide && !m.show);
	filtered("mid", NULL, "leaf", "inl|mid", "1 inl mid key=v\n4 other mid key=w\n");
}

static void without_expressions_empty_stacks_still_go(void **state)
{
	struct filter_matched m;
	const int64_t one = 1;
	const uint32_t stack[] = { 0 };
	struct builder b;
	struct profile p;
	struct err e;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "n", "count");
	builder_frame(&b, PROFILE_NONE, 1, builder_function(&b, "f", "", 0), 0);
	builder_sample(&b, stack, 0, &one);
	builder_sample(&b, stack, 1, &one);
	builder_finish(&b);
	assert_int_equal(profile_filter_by_name(&p, NULL, NULL, NULL, NULL, &m, &e), OK);
	expect_samples(&p, "1 f\n");
	profile_release(&p);
}

static void show_from(const char *pattern, bool matches, const char *expected)
{
	struct regex *re = compile(pattern);
	struct profile p;
	struct err e;
	bool matched;

	make_profile(&p);
	assert_int_equal(profile_show_from(&p, re, &matched, &e), OK);
	assert_int_equal(matched, matches);
	expect_samples(&p, expected);
	profile_release(&p);
	regex_free(re);
}

static void show_from_cuts_toward_the_root(void **state)
{
	(void)state;
	show_from("mid", true, "1 leaf+inl mid key=v\n4 other mid key=w\n");
	show_from("leaf", true, "1 leaf key=v\n"); /* inl is above leaf */
	show_from("libx", true, "2 3010 bytes=7B\n");
	show_from("nothing", false, "");
	show_from(NULL, false,
	    "1 leaf+inl mid main key=v\n2 3010 main bytes=7B\n4 other mid main key=w\n");
}

static void tag_names(const char *show, const char *hide, const char *expected)
{
	struct regex *a = compile(show), *b = compile(hide);
	bool shown, hidden;
	struct profile p;
	struct err e;

	make_profile(&p);
	assert_int_equal(profile_filter_tag_names(&p, a, b, &shown, &hidden, &e), OK);
	assert_int_equal(hidden, hide && str_find(str_c(hide), STR("none")) == STR_NPOS);
	expect_samples(&p, expected);
	profile_release(&p);
	regex_free(a);
	regex_free(b);
}

static void labels_go_by_their_names(void **state)
{
	(void)state;
	tag_names("key", NULL, "1 leaf+inl mid main key=v\n2 3010 main\n4 other mid main key=w\n");
	tag_names(NULL, "key", "1 leaf+inl mid main\n2 3010 main bytes=7B\n4 other mid main\n");
	tag_names("key|bytes", "b",
	    "1 leaf+inl mid main key=v\n2 3010 main\n"
	    "4 other mid main key=w\n");
	tag_names(NULL, "none",
	    "1 leaf+inl mid main key=v\n2 3010 main bytes=7B\n4 other mid main key=w\n");
}

static void short_memory_is_reported(void **state)
{
	struct regex *re = compile("mid");

	(void)state;
	for (size_t n = 1;; n++) {
		struct filter_matched m;
		struct profile p;
		enum err_code rc;
		struct err e;

		make_profile(&p);
		alloc_fail_at(n);
		rc = profile_filter_by_name(&p, re, NULL, re, NULL, &m, &e);
		alloc_fail_at(0);
		profile_release(&p);
		if (rc == OK)
			break;
		assert_int_equal(rc, ERR_NOMEM);
	}
	regex_free(re);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(focus_and_ignore_choose_samples),
		cmocka_unit_test(hide_and_show_choose_lines),
		cmocka_unit_test(without_expressions_empty_stacks_still_go),
		cmocka_unit_test(show_from_cuts_toward_the_root),
		cmocka_unit_test(labels_go_by_their_names),
		cmocka_unit_test(short_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
