/* Frames from labels, at the root and at the leaf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/check.h"
#include "profile/tagroot.h"
#include "unit/profile/samples_text.h"

static void make_profile(struct profile *p)
{
	static const uint32_t stack[] = { 0, 1 };
	static const int64_t values[] = { 1, 2, 3 };
	struct builder b;

	builder_begin(&b, p);
	builder_type(&b, "n", "count");
	builder_frame(&b, PROFILE_NONE, 1, builder_function(&b, "f", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 2, builder_function(&b, "main", "", 0), 0);
	builder_sample(&b, stack, 2, &values[0]);
	builder_number(&b, "k", 2048, "bytes");
	builder_label(&b, "k", "x");
	builder_label(&b, "job", "web");
	builder_sample(&b, stack, 2, &values[1]);
	builder_number(&b, "k", 7, "");
	builder_sample(&b, stack, 2, &values[2]);
	builder_number(&b, "k", 1, "");
	builder_number(&b, "k", 1024, "bytes");
	builder_finish(&b);
}

static void frames(
    const char *root, const char *leaf, bool root_matches, bool leaf_matches, const char *expected)
{
	struct profile source, p;
	bool rm, lm;
	struct err e;

	make_profile(&source);
	assert_int_equal(profile_derive(&p, &source, &e), OK);
	assert_int_equal(
	    profile_add_tag_frames(&p, str_c(root), str_c(leaf), STR("kb"), &rm, &lm, &e), OK);
	assert_int_equal(rm, root_matches);
	assert_int_equal(lm, leaf_matches);
	assert_int_equal(profile_check(&p, &e), OK);
	expect_samples(&p, expected);
	assert_int_equal(source.n_locations, 2);
	profile_release(&p);
	profile_release(&source);
}

#define L1 " k=2048bytes k=x job=web\n"
#define L2 " k=7\n"
#define L3 " k=1 k=1024bytes\n"

static void values_become_frames(void **state)
{
	(void)state;
	/* Texts first; numbers in the report's unit when any of the key's has one. */
	frames("k", "", true, false, "1 f main x,2kB" L1 "2 f main 7" L2 "3 f main 1kb,1kB" L3);
	frames("", "job", false, true, "1 web f main" L1 "2 - f main" L2 "3 - f main" L3);
	frames("none", "", false, false, "1 f main -" L1 "2 f main -" L2 "3 f main -" L3);
	frames(",", "", false, false, "1 f main" L1 "2 f main" L2 "3 f main" L3);
}

static void the_first_key_is_outermost_and_the_last_innermost(void **state)
{
	(void)state;
	frames("job,,k", "", true, false,
	    "1 f main x,2kB web" L1 "2 f main 7 -" L2 "3 f main 1kb,1kB -" L3);
	frames("", "k,job", false, true,
	    "1 web x,2kB f main" L1 "2 - 7 f main" L2 "3 - 1kb,1kB f main" L3);
	frames("job", "job", true, true, "1 web f main web" L1 "2 - f main -" L2 "3 - f main -" L3);
}

static void frames_are_shared_and_name_their_key(void **state)
{
	const struct function *f;
	struct profile p;
	bool rm, lm;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(
	    profile_add_tag_frames(&p, STR("job,none"), STR(""), STR("auto"), &rm, &lm, &e), OK);
	assert_int_equal(p.n_locations, 2 + 3); /* web, no job, none */
	f = &p.functions[location_lines(&p, &p.locations[p.n_locations - 1])->function];
	assert_true(str_is(profile_str(&p, f->filename), "job"));
	assert_int_equal(p.locations[p.n_locations - 1].mapping, PROFILE_NONE);
	profile_release(&p);
}

/* The order of -raw and of the functions and locations in files. */
static void frames_at_the_root_come_first(void **state)
{
	static const char *const keys[] = { "job", "k" };
	struct profile p;
	bool rm, lm;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(
	    profile_add_tag_frames(&p, STR("job"), STR("k"), STR("auto"), &rm, &lm, &e), OK);
	for (uint32_t i = 0; i < 2; i++) {
		const struct line *line = location_lines(&p, &p.locations[2 + i]);

		assert_true(str_is(profile_str(&p, p.functions[line->function].filename), keys[i]));
	}
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_frames),
		cmocka_unit_test(the_first_key_is_outermost_and_the_last_innermost),
		cmocka_unit_test(frames_are_shared_and_name_their_key),
		cmocka_unit_test(frames_at_the_root_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
