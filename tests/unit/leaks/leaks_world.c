/* See leaks_world.h. */
#include "unit/leaks/leaks_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static uint32_t frame(struct world *w, const char *name, const char *file, int64_t line)
{
	uint32_t f = builder_function(&w->b, name, file, 0);

	return builder_frame(&w->b, PROFILE_NONE, 0, f, line);
}

void world_begin(struct world *w)
{
	*w = (struct world){ 0 };
	builder_begin(&w->b, &w->p);
	builder_type(&w->b, "alloc_objects", "count");
	builder_type(&w->b, "alloc_space", "bytes");
	builder_type(&w->b, "inuse_objects", "count");
	builder_type(&w->b, "inuse_space", "bytes");
	w->main_line = frame(w, "main", "/src/main.c", 10);
	w->handle = frame(w, "handle_request", "/src/server.c", 142);
	w->worker = frame(w, "worker", "/src/server.c", 200);
	w->keep = frame(w, "cache_put", "/src/cache.c", 88);
	/* The same function, another line. */
	w->keep_other = builder_frame(&w->b, PROFILE_NONE, 0, 3, 99);
	w->xmalloc = frame(w, "xmalloc", "/src/util.c", 5);
	w->strdup_line = frame(w, "strdup", "", 0);
	for (unsigned k = 0; k < MOMENTS; k++)
		w->moments[k] = (struct leaks_moment){ .at = 100 + 100 * k, .time_ns = 1 };
}

/* At moment k: `live` blocks born at `born` of a stack, of `ever` that there were. */
void world_add(struct world *w, unsigned k, const uint32_t *stack, size_t depth, int64_t born,
    int64_t live, int64_t ever)
{
	int64_t values[4] = { ever, ever * BLOCK, live, live * BLOCK };
	char number[8];

	builder_sample(&w->b, stack, depth, values);
	snprintf(number, sizeof number, "%u", k);
	builder_label(&w->b, "pprof::moment", number);
	builder_number(&w->b, "bytes", BLOCK, "");
	if (born >= 0)
		builder_number(&w->b, "born", born, "seconds");
}

/* Each 64 seconds `n` blocks are kept: cohorts that stay apart long enough. */
void world_leak(struct world *w, const uint32_t *stack, size_t depth, int64_t n)
{
	for (unsigned k = 0; k < MOMENTS; k++)
		for (int64_t born = 64; born + 64 <= (int64_t)w->moments[k].at; born += 64)
			world_add(w, k, stack, depth, born, n, n);
}

/* Nothing gets older than 64 seconds. */
void world_turn_over(struct world *w, const uint32_t *stack, size_t depth, int64_t n)
{
	for (unsigned k = 0; k < MOMENTS; k++) {
		world_add(w, k, stack, depth, (int64_t)w->moments[k].at - 30, n, n);
		world_add(w, k, stack, depth, -1, 0, n * (k + 1));
	}
}

void world_judge(struct world *w, bool births, struct leaks_report *r)
{
	struct leaks_input in = { &w->p, w->moments, MOMENTS, births, true };
	struct err e;

	builder_finish(&w->b);
	w->p.period = PERIOD;
	w->p.period_type.type = profile_intern(&w->p, STR("space"));
	assert_int_equal(leaks_analyze(r, &in, &e), OK);
}

void world_end(struct world *w, struct leaks_report *r)
{
	leaks_report_release(r);
	profile_release(&w->p);
}

void assert_text(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

void assert_parts(struct str text, const char *const *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_find(text, str_c(parts[i])) == STR_NPOS)
			fail_msg("no \"%s\" in:\n%.*s", parts[i], STR_ARG(text));
}
