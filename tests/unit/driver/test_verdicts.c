/*
 * Series for `pprof leaks`: their order, runs of the program, thinning, what is said in comments,
 * and which URLs a source stands for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "driver/verdicts_series.h"
#include "driver/verdicts_watch.h"
#include "gen/builder.h"

#define SECOND 1000000000LL

/* A heap profile of one block, made at second `time`, `up` seconds after the start (0: unknown). */
static void add_build(struct verdicts_series *s, int64_t time, int64_t up, int64_t allocated,
    int64_t mtime, const char *build)
{
	const int64_t values[4] = { allocated, allocated, 1, 1 };
	struct profile p;
	struct builder b;
	uint32_t frame;
	struct err e;

	builder_begin(&b, &p);
	if (build)
		builder_mapping(&b, 0x1000, 0x2000, 0, "/bin/server", build);
	builder_type(&b, "alloc_objects", "count");
	builder_type(&b, "alloc_space", "bytes");
	builder_type(&b, "inuse_objects", "count");
	builder_type(&b, "inuse_space", "bytes");
	frame = builder_frame(&b, PROFILE_NONE, 0x10, builder_function(&b, "f", "f.c", 0), 1);
	builder_sample(&b, &frame, 1, values);
	if (up)
		builder_number(&b, "born", 0, "seconds");
	builder_finish(&b);
	p.time_ns = time * SECOND;
	p.duration_ns = up * SECOND;
	assert_int_equal(verdicts_series_add(s, &p, mtime * SECOND, &e), OK);
}

static void add(
    struct verdicts_series *s, int64_t time, int64_t up, int64_t allocated, int64_t mtime)
{
	add_build(s, time, up, allocated, mtime, NULL);
}

static void assert_times(const struct verdicts_series *s, const int64_t *times, size_t n)
{
	assert_int_equal(s->list.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s->list.p[i].moment.time_ns, times[i] * SECOND);
}

static void times_make_the_order(void **state)
{
	struct verdicts_series s = { 0 };

	(void)state;
	add(&s, 300, 30, 3, 0);
	add(&s, 100, 0, 1, 0);
	add(&s, 200, 0, 2, 0);
	verdicts_series_settle(&s);
	assert_times(&s, (int64_t[]){ 100, 200, 300 }, 3);
	assert_false(s.restarted);
	verdicts_series_release(&s);
}

/* Legacy profiles have none: their files' do, when these fit the order of the names. */
static void files_have_times_too(void **state)
{
	struct verdicts_series s = { 0 };

	(void)state;
	add(&s, 0, 0, 1, 50);
	add(&s, 0, 0, 2, 60);
	verdicts_series_settle(&s);
	assert_times(&s, (int64_t[]){ 50, 60 }, 2);
	verdicts_series_release(&s);
	add(&s, 0, 0, 1, 60);
	add(&s, 0, 0, 2, 50);
	verdicts_series_settle(&s);
	assert_times(&s, (int64_t[]){ 0, 0 }, 2);
	verdicts_series_release(&s);
}

static void only_the_last_run_counts(void **state)
{
	struct verdicts_series s = { 0 };

	(void)state;
	add(&s, 100, 50, 10, 0);
	add(&s, 200, 150, 20, 0);
	add(&s, 300, 20, 5, 0);
	add(&s, 400, 120, 9, 0);
	verdicts_series_settle(&s);
	assert_times(&s, (int64_t[]){ 300, 400 }, 2);
	assert_true(s.restarted);
	assert_int_equal(s.left_out, 2);
	verdicts_series_release(&s);
	/* Without births: a process does not forget what it allocated. */
	add(&s, 100, 0, 10, 0);
	add(&s, 200, 0, 4, 0);
	add(&s, 300, 0, 6, 0);
	verdicts_series_settle(&s);
	assert_times(&s, (int64_t[]){ 200, 300 }, 2);
	verdicts_series_release(&s);
}

/* Only where both are known, and differ. */
static void a_restart_of_another_build_is_a_deployment(void **state)
{
	static const char *const builds[] = { "aa", "aa", "bb", "", "bb", NULL };
	static const bool deploys[] = { false, true, false, false, false };
	struct verdicts_series s = { 0 };

	(void)state;
	for (size_t i = 0; i < 6; i++)
		add_build(&s, 100 * (int64_t)(i + 1), 50, 10, 0, builds[i]);
	verdicts_series_settle(&s);
	assert_int_equal(s.restarts.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(s.restarts.p[i].time_ns, 100 * (int64_t)(i + 2) * SECOND);
		assert_int_equal(s.restarts.p[i].other_build, deploys[i]);
	}
	verdicts_series_release(&s);
}

static void thinning_keeps_the_ends(void **state)
{
	struct verdicts_series s = { 0 };

	(void)state;
	for (int i = 1; i <= 300; i++)
		add(&s, i, 0, i, 0);
	verdicts_series_thin(&s, 100);
	assert_true(s.list.n <= 100 && s.list.n >= 40);
	assert_int_equal(s.list.p[0].moment.time_ns, SECOND);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(
		    s.list.p[s.list.n - 1 - i].moment.time_ns, (300 - (int64_t)i) * SECOND);
	verdicts_series_release(&s);
}

static void splitting_by_time(void **state)
{
	struct verdicts_series s = { 0 }, later = { 0 };
	struct err e;

	(void)state;
	for (int i = 1; i <= 4; i++)
		add(&s, i, 0, i, 0);
	assert_int_equal(verdicts_series_split(&s, 3 * SECOND, &later, &e), OK);
	assert_times(&s, (int64_t[]){ 1, 2 }, 2);
	assert_times(&later, (int64_t[]){ 3, 4 }, 2);
	verdicts_series_release(&s);
	verdicts_series_release(&later);
}

static void comments_are_read_back(void **state)
{
	static const char *const foreign[] = { "", "pprof leaks: memory ", "pprof leaks: memory 1",
		"pprof leaks: memory x limit 2", "pprof leaks: memory 1 limit ",
		"pprof leaks: memory -1 limit 5",
		"pprof leaks: memory 1 limit 99999999999999999999",
		"pprof leaks: memory 1 limit 2 ", "pprof leaks: memory 1 limit 2 kind ",
		"pprof leaks: memory 1 limit  kind 1" };
	struct leaks_moment m = { .used = 123, .limit = 456, .kind = 2 }, back = { 0 };
	struct arena a = { 0 };

	(void)state;
	assert_true(verdicts_comment_read(verdicts_comment(&a, &m), &back));
	assert_int_equal(back.used, 123);
	assert_int_equal(back.limit, 456);
	assert_int_equal(back.kind, 2);
	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
		assert_false(verdicts_comment_read(str_c(foreign[i]), &back));
		assert_int_equal(back.used, 123);
	}
	assert_true(verdicts_comment_read(STR("pprof leaks: memory 7 limit 8"), &back));
	assert_int_equal(back.limit, 8);
	assert_int_equal(back.kind, 0);
	arena_release(&a);
}

static void urls_of_a_source(void **state)
{
	static const struct {
		const char *source, *heap, *self;
	} cases[] = {
		{ "http://h:1", "http://h:1/debug/pprof/heap?born=1",
		    "http://h:1/debug/pprof/self" },
		{ "h:1", "http://h:1/debug/pprof/heap?born=1", "http://h:1/debug/pprof/self" },
		{ "http://h:1/debug/pprof/", "http://h:1/debug/pprof/heap?born=1",
		    "http://h:1/debug/pprof/self" },
		{ "http://h:1/x/debug/pprof/heap?gc=1", "http://h:1/x/debug/pprof/heap?born=1&gc=1",
		    "http://h:1/x/debug/pprof/self" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena a = { 0 };
		struct str heap, self;
		struct err e;

		assert_int_equal(verdicts_urls(str_c(cases[i].source), &a, &heap, &self, &e), OK);
		assert_string_equal(heap.p, cases[i].heap);
		assert_string_equal(self.p, cases[i].self);
		arena_release(&a);
	}
}

static void a_missing_file_is_no_url(void **state)
{
	struct arena a = { 0 };
	struct str heap, self;
	struct err e;

	(void)state;
	assert_int_equal(verdicts_urls(STR("no/such.pb.gz"), &a, &heap, &self, &e), ERR_NOT_FOUND);
	arena_release(&a);
}

static void nothing_is_not_judged(void **state)
{
	const struct ui ui = { 0 };
	struct verdicts_series s = { 0 };
	struct leaks_report report;
	struct profile merged;
	struct verdicts v;
	struct err e;

	(void)state;
	verdicts_init(&v);
	assert_int_equal(
	    verdicts_series_judge(&s, &v, false, &merged, &report, &ui, &e), ERR_USAGE);
	assert_string_equal(e.msg, "there is no profile to judge");
	leaks_report_release(&report);
	profile_release(&merged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_make_the_order),
		cmocka_unit_test(files_have_times_too),
		cmocka_unit_test(only_the_last_run_counts),
		cmocka_unit_test(a_restart_of_another_build_is_a_deployment),
		cmocka_unit_test(thinning_keeps_the_ends),
		cmocka_unit_test(splitting_by_time),
		cmocka_unit_test(comments_are_read_back),
		cmocka_unit_test(urls_of_a_source),
		cmocka_unit_test(a_missing_file_is_no_url),
		cmocka_unit_test(nothing_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
