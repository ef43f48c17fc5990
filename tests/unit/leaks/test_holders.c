/* From a profile of what is retained to the holders of suspects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "gen/builder.h"
#include "leaks/holders.h"

struct world {
	struct profile p;
	struct builder b;
	struct leaks_site sites[2];
	struct leaks_report r;
};

static void begin(struct world *w)
{
	*w = (struct world){ .r = { .suspects = w->sites, .n_suspects = 2 } };
	w->sites[0] =
	    (struct leaks_site){ .function = STR("put"), .file = STR("cache.c"), .line = 88 };
	w->sites[1] = (struct leaks_site){ .function = STR("get"), .file = STR("cache.c") };
	builder_begin(&w->b, &w->p);
	builder_type(&w->b, "inuse_objects", "count");
	builder_type(&w->b, "inuse_samples", "count");
	builder_type(&w->b, "inuse_space", "bytes");
}

static uint32_t code(struct world *w, const char *name, const char *file, int64_t line)
{
	return builder_frame(&w->b, PROFILE_NONE, 0, builder_function(&w->b, name, file, 0), line);
}

static uint32_t holder(struct world *w, const char *name)
{
	uint32_t f = builder_function(&w->b, name, "", 0);

	w->b.functions.p[f].system_name = profile_intern(&w->p, STR("retained:named"));
	return builder_frame(&w->b, PROFILE_NONE, 0, f, 0);
}

/* Blocks of 100 bytes that `line` allocated, and main called, under a step of a root. */
static void add(struct world *w, uint32_t line, uint32_t step, uint32_t root, int64_t samples)
{
	uint32_t stack[] = { line, code(w, "main", "main.c", 1), step, root };
	int64_t values[] = { samples * 10, samples, samples * 100 };

	builder_sample(&w->b, stack, 4, values);
}

static void find(struct world *w)
{
	struct err e;

	builder_finish(&w->b);
	assert_int_equal(leaks_holders(&w->r, &w->p, &e), OK);
}

static void end(struct world *w)
{
	arena_release(&w->r.arena);
	profile_release(&w->p);
}

static void is_text(struct str s, const char *want)
{
	if (!str_is(s, want))
		fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(s), want);
}

static void test_holders(void **state)
{
	uint32_t put, other_line, other_file, get, next, cache, queue, stack;
	struct world w;

	(void)state;
	begin(&w);
	put = code(&w, "put", "/src/cache.c", 88);
	other_line = code(&w, "put", "/src/cache.c", 99);
	other_file = code(&w, "put", "/src/other.c", 88);
	get = code(&w, "get", "/src/cache.c", 12);
	next = holder(&w, "->next*");
	cache = holder(&w, "global cache (cache.c:5)");
	queue = holder(&w, "global queue (queue.c:6)");
	stack = holder(&w, "stack of main");
	/* The same path in two samples counts together. */
	add(&w, put, next, cache, 20);
	add(&w, put, next, queue, 30);
	add(&w, put, next, cache, 45);
	add(&w, put, next, stack, 5);
	add(&w, other_line, next, stack, 500);
	add(&w, other_file, next, stack, 500);
	/* A function counts with all its lines; a second holder below a tenth is not worth it. */
	add(&w, get, next, queue, 95);
	add(&w, code(&w, "get", "cache.c", 13), next, stack, 5);
	find(&w);
	is_text(w.sites[0].holder, "global cache (cache.c:5) ->next*");
	is_text(w.sites[0].other_holder, "global queue (queue.c:6) ->next*");
	assert_int_equal((int)w.sites[0].holder_samples, 65);
	assert_int_equal((int)w.sites[0].other_holder_samples, 30);
	assert_int_equal((int)w.sites[0].held_samples, 100);
	is_text(w.sites[1].holder, "global queue (queue.c:6) ->next*");
	assert_int_equal((int)w.sites[1].holder_samples, 95);
	assert_int_equal((int)w.sites[1].held_samples, 100);
	is_text(w.sites[1].other_holder, "");
	end(&w);
}

/* A function that called the suspect is not it, and a holder of its name is none of its lines. */
static void test_not_its_own(void **state)
{
	struct world w;
	uint32_t step, f;

	(void)state;
	begin(&w);
	f = builder_function(&w.b, "get", "cache.c", 0);
	w.b.functions.p[f].system_name = profile_intern(&w.p, STR("retained:named"));
	step = builder_frame(&w.b, PROFILE_NONE, 0, f, 0);
	add(&w, code(&w, "other", "cache.c", 88), step, holder(&w, "global a"), 10);
	find(&w);
	is_text(w.sites[0].holder, "");
	is_text(w.sites[1].holder, "");
	assert_int_equal((int)w.sites[1].held_samples, 0);
	end(&w);
}

/* All of very many holders are told apart, the last ones, too. */
static void test_many(void **state)
{
	struct world w;
	uint32_t put, step;

	(void)state;
	begin(&w);
	put = code(&w, "put", "cache.c", 88);
	step = holder(&w, "->value");
	add(&w, put, step, holder(&w, "global big"), 3000);
	for (unsigned i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof name, "global v%u", i);
		add(&w, put, step, holder(&w, name), 1);
	}
	find(&w);
	is_text(w.sites[0].holder, "global big ->value");
	is_text(w.sites[0].other_holder, "");
	assert_int_equal((int)w.sites[0].held_samples, 5000);
	end(&w);
	begin(&w);
	put = code(&w, "put", "cache.c", 88);
	step = holder(&w, "->value");
	for (unsigned i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof name, "global v%u", i);
		add(&w, put, step, holder(&w, name), 1);
	}
	add(&w, put, step, holder(&w, "global late"), 3000);
	find(&w);
	is_text(w.sites[0].holder, "global late ->value");
	assert_int_equal((int)w.sites[0].holder_samples, 3000);
	end(&w);
}

/* Another kind of profile names nobody. */
static void test_other_profile(void **state)
{
	struct world w = { .r = { .suspects = w.sites, .n_suspects = 2 } };
	int64_t value = 1;
	struct err e;

	(void)state;
	builder_begin(&w.b, &w.p);
	builder_type(&w.b, "cpu", "nanoseconds");
	builder_sample(&w.b, &(uint32_t){ code(&w, "put", "cache.c", 88) }, 1, &value);
	builder_finish(&w.b);
	assert_int_equal(leaks_holders(&w.r, &w.p, &e), OK);
	is_text(w.sites[0].holder, "");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_not_its_own),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_other_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
