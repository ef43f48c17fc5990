/*
 * What a report says beyond the verdict: at which level a site is named, when the time to the limit
 * comes, what is compared with an earlier report, and that text and JSON have all of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "leaks/explain.h"
#include "unit/leaks/leaks_world.h"

#define MIB 1048576

static const struct explain_options files = {
	.source = STR("DIR"), .report = STR("DIR/last.pb.gz"), .before = STR("DIR")
};

/* No line has enough for a verdict, the function has. */
static void a_function_is_named_when_its_lines_explain_too_little(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	for (int64_t line = 101; line <= 106; line++) {
		uint32_t at = builder_frame(&w.b, PROFILE_NONE, 0, 3, line);

		world_leak(&w, (uint32_t[]){ at, w.main_line }, 2, 1);
	}
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 1);
	assert_int_equal(r.suspects[0].level, LEAKS_FUNCTION);
	assert_text(r.suspects[0].function, "cache_put");
	assert_int_equal(r.suspects[0].line, 0);
	world_end(&w, &r);
}

/* Old blocks of the same line, of another caller, are freed meanwhile. */
static void a_stack_is_named_when_its_line_hides_it(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.handle, w.main_line }, 3, 20);
	for (unsigned k = 0; k < MOMENTS; k++)
		world_add(&w, k, (uint32_t[]){ w.keep, w.worker, w.main_line }, 3, 10,
		    400 - 40 * (int64_t)k, 400);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 1);
	assert_int_equal(r.suspects[0].level, LEAKS_STACK);
	assert_text(r.suspects[0].stack,
	    "main main.c:10 -> handle_request server.c:142 -> cache_put "
	    "cache.c:88");
	world_end(&w, &r);
}

/* A caller is shown while at least four fifths of the growth come through it. */
static void callers_are_shown_that_carry_the_growth(void **state)
{
	struct world w;
	struct leaks_report r;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.handle, w.main_line }, 3, 17);
	world_leak(&w, (uint32_t[]){ w.keep, w.worker, w.main_line }, 3, 3);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 1);
	assert_int_equal(r.suspects[0].level, LEAKS_LINE);
	assert_text(r.suspects[0].stack,
	    "main main.c:10 -> handle_request server.c:142 -> cache_put "
	    "cache.c:88");
	assert_true(fabs(r.suspects[0].stack_share - 0.85) < 0.001);
	world_end(&w, &r);
}

/* What starts a program, and allocators without names, are no part of the answer. */
static void the_ends_of_a_stack_are_left_out(void **state)
{
	struct world w;
	struct leaks_report r;
	uint32_t libc, jemalloc, start, libc_start, leaf;

	(void)state;
	world_begin(&w);
	libc = builder_mapping(&w.b, 0x1000, 0x2000, 0, "/lib/libc.so.6", "");
	jemalloc = builder_mapping(&w.b, 0x3000, 0x4000, 0, "/lib/libjemalloc.so.2", "");
	leaf = builder_location(&w.b, jemalloc, 0x3100);
	libc_start = builder_frame(
	    &w.b, libc, 0x1100, builder_function(&w.b, "__libc_start_main", "", 0), 0);
	start = builder_frame(&w.b, PROFILE_NONE, 1, builder_function(&w.b, "_start", "", 0), 0);
	world_leak(&w, (uint32_t[]){ leaf, w.keep, w.main_line, libc_start, start }, 5, 20);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 1);
	assert_text(r.suspects[0].stack, "main main.c:10 -> cache_put cache.c:88");
	world_end(&w, &r);
}

static void watching_ends_when_the_answer_is_certain(void **state)
{
	struct world w;
	struct leaks_report r;
	struct leaks_range *rate;

	(void)state;
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.main_line }, 2, 40);
	world_judge(&w, true, &r);
	assert_int_equal(r.outcome, LEAKS_IS_LEAK);
	rate = &r.suspects[0].v.rate;
	/* It comes in batches: the rate is not known well. */
	assert_false(leaks_is_certain(&r));
	rate->lo = 0.9 * rate->value;
	rate->hi = 1.1 * rate->value;
	assert_true(leaks_is_certain(&r));
	/* It has hardly started: that may be a cache that fills. */
	r.uptime_s = 500;
	assert_false(leaks_is_certain(&r));
	r.uptime_s = 800;
	r.window_s = 50;
	assert_false(leaks_is_certain(&r));
	world_end(&w, &r);
	world_begin(&w);
	world_turn_over(&w, (uint32_t[]){ w.worker, w.main_line }, 2, 50);
	world_judge(&w, true, &r);
	assert_false(leaks_is_certain(&r));
	world_end(&w, &r);
}

/* 20 blocks of 4 KiB each 64 s are 1.25 KiB/s; memory grows by 2 KiB/s, 100 MiB are left. */
static void leak_with_memory(struct world *w, struct leaks_report *r)
{
	world_begin(w);
	world_leak(w, (uint32_t[]){ w->keep, w->main_line }, 2, 20);
	world_turn_over(w, (uint32_t[]){ w->worker, w->main_line }, 2, 50);
	for (unsigned k = 0; k < MOMENTS; k++) {
		w->moments[k].used = 50 * MIB + (int64_t)(2048 * w->moments[k].at);
		w->moments[k].limit = w->moments[k].used + 100 * MIB;
		w->moments[k].kind = LEAKS_LIMIT_GROUP;
	}
	world_judge(w, true, r);
}

static void text_has_all_of_it(void **state)
{
	static const char *const parts[] = { "LEAK (strong)   1 suspect explains 6",
		"of the growth of memory", "8 profiles over 11m40s, up 13m20s",
		"growing 2 KiB/s [2..2]; limit 152 MiB (control group) in 14h13m [14h13m..14h13m]",
		" (by the sites alone ", "the suspects explain 6",
		"#1  cache_put cache.c:88   LEAK (strong)   +1.29 KiB/s [",
		"share       growth here is 6", "survivors by age: 0s-", "caveat      a TTL or",
		"do next     pprof -list 'cache_put' DIR/last.pb.gz\n",
		"not leaks:\n    worker server.c:200: BOUNDED 200 KiB, oldest block 30s (bounded",
		"could hide: a leak slower than ", "mended? pprof leaks -since DIR NEW" };
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };

	(void)state;
	leak_with_memory(&w, &r);
	explain_text(&r, &files, &text);
	assert_parts(buf_str(&text), parts, sizeof parts / sizeof parts[0]);
	/* Without line numbers -list has nothing to show. */
	r.suspects[0].file = STR("");
	buf_clear(&text);
	explain_text(&r, &files, &text);
	assert_true(str_find(buf_str(&text), STR("pprof -peek 'cache_put' DIR")) != STR_NPOS);
	buf_release(&text);
	world_end(&w, &r);
}

/*
 * One block of a vector at moment k: it was allocated anew at `born`, after `steps` smaller ones,
 * the last of them half as large.
 */
static void add_vector(struct world *w, unsigned k, int64_t born, int64_t bytes, int64_t steps)
{
	const uint32_t stack[] = { w->keep, w->main_line };
	const int64_t now[4] = { 1, bytes, 1, bytes },
		      before[4] = { steps, bytes / 2 * steps, 0, 0 };
	char number[8];

	snprintf(number, sizeof number, "%u", k);
	builder_sample(&w->b, stack, 2, now);
	builder_label(&w->b, "pprof::moment", number);
	builder_number(&w->b, "bytes", bytes, "");
	builder_number(&w->b, "born", born, "seconds");
	builder_sample(&w->b, stack, 2, before);
	builder_label(&w->b, "pprof::moment", number);
	builder_number(&w->b, "bytes", bytes / 2, "");
}

/* Memory grows by 10 KiB/s, or not at all. In between it grew in steps, each second so many. */
static void vector_with_memory(struct world *w, struct leaks_report *r, bool grows, int64_t steps)
{
	world_begin(w);
	world_turn_over(w, (uint32_t[]){ w->worker, w->main_line }, 2, 50);
	for (unsigned k = 0; k < MOMENTS; k++) {
		const int64_t at = (int64_t)w->moments[k].at;

		w->moments[k].used = 50 * MIB + (grows ? 10240 * at : 0);
		w->moments[k].limit = 500 * MIB;
		if (at < 210)
			add_vector(w, k, 60, 2 * MIB, 1);
		else
			add_vector(w, k, at < 420 ? 210 : 420, at < 420 ? 4 * MIB : 8 * MIB,
			    1 + steps * (at - 200));
	}
	world_judge(w, true, r);
}

/* It is one block at each moment, so counts of blocks say nothing: that is said, and where it is.
 */
static void a_vector_that_grows_is_not_called_harmless(void **state)
{
	static const char *const parts[] = {
		"UNDECIDED   memory grows, maybe into a block that is allocated anew, ever larger",
		"    cache_put cache.c:88: LARGE BLOCK 2 MiB..8 MiB (a large block that is "
		"allocated anew"
	};
	struct buf text = { 0 };
	struct leaks_report r;
	struct world w;

	(void)state;
	for (int64_t steps = 0; steps < 2; steps++) {
		vector_with_memory(&w, &r, true, steps);
		assert_int_equal(r.outcome, LEAKS_UNDECIDED);
		buf_clear(&text);
		explain_text(&r, &files, &text);
		assert_parts(buf_str(&text), parts, 2);
		world_end(&w, &r);
		vector_with_memory(&w, &r, false, steps);
		assert_int_equal(r.outcome, LEAKS_NO_LEAK);
		world_end(&w, &r);
	}
	buf_release(&text);
}

/* Memory grows by 64 KiB/s, of which the heap has none: when that ends, and how to find it. */
static void growth_outside_the_heap_is_not_called_harmless(void **state)
{
	static const char *const parts[] = {
		"NO LEAK in the heap, and memory grows      http://h:1/,",
		"growing 64 KiB/s [64..64]; limit 500 MiB (control group) in ",
		"            memory grows, what malloc gave out does not: mmap, stacks of threads,",
		"PPROF_MMAP=1, and see what is mapped:  pprof -top http://h:1/debug/pprof/mmap\n"
	};
	const struct explain_options live = { .source = STR("http://h:1/"), .is_live = true };
	struct buf text = { 0 };
	struct leaks_report r;
	struct world w;

	(void)state;
	world_begin(&w);
	world_turn_over(&w, (uint32_t[]){ w.worker, w.main_line }, 2, 50);
	for (unsigned k = 0; k < MOMENTS; k++) {
		w.moments[k].used = 50 * MIB + (int64_t)(65536 * w.moments[k].at);
		w.moments[k].limit = 500 * MIB;
		w.moments[k].kind = LEAKS_LIMIT_GROUP;
	}
	world_judge(&w, true, &r);
	assert_int_equal(r.outcome, LEAKS_NO_LEAK);
	explain_text(&r, &live, &text);
	assert_parts(buf_str(&text), parts, sizeof parts / sizeof parts[0]);
	buf_release(&text);
	world_end(&w, &r);
}

/* What nobody points to is not to be bounded. */
static void what_is_lost_has_an_advice_of_its_own(void **state)
{
	struct buf text = { 0 };
	struct leaks_report r;
	struct world w;

	(void)state;
	leak_with_memory(&w, &r);
	r.suspects[0].holder = STR("no pointer found: lost or hidden");
	r.suspects[0].holder_samples = r.suspects[0].held_samples = 100;
	explain_text(&r, &files, &text);
	assert_true(
	    str_find(buf_str(&text), STR("then: nothing that was seen points to")) != STR_NPOS);
	r.suspects[0].holder_samples = 50;
	buf_clear(&text);
	explain_text(&r, &files, &text);
	assert_true(str_find(buf_str(&text), STR("then: find who keeps the blocks")) != STR_NPOS);
	assert_true(str_find(buf_str(&text), STR("a free is missing")) == STR_NPOS);
	world_end(&w, &r);
	/* One of two is. */
	world_begin(&w);
	world_leak(&w, (uint32_t[]){ w.keep, w.main_line }, 2, 20);
	world_leak(&w, (uint32_t[]){ w.worker, w.main_line }, 2, 20);
	world_judge(&w, true, &r);
	assert_int_equal(r.n_suspects, 2);
	r.suspects[1].holder = STR("no pointer found: lost or hidden");
	r.suspects[1].holder_samples = r.suspects[1].held_samples = 100;
	buf_clear(&text);
	explain_text(&r, &files, &text);
	assert_parts(buf_str(&text),
	    (const char *const[]){ "then: find who keeps the blocks",
		"where no pointer was found, nothing points to these blocks: a free is missing" },
	    2);
	buf_release(&text);
	world_end(&w, &r);
}

/* What it says to do next works as it is, whatever address and name it has. */
static void the_next_command_is_whole(void **state)
{
	static const char *const sources[] = { "http://h:1", "http://h:1/", "h:1/debug/pprof",
		"http://h:1/debug/pprof/", "http://h:1/debug/pprof/heap" };
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };

	(void)state;
	leak_with_memory(&w, &r);
	r.suspects[0].function = STR("a::operator()'b");
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct explain_options o = { .source = str_c(sources[i]), .is_live = true };
		const char *const parts[] = { "pprof -list 'a::operator\\(\\)'\\''b' ",
			"h:1/debug/pprof/heap\n" };

		buf_clear(&text);
		explain_text(&r, &o, &text);
		assert_parts(buf_str(&text), parts, 2);
	}
	buf_release(&text);
	world_end(&w, &r);
}

static void json_has_all_of_it(void **state)
{
	static const char *const parts[] = { "\"outcome\": \"leak\"", "\"profiles\": 8",
		"\"window_seconds\": 700", "\"uptime_seconds\": 800", "\"births\": true",
		"\"could_hide\": ", "\"limit\": ", "\"limit_of\": \"control group\"",
		"\"memory_slope\": {\"value\": 2048", "\"seconds_to_limit\": {\"value\": 51200",
		"\"seconds_to_limit_by_sites\": {", "\"explained\": 0.6",
		"\"verdict\": \"LEAK\", \"trust\": \"strong\"", "\"level\": \"line\"",
		"\"rate\": {\"value\": 13", "\"born\": 1", "\"died\": 0",
		"\"last_third_growing\": true", "\"share\": 0.6",
		"\"caveat\": \"a TTL or a size limit that takes longer than 13m20s",
		"\"next\": \"pprof -list 'cache_put' DIR/last.pb.gz\"", "\"survivors\": [",
		"\"not_leaks\": [\n{\"verdict\": \"BOUNDED\"" };
	struct world w;
	struct leaks_report r;
	struct buf text = { 0 };

	(void)state;
	leak_with_memory(&w, &r);
	explain_json(&r, &files, &text);
	assert_parts(buf_str(&text), parts, sizeof parts / sizeof parts[0]);
	buf_release(&text);
	world_end(&w, &r);
}

static void compare(
    struct world *then, struct world *now, struct leaks_report *r, struct buf *text, bool json)
{
	struct leaks_report before;

	world_judge(then, true, &before);
	world_judge(now, true, r);
	leaks_compare(r, &before);
	buf_clear(text);
	if (json)
		explain_json(r, &files, text);
	else
		explain_text(r, &files, text);
	world_end(then, &before);
}

static void fixed_is_said_in_both(void **state)
{
	static const char *const words[] = { "\nFIXED: cache_put was +12", ": 100% less\n" };
	static const char *const keys[] = { "\"before\": {\"site\": \"cache_put\"",
		"\"rate_now\": {\"value\": 0", "\"less_percent\": 100", "\"decided\": true",
		"\"fixed\": true" };
	struct world then, now;
	struct leaks_report r;
	struct buf text = { 0 };

	(void)state;
	for (int json = 0; json < 2; json++) {
		world_begin(&then);
		world_leak(&then, (uint32_t[]){ then.keep, then.main_line }, 2, 200);
		world_begin(&now);
		world_turn_over(&now, (uint32_t[]){ now.keep, now.main_line }, 2, 50);
		compare(&then, &now, &r, &text, json);
		assert_parts(buf_str(&text), json ? keys : words, json ? 5 : 2);
		world_end(&now, &r);
	}
	buf_release(&text);
}

/* Two leaks, of which one was mended: the rate is that of both, and both are meant. */
static void several_leaks_are_compared_together(void **state)
{
	static const char *const parts[] = { "\nNOT FIXED: ", " and 1 more were together +",
		", are now ", ": 50% less\n" };
	struct world then, now;
	struct leaks_report r;
	struct buf text = { 0 };

	(void)state;
	world_begin(&then);
	world_leak(&then, (uint32_t[]){ then.keep, then.main_line }, 2, 30);
	world_leak(&then, (uint32_t[]){ then.worker, then.main_line }, 2, 30);
	world_begin(&now);
	world_leak(&now, (uint32_t[]){ now.keep, now.main_line }, 2, 30);
	world_turn_over(&now, (uint32_t[]){ now.worker, now.main_line }, 2, 50);
	compare(&then, &now, &r, &text, false);
	assert_parts(buf_str(&text), parts, sizeof parts / sizeof parts[0]);
	buf_release(&text);
	world_end(&now, &r);
}

/* The same leak on two lines before, on another one now: all of the function is compared. */
static void lines_of_a_function_are_compared_together(void **state)
{
	static const char *const parts[] = { "\nNOT FIXED: cache_put was +", ": 50% less\n" };
	struct world then, now;
	struct leaks_report r;
	struct buf text = { 0 };
	uint32_t moved;

	(void)state;
	world_begin(&then);
	world_leak(&then, (uint32_t[]){ then.keep, then.main_line }, 2, 30);
	world_leak(&then, (uint32_t[]){ then.keep_other, then.main_line }, 2, 30);
	world_begin(&now);
	moved = builder_frame(&now.b, PROFILE_NONE, 0, 3, 120);
	world_leak(&now, (uint32_t[]){ moved, now.main_line }, 2, 30);
	compare(&then, &now, &r, &text, false);
	assert_parts(buf_str(&text), parts, 2);
	world_end(&now, &r);
	buf_release(&text);
}

/* Addresses of an older build are nowhere now: that is no sign that anything was mended. */
static void expect_no_name(bool has_line)
{
	static const char *const parts[] = { "\nnot known yet: app+0x100 was +",
		"have no names, only addresses of another build" };
	struct world then, now;
	struct leaks_report r;
	struct buf text = { 0 };
	uint32_t app, leak;

	world_begin(&then);
	app = builder_mapping(&then.b, 0x1000, 0x2000, 0, "/bin/app", "");
	leak = has_line
		   ? builder_frame(&then.b, app, 0x1100, builder_function(&then.b, "", "", 0), 0)
		   : builder_location(&then.b, app, 0x1100);
	world_leak(&then, (uint32_t[]){ leak }, 1, 200);
	world_begin(&now);
	world_turn_over(&now, (uint32_t[]){ now.keep, now.main_line }, 2, 50);
	compare(&then, &now, &r, &text, false);
	assert_false(r.before.is_decided || r.before.is_fixed);
	assert_parts(buf_str(&text), parts, 2);
	world_end(&now, &r);
	buf_release(&text);
}

static void what_has_no_name_is_not_called_fixed(void **state)
{
	(void)state;
	expect_no_name(false);
	expect_no_name(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_named_when_its_lines_explain_too_little),
		cmocka_unit_test(a_stack_is_named_when_its_line_hides_it),
		cmocka_unit_test(callers_are_shown_that_carry_the_growth),
		cmocka_unit_test(the_ends_of_a_stack_are_left_out),
		cmocka_unit_test(watching_ends_when_the_answer_is_certain),
		cmocka_unit_test(text_has_all_of_it),
		cmocka_unit_test(a_vector_that_grows_is_not_called_harmless),
		cmocka_unit_test(growth_outside_the_heap_is_not_called_harmless),
		cmocka_unit_test(what_is_lost_has_an_advice_of_its_own),
		cmocka_unit_test(the_next_command_is_whole),
		cmocka_unit_test(json_has_all_of_it),
		cmocka_unit_test(fixed_is_said_in_both),
		cmocka_unit_test(several_leaks_are_compared_together),
		cmocka_unit_test(lines_of_a_function_are_compared_together),
		cmocka_unit_test(what_has_no_name_is_not_called_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
