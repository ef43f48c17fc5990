/* Life of a profile: strings, derivation, the fake mapping, sample types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/check.h"
#include "profile/profile.h"

static void an_empty_profile_is_valid(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	assert_int_equal(profile_init(&p, &e), OK);
	assert_int_equal(profile_check(&p, &e), OK);
	assert_int_equal(p.samples.stack_at[0], 0);
	assert_true(str_is(profile_str(&p, 0), ""));
	profile_release(&p);
	profile_release(&p);
	assert_null(p.strings.v);
}

static void strings_are_stored_once(void **state)
{
	static const char kept[] = "kept";
	struct profile p;
	struct err e;
	char text[16];
	str_id ids[500];

	(void)state;
	assert_int_equal(profile_init(&p, &e), OK);
	assert_int_equal(profile_intern(&p, STR("")), 0);
	assert_int_equal(profile_find_str(&p, STR("f1")), 0);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "f%d", i);
		ids[i] = profile_intern(&p, str_c(text));
		assert_int_equal(ids[i], i + 1);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "f%d", i);
		assert_int_equal(profile_intern(&p, str_c(text)), ids[i]);
		assert_int_equal(profile_find_str(&p, str_c(text)), ids[i]);
		assert_true(str_is(profile_str(&p, ids[i]), text));
	}
	assert_ptr_equal(profile_str(&p, profile_intern_kept(&p, str_c(kept))).p, kept);
	assert_int_equal(p.strings.n, 502);
	profile_release(&p);
}

static void make_small(struct profile *p)
{
	static const int64_t values[] = { 1, 10 };
	struct builder b;
	uint32_t at;

	builder_begin(&b, p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	at = builder_frame(&b, PROFILE_NONE, 0x10, builder_function(&b, "main", "m.c", 1), 3);
	builder_sample(&b, &at, 1, values);
	builder_finish(&b);
}

static void derived_profiles_grow_apart(void **state)
{
	struct profile p, d;
	struct err e;
	str_id added;

	(void)state;
	make_small(&p);
	assert_int_equal(profile_derive(&d, &p, &e), OK);
	assert_int_equal(profile_find_str(&d, STR("main")), profile_find_str(&p, STR("main")));
	added = profile_intern(&d, STR("only here"));
	assert_int_equal(added, p.strings.n);
	assert_int_equal(profile_find_str(&p, STR("only here")), 0);
	assert_int_equal(profile_intern(&p, STR("only there")), added);
	assert_true(str_is(profile_str(&d, added), "only here"));
	assert_true(str_is(profile_str(&p, added), "only there"));
	assert_ptr_equal(d.samples.values, p.samples.values);
	assert_int_equal(profile_check(&d, &e), OK);
	profile_release(&d);
	assert_int_equal(sample_values(&p, 0)[1], 10);
	profile_release(&p);
}

static void sample_types_are_found_by_name(void **state)
{
	struct profile p;

	(void)state;
	make_small(&p);
	assert_int_equal(profile_sample_type_index(&p, STR("cpu")), 1);
	assert_int_equal(profile_sample_type_index(&p, STR("cp")), -1);
	profile_release(&p);
}

static void fake_mapping_only_where_none_is(void **state)
{
	struct profile p;
	struct err e;
	const struct mapping *made;

	(void)state;
	make_small(&p);
	assert_int_equal(profile_add_fake_mapping(&p, &e), OK);
	assert_int_equal(p.n_mappings, 1);
	assert_int_equal(p.mappings[0].id, 1);
	assert_int_equal(p.mappings[0].limit, 0);
	assert_int_equal(p.locations[0].mapping, 0);
	assert_int_equal(profile_check(&p, &e), OK);
	made = p.mappings;
	assert_int_equal(profile_add_fake_mapping(&p, &e), OK);
	assert_ptr_equal(p.mappings, made);
	profile_release(&p);
}

static void check_finds_indices_outside_tables(void **state)
{
	static const uint32_t outside[] = { 1 };
	struct profile p;
	struct location l;
	struct err e;

	(void)state;
	make_small(&p);
	l = p.locations[0];
	p.locations = &l;
	l.mapping = 3;
	assert_int_equal(profile_check(&p, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "inconsistent mapping 3");
	l.mapping = PROFILE_NONE;
	l.first_line = UINT32_MAX;
	assert_int_equal(profile_check(&p, &e), ERR_FORMAT);
	l.first_line = 0;
	assert_int_equal(profile_check(&p, &e), OK);
	p.samples.stacks = outside;
	assert_int_equal(profile_check(&p, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "sample has nil location");
	assert_int_equal(profile_check_tables(&p, &e), OK);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_profile_is_valid),
		cmocka_unit_test(strings_are_stored_once),
		cmocka_unit_test(derived_profiles_grow_apart),
		cmocka_unit_test(sample_types_are_found_by_name),
		cmocka_unit_test(fake_mapping_only_where_none_is),
		cmocka_unit_test(check_finds_indices_outside_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
