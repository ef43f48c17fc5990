/*
 * Lack of memory at every point of looking at a binary: opening it, its symbols, its debug
 * information in each of the forms that it comes in, frames, one by one and many at once, machine
 * code. Each failure is told as ERR_NOMEM, or the answer is the whole one; nothing is left behind
 * (the leak checker of the address sanitizer watches).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/hash.h"
#include "object/disasm.h"
#include "object/frame_set.h"
#include "unit/object/sample.h"

#define ATTEMPTS_MAX  20000
#define MAX_ADDRESSES 512

/* What is asked, and what the answer was; `answer` is 0 until there was one. */
struct question {
	const char *sample;
	uint64_t addresses[MAX_ADDRESSES];
	size_t n;
	uint64_t answer;
};

static uint64_t mix_text(uint64_t sum, struct str s)
{
	return hash_mix(sum, hash_bytes(s.p, s.n));
}

/* All that frames say, in one number. */
static uint64_t sum_of(const struct frame_set *s)
{
	uint64_t sum = 1;

	for (size_t i = 0; i < s->places.n; i++) {
		const struct frame_place *p = &s->places.p[i];

		sum = hash_mix(sum, p->address);
		for (uint32_t k = 0; k < p->n; k++) {
			const struct frame_entry *f = &s->frames.p[p->first + k];
			const struct frame_function *g = &s->functions.p[f->function];

			sum = mix_text(mix_text(sum, g->name), g->file);
			sum = hash_mix(sum, (uint64_t)f->line << 32 | f->column);
			sum = hash_mix(sum, (uint64_t)g->start_line);
		}
	}
	return sum;
}

static MUST_USE enum err_code open_sample(
    const struct question *q, struct object **o, struct err *e)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", SAMPLE_DIR, q->sample);
	return object_open(o, str_c(path), e);
}

/* The operation under test; releases what it makes, returns its result. */
typedef enum err_code operation(struct question *q, uint64_t *answer, struct err *e);

static enum err_code ask_many(struct question *q, uint64_t *answer, struct err *e)
{
	struct frame_set s = { 0 };
	struct object *o;
	enum err_code code;

	TRY(open_sample(q, &o, e));
	/* One thread: which allocation is the n-th is counted by thread. */
	code = object_frames_by(o, q->addresses, q->n, 1, &s, e);
	*answer = code == OK ? sum_of(&s) : 0;
	frame_set_release(&s);
	object_close(o);
	return code;
}

static enum err_code ask_each(struct question *q, uint64_t *answer, struct err *e)
{
	struct frame_set s = { 0 };
	struct object *o;
	enum err_code code;

	TRY(open_sample(q, &o, e));
	code = OK;
	for (size_t i = 0; i < q->n && code == OK; i += 8) {
		const struct object_frame *f;
		uint32_t n;

		code = object_frames(o, q->addresses[i], &f, &n, e);
		if (code == OK && !frame_set_add(&s, q->addresses[i], f, n))
			code = FAIL_NOMEM(e);
	}
	*answer = code == OK ? sum_of(&s) : 0;
	frame_set_release(&s);
	object_close(o);
	return code;
}

static enum err_code ask_code(struct question *q, uint64_t *answer, struct err *e)
{
	struct object_instruction *v;
	struct arena a = { 0 };
	struct object *o;
	enum err_code code;
	uint32_t n;

	TRY(open_sample(q, &o, e));
	code = object_disassemble(o, q->addresses[0], q->addresses[0] + 64, false, &a, &v, &n, e);
	*answer = 1;
	for (uint32_t i = 0; code == OK && i < n; i++)
		*answer = mix_text(hash_mix(*answer, v[i].address), v[i].text);
	arena_release(&a);
	object_close(o);
	return code;
}

static void fail_everywhere(operation *run, struct question *q)
{
	enum err_code code;
	size_t n = 0;

	q->answer = 0;
	alloc_fail_at(0);
	do {
		struct err e = { 0 };
		uint64_t answer = 0;

		assert_true(++n < ATTEMPTS_MAX);
		/* Once without any failure, to know the answer. */
		alloc_fail_at(q->answer ? n : 0);
		code = run(q, &answer, &e);
		alloc_fail_at(0);
		if (code != OK) {
			if (code != ERR_NOMEM)
				print_error("%s: %zu: %s\n", q->sample, n, e.msg);
			assert_int_equal(code, ERR_NOMEM);
			continue;
		}
		if (!q->answer) {
			q->answer = answer;
			n = 0;
			code = ERR_NOMEM;
		} else if (answer != q->answer) {
			print_error("%s: another answer when allocation %zu fails\n", q->sample, n);
			assert_true(answer == q->answer);
		}
	} while (code != OK);
	assert_true(n > 1); /* else nothing was tried */
}

/* Every few bytes of the sample's functions. */
static void choose(struct question *q)
{
	struct object *o = sample_open(q->sample);
	const struct object_symbol *v;
	size_t n_symbols;
	struct err e;

	q->n = 0;
	assert_int_equal(object_symbols(o, &v, &n_symbols, &e), OK);
	for (size_t i = 0; i < n_symbols; i++)
		for (uint64_t a = v[i].address; v[i].is_text && a < v[i].address + v[i].size;
		     a += 3)
			if (q->n < MAX_ADDRESSES && (!q->n || a > q->addresses[q->n - 1]))
				q->addresses[q->n++] = a;
	assert_true(q->n > 8);
	object_close(o);
}

static void test_every_form(void **state)
{
	static const char *const samples[] = { "pie", "clang", "dwarf2", "dwarf4", "local", "zlib",
		"zlib-gnu", "zstd", "stripped", "mini", "dwz", "split", "package4", "package5",
		"fixed", "arm", "thumb", "riscv" };

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct question q = { .sample = samples[i] };

		if (!sample_exists(samples[i]))
			continue;
		choose(&q);
		fail_everywhere(ask_many, &q);
		fail_everywhere(ask_each, &q);
	}
}

static void test_code(void **state)
{
	static const char *const samples[] = { "pie", "aarch64", "thumb" };

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct question q = { .sample = samples[i] };

		if (!sample_exists(samples[i]))
			continue;
		choose(&q);
		fail_everywhere(ask_code, &q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
