/*
 * Scaling, normalizing, labelling and aggregation: values by hand, and that a transformation of a
 * derived profile leaves its source alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/aggregate.h"
#include "profile/check.h"
#include "profile/diff.h"
#include "profile/scale.h"

static void add_sample(struct builder *b, int64_t count, int64_t cpu)
{
	static const uint32_t stack[] = { 0, 1 };
	const int64_t values[] = { count, cpu };

	builder_sample(b, stack, 1 + b->n_samples % 2, values);
	if (b->n_samples % 2 == 0)
		builder_label(b, "job", "x");
}

static void make_profile(struct profile *p)
{
	struct builder b;
	uint32_t f, g;

	builder_begin(&b, p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	builder_mapping(&b, 0x1000, 0x2000, 0, "/bin/app", "");
	b.mappings.p[0].has_functions = b.mappings.p[0].has_filenames = true;
	b.mappings.p[0].has_line_numbers = b.mappings.p[0].has_inline_frames = true;
	f = builder_function(&b, "f", "f.c", 1);
	g = builder_function(&b, "g", "g.c", 2);
	builder_location(&b, 0, 0x1010);
	builder_line(&b, f, 11, 4);
	builder_line(&b, g, 22, 5);
	builder_frame(&b, 0, 0x1020, g, 33);
	add_sample(&b, 1, 10);
	add_sample(&b, 0, 3);
	add_sample(&b, 3, 0);
	add_sample(&b, -1, -5);
	builder_finish(&b);
	p->period = 5;
}

static void scaling_rounds_half_away_from_zero(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_scale(&p, 0.5, &e), OK);
	assert_int_equal(p.samples.n, 4);
	assert_int_equal(sample_values(&p, 0)[0], 1); /* 0.5 */
	assert_int_equal(sample_values(&p, 0)[1], 5);
	assert_int_equal(sample_values(&p, 1)[1], 2);  /* 1.5 */
	assert_int_equal(sample_values(&p, 3)[0], -1); /* -0.5 */
	assert_int_equal(sample_values(&p, 3)[1], -3); /* -2.5 */
	profile_release(&p);
}

/* Sample 2 has a count only: it stays when the other column is scaled. */
static void samples_with_any_value_stay(void **state)
{
	static const double ratios[] = { 1, 2 };
	struct profile p;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_scale_n(&p, ratios, &e), OK);
	assert_int_equal(p.samples.n, 4);
	assert_int_equal(sample_values(&p, 2)[0], 3);
	assert_int_equal(sample_values(&p, 2)[1], 0);
	profile_release(&p);
}

/* Scaled to nothing, sample 2 goes. */
static void samples_without_a_value_go(void **state)
{
	static const double ratios[] = { 0, 2 };
	struct profile p;
	struct err e;
	size_t depth, n;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_scale_n(&p, ratios, &e), OK);
	assert_int_equal(p.samples.n, 3);
	assert_int_equal(sample_values(&p, 2)[0], 0);
	assert_int_equal(sample_values(&p, 2)[1], -10);
	sample_stack(&p, 0, &depth);
	assert_int_equal(depth, 1);
	assert_int_equal(sample_stack(&p, 2, &depth)[1], 1);
	assert_int_equal(depth, 2);
	sample_labels(&p, 1, &n);
	assert_int_equal(n, 1);
	sample_labels(&p, 2, &n);
	assert_int_equal(n, 1);
	assert_int_equal(profile_check(&p, &e), OK);
	profile_release(&p);
}

static void ratio_one_changes_nothing(void **state)
{
	struct profile p;
	const int64_t *before;
	struct err e;

	(void)state;
	make_profile(&p);
	before = p.samples.values;
	assert_int_equal(profile_scale(&p, 1, &e), OK);
	assert_ptr_equal(p.samples.values, before);
	profile_release(&p);
}

static void scaling_a_derived_profile_spares_the_source(void **state)
{
	struct profile p, d;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_derive(&d, &p, &e), OK);
	assert_int_equal(profile_scale(&d, -1, &e), OK);
	assert_int_equal(sample_values(&d, 0)[1], -10);
	assert_int_equal(sample_values(&p, 0)[1], 10);
	assert_int_equal(profile_scale(&d, 0, &e), OK);
	assert_int_equal(d.samples.n, 0);
	assert_int_equal(profile_check(&d, &e), OK);
	profile_release(&d);
	profile_release(&p);
}

static void values_out_of_range_do_not_trap(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_scale(&p, 1e300, &e), OK);
	assert_true(sample_values(&p, 0)[0] == INT64_MIN);
	profile_release(&p);
}

/* Sums of p are 3 and 8; doubled base has 6 and 16. */
static void normalizing_equals_sums(void **state)
{
	struct profile p, base;
	struct err e;

	(void)state;
	make_profile(&p);
	make_profile(&base);
	assert_int_equal(profile_scale(&base, 2, &e), OK);
	assert_int_equal(profile_normalize(&p, &base, &e), OK);
	assert_int_equal(sample_values(&p, 0)[0], 2);
	assert_int_equal(sample_values(&p, 0)[1], 20);
	base.sample_types[0].unit = 0;
	assert_int_equal(profile_normalize(&p, &base, &e), ERR_FORMAT);
	profile_release(&p);
	profile_release(&base);
}

static void a_column_without_a_sum_becomes_zero(void **state)
{
	struct profile p, base;
	struct builder b;
	struct err e;
	static const int64_t rows[][2] = { { 5, 1 }, { -5, 1 } };
	uint32_t at = 0;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	builder_location(&b, PROFILE_NONE, 1);
	builder_sample(&b, &at, 1, rows[0]);
	builder_sample(&b, &at, 1, rows[1]);
	builder_finish(&b);
	make_profile(&base);
	base.period_type = p.period_type;
	assert_int_equal(profile_normalize(&p, &base, &e), OK);
	assert_int_equal(sample_values(&p, 0)[0], 0);
	assert_int_equal(sample_values(&p, 0)[1], 4);
	profile_release(&p);
	profile_release(&base);
}

static void every_sample_is_labelled_once(void **state)
{
	struct profile p;
	struct err e;
	size_t n;

	(void)state;
	make_profile(&p);
	assert_false(sample_is_base(&p, 0));
	assert_int_equal(profile_label_all(&p, PROFILE_BASE_LABEL, STR("true"), &e), OK);
	assert_int_equal(profile_label_all(&p, STR("job"), STR("y"), &e), OK);
	assert_int_equal(profile_label_all(&p, STR("job"), STR("z"), &e), OK);
	for (size_t i = 0; i < p.samples.n; i++) {
		const struct label *l = p.samples.labels + p.samples.label_at[i];

		sample_labels(&p, i, &n);
		assert_int_equal(n, 2);
		assert_true(sample_is_base(&p, i));
		assert_true(str_is(profile_str(&p, l[1].str), "z"));
	}
	profile_release(&p);
}

static void aggregate(struct profile *d, const struct profile *p, struct aggregate_options keep)
{
	struct err e;

	assert_int_equal(profile_derive(d, p, &e), OK);
	assert_int_equal(profile_aggregate(d, &keep, &e), OK);
	assert_int_equal(profile_check(d, &e), OK);
}

static void aggregation_blanks_what_is_not_kept(void **state)
{
	struct profile p, d;

	(void)state;
	make_profile(&p);
	aggregate(&d, &p, (struct aggregate_options){ .function = true, .inlines = true });
	assert_int_equal(d.locations[0].address, 0);
	assert_int_equal(d.locations[0].n_lines, 2);
	assert_int_equal(d.lines[0].line, 0);
	assert_int_equal(d.lines[0].column, 0);
	assert_int_equal(d.functions[0].filename, 0);
	assert_true(str_is(profile_str(&d, d.functions[0].name), "f"));
	assert_true(d.mappings[0].has_functions && d.mappings[0].has_inline_frames);
	assert_false(d.mappings[0].has_filenames || d.mappings[0].has_line_numbers);
	profile_release(&d);

	aggregate(&d, &p, (struct aggregate_options){ .filename = true, .line = true });
	assert_int_equal(d.functions[1].name, 0);
	assert_int_equal(d.functions[1].system_name, 0);
	assert_int_equal(d.locations[0].n_lines, 1); /* the outermost */
	assert_int_equal(location_lines(&d, &d.locations[0])->line, 22);
	assert_int_equal(location_lines(&d, &d.locations[0])->column, 0);
	assert_int_equal(location_lines(&d, &d.locations[1])->line, 33);
	assert_false(d.mappings[0].has_functions);
	profile_release(&d);

	aggregate(&d, &p,
	    (struct aggregate_options){ .inlines = true,
		.function = true,
		.filename = true,
		.line = true,
		.column = true,
		.address = true });
	assert_ptr_equal(d.lines, p.lines);
	assert_ptr_equal(d.locations, p.locations);
	assert_ptr_equal(d.functions, p.functions);
	profile_release(&d);
	assert_int_equal(p.lines[0].column, 4);
	assert_true(p.mappings[0].has_line_numbers);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scaling_rounds_half_away_from_zero),
		cmocka_unit_test(samples_with_any_value_stay),
		cmocka_unit_test(samples_without_a_value_go),
		cmocka_unit_test(ratio_one_changes_nothing),
		cmocka_unit_test(scaling_a_derived_profile_spares_the_source),
		cmocka_unit_test(values_out_of_range_do_not_trap),
		cmocka_unit_test(normalizing_equals_sums),
		cmocka_unit_test(a_column_without_a_sum_becomes_zero),
		cmocka_unit_test(every_sample_is_labelled_once),
		cmocka_unit_test(aggregation_blanks_what_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
