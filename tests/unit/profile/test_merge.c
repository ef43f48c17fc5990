/*
 * Merging and combining: what counts as equal, in which order things come out, how headers are
 * joined, and the errors. Expectations are pprof's rules, worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/check.h"
#include "profile/compact.h"
#include "profile/merge.h"

static void begin(struct builder *b, struct profile *p)
{
	builder_begin(b, p);
	builder_type(b, "samples", "count");
	builder_type(b, "cpu", "nanoseconds");
	p->period_type.type = profile_intern(p, STR("cpu"));
	p->period_type.unit = profile_intern(p, STR("nanoseconds"));
}

static void sample1(struct builder *b, uint32_t location, int64_t a, int64_t c)
{
	const int64_t values[] = { a, c };

	builder_sample(b, &location, 1, values);
}

/* Merges and releases two profiles. */
static void merge2(struct profile *out, struct profile *p, struct profile *q)
{
	const struct profile *srcs[] = { p, q };
	struct err e = { 0 };

	if (profile_merge(out, srcs, 2, &e) != OK)
		fail_msg("%s", e.msg);
	assert_int_equal(profile_check(out, &e), OK);
	profile_release(p);
	profile_release(q);
}

/* main in /bin/app, mapped at `base`, sampled once. */
static void make_run(struct profile *p, uint64_t base, const char *file, const char *build_id)
{
	struct builder b;
	uint32_t f;

	begin(&b, p);
	builder_mapping(&b, base, base + 0x4800, 0, file, build_id);
	f = builder_function(&b, "main", "main.c", 1);
	sample1(&b, builder_frame(&b, 0, base + 0x123, f, 7), 1, 100);
	builder_finish(&b);
}

static void runs_at_different_addresses_are_one(void **state)
{
	struct profile p, q, out;

	(void)state;
	make_run(&p, 0x555500000000, "/bin/app", "");
	make_run(&q, 0x7f0000000000, "/bin/app", "");
	merge2(&out, &p, &q);
	assert_int_equal(out.samples.n, 1);
	assert_int_equal(out.n_locations, 1);
	assert_int_equal(out.n_mappings, 1);
	assert_int_equal(out.locations[0].address, 0x555500000123);
	assert_int_equal(sample_values(&out, 0)[0], 2);
	assert_int_equal(sample_values(&out, 0)[1], 200);
	profile_release(&out);
}

static void build_ids_outrank_file_names(void **state)
{
	struct profile p, q, out;

	(void)state;
	make_run(&p, 0x1000, "/bin/app", "aa");
	make_run(&q, 0x1000, "/bin/app", "bb");
	merge2(&out, &p, &q);
	assert_int_equal(out.n_mappings, 2);
	assert_int_equal(out.samples.n, 2);
	profile_release(&out);
	make_run(&p, 0x1000, "/bin/app", "aa");
	make_run(&q, 0x9000, "/other/name", "aa");
	merge2(&out, &p, &q);
	assert_int_equal(out.n_mappings, 1);
	assert_int_equal(out.samples.n, 1);
	profile_release(&out);
}

/* Sizes are compared in pages, so 0x4800 and 0x4fff are equal and 0x5001 is not. */
static void mapping_sizes_are_compared_in_pages(void **state)
{
	static const struct {
		uint64_t limit;
		uint32_t mappings;
	} cases[] = { { 0x1000 + 0x4fff, 1 }, { 0x1000 + 0x5000, 1 }, { 0x1000 + 0x5001, 2 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct profile p, q, out;
		struct mapping m;

		make_run(&p, 0x1000, "/bin/app", "");
		make_run(&q, 0x1000, "/bin/app", "");
		m = q.mappings[0];
		m.limit = cases[i].limit;
		q.mappings = &m;
		merge2(&out, &p, &q);
		assert_int_equal(out.n_mappings, cases[i].mappings);
		profile_release(&out);
	}
}

static void fake_mappings_are_one(void **state)
{
	struct profile p, q, out;

	(void)state;
	make_run(&p, 0, "", "");
	make_run(&q, 0, "", "");
	merge2(&out, &p, &q);
	assert_int_equal(out.n_mappings, 1);
	assert_int_equal(out.samples.n, 1);
	profile_release(&out);
}

/* Ids come in the order of use, but the first mapping stays first though it is used last. */
static void things_are_numbered_in_order_of_use(void **state)
{
	static const uint32_t stack[] = { 2, 0 };
	static const int64_t values[] = { 1, 1 };
	struct profile p, out;
	const struct profile *src = &p;
	struct builder b;
	struct err e;
	uint32_t f, g, h;

	(void)state;
	begin(&b, &p);
	builder_mapping(&b, 0x1000, 0x2000, 0, "/bin/main", "");
	builder_mapping(&b, 0x3000, 0x4000, 0, "/lib/unused.so", "");
	builder_mapping(&b, 0x5000, 0x6000, 0, "/lib/used.so", "");
	f = builder_function(&b, "f", "f.c", 0);
	g = builder_function(&b, "g", "g.c", 0);
	h = builder_function(&b, "unused", "h.c", 0);
	builder_frame(&b, 2, 0x5001, g, 1);
	builder_frame(&b, 1, 0x3001, h, 1);
	builder_location(&b, 2, 0x5002);
	builder_line(&b, f, 2, 0);
	builder_line(&b, g, 3, 0);
	builder_sample(&b, stack, 2, values);
	builder_finish(&b);
	assert_int_equal(profile_merge(&out, &src, 1, &e), OK);
	profile_release(&p);
	assert_int_equal(out.n_mappings, 2);
	assert_true(str_is(profile_str(&out, out.mappings[0].file), "/bin/main"));
	assert_true(str_is(profile_str(&out, out.mappings[1].file), "/lib/used.so"));
	assert_int_equal(out.mappings[1].id, 2);
	assert_int_equal(out.n_functions, 2);
	assert_true(str_is(profile_str(&out, out.functions[0].name), "f"));
	assert_int_equal(out.n_locations, 2);
	assert_int_equal(out.locations[0].address, 0x5002);
	assert_int_equal(out.locations[0].id, 1);
	assert_int_equal(out.locations[0].n_lines, 2);
	assert_int_equal(out.samples.stacks[0], 0);
	assert_int_equal(out.samples.stacks[1], 1);
	profile_release(&out);
}

/* One location with an inlined line; columns as given. */
static void make_columns(struct profile *p, int64_t inner, int64_t outer, bool folded)
{
	struct builder b;
	uint32_t f;

	begin(&b, p);
	f = builder_function(&b, "f", "f.c", 0);
	builder_location(&b, PROFILE_NONE, 0x10);
	builder_line(&b, f, 1, inner);
	builder_line(&b, f, 2, outer);
	b.locations.p[0].is_folded = folded;
	sample1(&b, 0, 1, 1);
	builder_finish(&b);
}

static void only_the_last_column_tells_locations_apart(void **state)
{
	struct profile p, q, out;

	(void)state;
	make_columns(&p, 1, 5, false);
	make_columns(&q, 2, 5, false);
	merge2(&out, &p, &q);
	assert_int_equal(out.n_locations, 1);
	assert_int_equal(out.lines[0].column, 1);
	profile_release(&out);
	make_columns(&p, 1, 5, false);
	make_columns(&q, 1, 6, false);
	merge2(&out, &p, &q);
	assert_int_equal(out.n_locations, 2);
	assert_int_equal(out.n_lines, 4);
	profile_release(&out);
	make_columns(&p, 1, 5, false);
	make_columns(&q, 1, 5, true);
	merge2(&out, &p, &q);
	assert_int_equal(out.n_locations, 2);
	profile_release(&out);
}

static void make_labelled(struct profile *p, int variant)
{
	struct builder b;

	begin(&b, p);
	builder_location(&b, PROFILE_NONE, 0x10);
	sample1(&b, 0, 1, 1);
	if (variant == 1)
		builder_number(&b, "bytes", 16, "bytes");
	builder_label(&b, "job", variant == 2 ? "y" : "x");
	if (variant == 4)
		builder_label(&b, "zone", "2");
	builder_label(&b, "zone", "1");
	if (variant != 4)
		builder_label(&b, "zone", "2");
	if (variant != 1)
		builder_number(&b, "bytes", 16, variant == 3 ? "kilobytes" : "bytes");
	builder_finish(&b);
}

/* The order of keys does not matter; texts, units and the order of one key's values do. */
static void labels_tell_samples_apart(void **state)
{
	static const size_t expected[] = { 1, 1, 2, 2, 2 };

	(void)state;
	for (int variant = 0; variant < 5; variant++) {
		struct profile p, q, out;

		make_labelled(&p, 0);
		make_labelled(&q, variant);
		merge2(&out, &p, &q);
		assert_int_equal(out.samples.n, expected[variant]);
		profile_release(&out);
	}
}

static void zero_samples_go_with_all_they_used(void **state)
{
	struct profile p, q, out;
	struct builder b;

	(void)state;
	begin(&b, &p);
	builder_frame(&b, PROFILE_NONE, 0x10, builder_function(&b, "zero", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 0x20, builder_function(&b, "cancelled", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 0x30, builder_function(&b, "kept", "", 0), 0);
	sample1(&b, 0, 0, 0);
	sample1(&b, 1, 5, 50);
	sample1(&b, 2, 1, 0);
	builder_finish(&b);
	begin(&b, &q);
	builder_frame(&b, PROFILE_NONE, 0x20, builder_function(&b, "cancelled", "", 0), 0);
	sample1(&b, 0, -5, -50);
	builder_finish(&b);
	merge2(&out, &p, &q);
	assert_int_equal(out.samples.n, 1);
	assert_int_equal(out.n_functions, 1);
	assert_true(str_is(profile_str(&out, out.functions[0].name), "kept"));
	assert_int_equal(out.locations[0].id, 1);
	profile_release(&out);
}

static void set_header(struct profile *p, int64_t time, int64_t duration, int64_t period)
{
	p->time_ns = time;
	p->duration_ns = duration;
	p->period = period;
}

static void headers_are_joined(void **state)
{
	static const int64_t times[][3] = { { 5, 3, 3 }, { 0, 3, 3 }, { 5, 0, 5 }, { 5, 9, 5 } };
	struct profile p, q, out;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		make_run(&p, 0x1000, "a", "");
		make_run(&q, 0x1000, "a", "");
		set_header(&p, times[i][0], 10, 100);
		set_header(&q, times[i][1], 20, 400);
		p.drop_frames = profile_intern(&p, STR("malloc"));
		q.drop_frames = profile_intern(&q, STR("calloc"));
		q.doc_url = profile_intern(&q, STR("http://doc"));
		q.default_sample_type = profile_intern(&q, STR("cpu"));
		merge2(&out, &p, &q);
		assert_int_equal(out.time_ns, times[i][2]);
		assert_int_equal(out.duration_ns, 30);
		assert_int_equal(out.period, 400);
		assert_true(str_is(profile_str(&out, out.drop_frames), "malloc"));
		assert_true(str_is(profile_str(&out, out.doc_url), "http://doc"));
		assert_true(str_is(profile_str(&out, out.default_sample_type), "cpu"));
		assert_true(str_is(profile_str(&out, out.period_type.unit), "nanoseconds"));
		profile_release(&out);
	}
}

static void comments_are_united_in_order(void **state)
{
	struct profile p, q, out;
	struct builder b;

	(void)state;
	begin(&b, &p);
	builder_comment(&b, "one");
	builder_comment(&b, "two");
	builder_finish(&b);
	begin(&b, &q);
	builder_comment(&b, "three");
	builder_comment(&b, "one");
	builder_finish(&b);
	merge2(&out, &p, &q);
	assert_int_equal(out.n_comments, 3);
	assert_true(str_is(profile_str(&out, out.comments[2]), "three"));
	profile_release(&out);
}

static void different_types_are_refused(void **state)
{
	struct profile p, q, out;
	const struct profile *srcs[] = { &p, &q };
	struct err e;

	(void)state;
	make_run(&p, 0x1000, "a", "");
	make_run(&q, 0x1000, "a", "");
	q.period_type.unit = profile_intern(&q, STR("milliseconds"));
	assert_int_equal(profile_merge(&out, srcs, 2, &e), ERR_FORMAT);
	assert_string_equal(
	    e.msg, "incompatible period types &{cpu nanoseconds 0 0} and &{cpu milliseconds 0 0}");
	q.period_type.unit = profile_intern(&q, STR("nanoseconds"));
	q.n_sample_types = 1;
	assert_int_equal(profile_merge(&out, srcs, 2, &e), ERR_FORMAT);
	assert_memory_equal(e.msg, "incompatible sample types ", 26);
	assert_int_equal(profile_merge(&out, srcs, 0, &e), ERR_USAGE);
	assert_string_equal(e.msg, "no profiles to merge");
	assert_null(out.arena.head);
	profile_release(&p);
	profile_release(&q);
}

/* A profile of one sample with the given types ("" ends them); values are 1, 2, 3 … */
static void make_types(struct profile *p, const char *const (*types)[2], const char *preferred)
{
	static const int64_t values[] = { 1, 2, 3, 4 };
	struct builder b;

	builder_begin(&b, p);
	for (; (*types)[0]; types++)
		builder_type(&b, (*types)[0], (*types)[1]);
	builder_sample(&b, &(uint32_t){ builder_location(&b, PROFILE_NONE, 1) }, 1, values);
	p->default_sample_type = profile_intern(p, str_c(preferred));
	builder_finish(&b);
}

static const char *const three[][2] = { { "a", "x" }, { "b", "x" }, { "c", "x" }, { NULL, NULL } };
static const char *const swapped[][2] = { { "c", "x" }, { "d", "x" }, { "a", "x" },
	{ NULL, NULL } };

static void common_types_stay_in_the_first_ones_order(void **state)
{
	struct profile p, q, out;
	struct profile *srcs[] = { &p, &q };
	struct err e;

	(void)state;
	make_types(&p, three, "b");
	make_types(&q, swapped, "c");
	assert_int_equal(profile_combine(&out, srcs, 2, &e), OK);
	assert_null(p.arena.head);
	assert_null(q.arena.head);
	assert_int_equal(out.n_sample_types, 2);
	assert_true(str_is(profile_str(&out, out.sample_types[0].type), "a"));
	assert_true(str_is(profile_str(&out, out.sample_types[1].type), "c"));
	assert_int_equal(sample_values(&out, 0)[0], 1 + 3);
	assert_int_equal(sample_values(&out, 0)[1], 3 + 1);
	assert_true(str_is(profile_str(&out, out.default_sample_type), "a"));
	profile_release(&out);
}

static void nothing_in_common_is_an_error(void **state)
{
	static const char *const other[][2] = { { "z", "x" }, { NULL, NULL } };
	static const char *const doubled[][2] = { { "a", "x" }, { "a", "y" }, { NULL, NULL } };
	struct profile p, q, out;
	struct profile *srcs[] = { &p, &q };
	struct err e;

	(void)state;
	make_types(&p, three, "");
	make_types(&q, other, "");
	assert_int_equal(profile_combine(&out, srcs, 2, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "profiles have empty common sample type list");
	assert_null(p.arena.head);
	make_types(&p, doubled, ""); /* a name that occurs twice is common to "two" profiles */
	assert_int_equal(profile_combine(&out, srcs, 1, &e), ERR_FORMAT);
	assert_int_equal(profile_init(&p, &e), OK);
	assert_int_equal(profile_combine(&out, srcs, 1, &e), ERR_FORMAT);
}

static void units_are_brought_together(void **state)
{
	static const char *const fine[][2] = { { "cpu", "nanoseconds" }, { NULL, NULL } };
	static const char *const coarse[][2] = { { "cpu", "milliseconds" }, { NULL, NULL } };
	static const char *const memory[][2] = { { "cpu", "bytes" }, { NULL, NULL } };
	struct profile p, q, out;
	struct profile *srcs[] = { &p, &q };
	struct err e;

	(void)state;
	make_types(&p, coarse, "");
	make_types(&q, fine, "");
	assert_int_equal(profile_combine(&out, srcs, 2, &e), OK);
	assert_true(str_is(profile_str(&out, out.sample_types[0].unit), "nanoseconds"));
	assert_int_equal(out.samples.n, 1);
	assert_int_equal(sample_values(&out, 0)[0], 1000001);
	profile_release(&out);
	make_types(&p, fine, "");
	make_types(&q, memory, "");
	assert_int_equal(profile_combine(&out, srcs, 2, &e), ERR_FORMAT);
	assert_string_equal(
	    e.msg, "sample types: incompatible types: {cpu nanoseconds 0 0} {cpu bytes 0 0}");
}

/* Equal samples of a single profile stay apart: it is passed through. */
static void one_profile_is_passed_through(void **state)
{
	struct profile p, out;
	struct profile *src = &p;
	struct builder b;
	struct err e;

	(void)state;
	begin(&b, &p);
	builder_location(&b, PROFILE_NONE, 1);
	sample1(&b, 0, 1, 1);
	sample1(&b, 0, 2, 2);
	sample1(&b, 0, 0, 0);
	builder_finish(&b);
	assert_int_equal(profile_combine(&out, &src, 1, &e), OK);
	assert_int_equal(out.samples.n, 3);
	assert_null(p.arena.head);
	assert_int_equal(profile_compact(&out, &e), OK);
	assert_int_equal(out.samples.n, 1);
	assert_int_equal(sample_values(&out, 0)[1], 3);
	profile_release(&out);
}

static void sums_wrap_around(void **state)
{
	struct profile p, q, out;
	struct builder b;

	(void)state;
	begin(&b, &p);
	builder_location(&b, PROFILE_NONE, 1);
	sample1(&b, 0, INT64_MAX, 1);
	builder_finish(&b);
	begin(&b, &q);
	builder_location(&b, PROFILE_NONE, 1);
	sample1(&b, 0, 1, 1);
	builder_finish(&b);
	merge2(&out, &p, &q);
	assert_true(sample_values(&out, 0)[0] == INT64_MIN);
	profile_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_at_different_addresses_are_one),
		cmocka_unit_test(build_ids_outrank_file_names),
		cmocka_unit_test(mapping_sizes_are_compared_in_pages),
		cmocka_unit_test(fake_mappings_are_one),
		cmocka_unit_test(things_are_numbered_in_order_of_use),
		cmocka_unit_test(only_the_last_column_tells_locations_apart),
		cmocka_unit_test(labels_tell_samples_apart),
		cmocka_unit_test(zero_samples_go_with_all_they_used),
		cmocka_unit_test(headers_are_joined),
		cmocka_unit_test(comments_are_united_in_order),
		cmocka_unit_test(different_types_are_refused),
		cmocka_unit_test(common_types_stay_in_the_first_ones_order),
		cmocka_unit_test(nothing_in_common_is_an_error),
		cmocka_unit_test(units_are_brought_together),
		cmocka_unit_test(one_profile_is_passed_through),
		cmocka_unit_test(sums_wrap_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
