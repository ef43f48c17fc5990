/*
 * Small series made by hand: which site is named, at which level, with which stack; and how the
 * report reads. What verdicts are worth is measured in stat/test_leaks_sim.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gen/builder.h"
#include "leaks/explain.h"
#include "leaks/leaks.h"
#include "unit/leaks/leaks_world.h"

static void wrappers_are_not_accused(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(
	    &w, (uint32_t[]){ w.strdup_line, w.xmalloc, w.keep, w.handle, w.main_line }, 5, 20);
	world_turn_over(&w, (uint32_t[]){ w.xmalloc, w.worker, w.main_line }, 3, 50);
	world_judge(&w, true, &r);
	assert_int_equal(r.outcome, LEAKS_IS_LEAK);
	assert_int_equal(r.n_suspects, 1);
	assert_text(r.suspects[0].function, "cache_put");
	assert_text(r.suspects[0].file, "cache.c");
	assert_int_equal(r.suspects[0].line, 88);
	assert_text(r.suspects[0].stack, "main main.c:10 -> handle_request server.c:142 -> "
					 "cache_put cache.c:88 -> xmalloc util.c:5 -> strdup");
	/* 20 blocks of 4 KiB each 64 s. */
	assert_true(fabs(r.suspects[0].v.rate.value - 1280) < 150);
	assert_true(r.suspects[0].v.rate.lo < 1280 && r.suspects[0].v.rate.hi > 1280);
	assert_int_equal(r.n_others, 1);
	assert_text(r.others[0].function, "worker");
	assert_int_equal(r.others[0].v.class, LEAKS_BOUNDED);
	world_end(&w, &r);
}

/* Two lines of one function leak: both are named, as each is more than a line's noise. */
static void lines_are_told_apart(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.main_line }, 2, 30);
	world_leak(&w, (uint32_t[]){ w.keep_other, w.main_line }, 2, 10);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 2);
	assert_int_equal(r.suspects[0].line, 88);
	assert_int_equal(r.suspects[1].line, 99);
	assert_int_equal(r.suspects[0].level, LEAKS_LINE);
	world_end(&w, &r);
}

/* The stack goes up as far as most of the growth comes that way. */
static void the_stack_ends_where_callers_differ(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.handle, w.main_line }, 3, 20);
	world_leak(&w, (uint32_t[]){ w.keep, w.worker, w.main_line }, 3, 15);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 1);
	assert_text(r.suspects[0].stack, "cache_put cache.c:88");
	world_end(&w, &r);
}

/* What was allocated where no stack could be taken grows too. */
static void a_leak_without_a_stack(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(&w, NULL, 0, 30);
	world_leak(&w, (uint32_t[]){ w.keep, w.main_line }, 2, 20);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 2);
	assert_text(r.suspects[0].function, "[no stack]");
	assert_text(r.suspects[0].stack, "[no stack]");
	assert_text(r.suspects[1].function, "cache_put");
	world_end(&w, &r);
}

static void nothing_grows(void **state)
{
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };
	struct explain_options o = { .source = STR("x.pb.gz") };

	(void)state;
	world_begin(&w);
	world_turn_over(&w, (uint32_t[]){ w.worker, w.main_line }, 2, 50);
	world_judge(&w, true, &r);
	assert_int_equal(r.outcome, LEAKS_NO_LEAK);
	assert_int_equal(r.n_suspects, 0);
	explain_text(&r, &o, &text);
	assert_true(str_starts(buf_str(&text), STR("NO LEAK")));
	assert_true(str_find(buf_str(&text), STR("worker server.c:200: BOUNDED 200 KiB, oldest "
						 "block 30s (bounded by age)")) != STR_NPOS);
	buf_release(&text);
	world_end(&w, &r);
}

static void the_text_says_what_it_rests_on(void **state)
{
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };
	struct explain_options o = { .source = STR("http://h:1"), .is_live = true };
	static const char *const parts[] = { "LEAK (strong)   1 suspect", "cache_put cache.c:88",
		"allocated   main main.c:10 -> cache_put cache.c:88", "0 older ones were freed",
		"every stretch of time leaves as much behind", "last third still growing: yes",
		"a TTL or a size limit that takes longer than 13m20s",
		"pprof -list 'cache_put' http://h:1/debug/pprof/heap" };

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.main_line }, 2, 20);
	world_judge(&w, true, &r);
	explain_text(&r, &o, &text);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (str_find(buf_str(&text), str_c(parts[i])) == STR_NPOS)
			fail_msg("no \"%s\" in:\n%s", parts[i], buf_c(&text));
	assert_true(str_find(buf_str(&text), STR("held by")) == STR_NPOS);
	r.suspects[0].holder = STR("global cache -> table[*]");
	r.suspects[0].holder_samples = 3;
	r.suspects[0].held_samples = r.suspects[0].v.live_samples;
	buf_clear(&text);
	explain_text(&r, &o, &text);
	assert_true(str_find(buf_str(&text), STR("held by     global cache -> table[*]   3 of")) !=
		    STR_NPOS);
	buf_release(&text);
	world_end(&w, &r);
}

/* Births are not there: counts are, and it is said that they are weaker. */
static void profiles_of_other_runtimes(void **state)
{
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };
	struct explain_options o = { .source = STR("go") };

	(void)state;
	world_begin(&w);
	for (unsigned k = 0; k < MOMENTS; k++)
		world_add(
		    &w, k, (uint32_t[]){ w.keep, w.main_line }, 2, -1, 100 + 20 * k, 100 + 20 * k);
	world_judge(&w, false, &r);
	assert_int_equal(r.outcome, LEAKS_IS_LEAK);
	assert_int_equal(r.suspects[0].v.trust, LEAKS_LIKELY);
	explain_text(&r, &o, &text);
	assert_true(str_find(buf_str(&text), STR("weaker")) != STR_NPOS);
	buf_release(&text);
	world_end(&w, &r);
}

static void compared_with_before(void **state)
{
	struct world leaky, mended;
	struct leaks_report before, after;

	(void)state;
	world_begin(&leaky);
	world_leak(&leaky, (uint32_t[]){ leaky.keep, leaky.main_line }, 2, 200);
	world_judge(&leaky, true, &before);
	world_begin(&mended);
	world_turn_over(&mended, (uint32_t[]){ mended.keep, mended.main_line }, 2, 50);
	world_judge(&mended, true, &after);
	leaks_compare(&after, &before);
	assert_true(after.before.is_leak && after.before.is_decided && after.before.is_fixed);
	leaks_compare(&before, &before);
	assert_true(before.before.is_decided && !before.before.is_fixed);
	leaks_compare(&before, &after);
	assert_true(before.before.is_there && !before.before.is_leak);
	world_end(&leaky, &before);
	world_end(&mended, &after);
}

static void what_is_no_heap_profile_is_refused(void **state)
{
	struct leaks_moment m = { .at = 1 };
	struct leaks_input in = { .moments = &m, .n_moments = 1 };
	struct leaks_report r;
	struct profile p;
	struct builder b;
	struct err e;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "cpu", "nanoseconds");
	builder_finish(&b);
	in.p = &p;
	assert_int_equal(leaks_analyze(&r, &in, &e), ERR_UNSUPPORTED);
	leaks_report_release(&r);
	in.n_moments = LEAKS_MAX_MOMENTS + 1;
	assert_int_equal(leaks_analyze(&r, &in, &e), ERR_LIMIT);
	leaks_report_release(&r);
	profile_release(&p);
}

/* Every allocation that can fail does once. */
static void memory_may_run_out(void **state)
{
	struct world w;
	struct leaks_report r;
	struct leaks_input in = { &w.p, w.moments, MOMENTS, true, true };
	struct err e;
	size_t n;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.handle, w.main_line }, 3, 20);
	world_judge(&w, true, &r);
	leaks_report_release(&r);
	alloc_fail_at(0);
	assert_int_equal(leaks_analyze(&r, &in, &e), OK);
	leaks_report_release(&r);
	n = alloc_fail_at(0);
	assert_true(n > 5);
	for (size_t i = 1; i <= n; i++) {
		enum err_code code;

		alloc_fail_at(i);
		code = leaks_analyze(&r, &in, &e);
		alloc_fail_at(0);
		assert_true(code == OK || code == ERR_NOMEM);
		leaks_report_release(&r);
	}
	profile_release(&w.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrappers_are_not_accused),
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(the_stack_ends_where_callers_differ),
		cmocka_unit_test(a_leak_without_a_stack),
		cmocka_unit_test(nothing_grows),
		cmocka_unit_test(the_text_says_what_it_rests_on),
		cmocka_unit_test(profiles_of_other_runtimes),
		cmocka_unit_test(compared_with_before),
		cmocka_unit_test(what_is_no_heap_profile_is_refused),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
