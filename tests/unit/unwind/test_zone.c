/*
 * Code that keeps frame pointers: what is taken as proven and what is not, and that walks through
 * it are those that the unwind information describes. Functions are of 0x20 bytes, 0x20 apart or
 * more, with the prologue and end that compilers write; their bytes are read by the caller's
 * function.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eh_build.h"
#include "unwind/regs_x86_64.h"

#define P(literal) literal, sizeof(literal) - 1
#define PCS_MAX    64
#define SIZE       0x20u
#define FUNCTIONS  13u /* that keep rbp */

/* advance 1; CFA + 8, rbp there; advance 3; CFA by rbp; advance 0x1b; CFA = rsp + 8 */
#define KEEPS "\x41\x0e\x10\x86\x02\x43\x0d\x06\x5b\x0c\x07\x08"

enum {
	F_PLAIN = EH_CODE + 0x1000, /* CFA = rsp + 32, rbp unchanged */
	F_END = EH_CODE + 0x1100,   /* outermost */
};

struct world {
	struct eh eh;
	uint8_t code[0x400];
	bool can_read;
	uint32_t gap; /* bytes behind function 6 */
	struct unwind_cache *cache;
	struct unwind_memo *memo;
	uintptr_t stack[256];
	unsigned look_ups;
	uintptr_t pcs[PCS_MAX];
	size_t n;
	enum unwind_end end;
};

static uintptr_t function(const struct world *w, unsigned i)
{
	return EH_CODE + i * SIZE + (i > 6 ? w->gap : 0);
}

static uint8_t *code_at(struct world *w, uintptr_t pc)
{
	return w->code + (pc - EH_CODE);
}

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	struct world *w = ctx;

	w->look_ups++;
	if (pc < EH_CODE || pc >= EH_CODE + 0x10000)
		return false;
	*out = eh_module(&w->eh);
	return true;
}

static bool read_word(void *ctx, uintptr_t addr, uintptr_t *out)
{
	struct world *w = ctx;

	if (!w->can_read || addr - EH_CODE > sizeof(w->code) - 8)
		return false;
	memcpy(out, w->code + (addr - EH_CODE), 8);
	return true;
}

static const struct unwind_ops ops = { .read_word = read_word, .find_module = find_module };

/* Everything, with `gap` bytes of padding behind function 6. */
static void build(struct world *w, uint32_t gap)
{
	w->gap = gap;
	memset(w->code, 0x90, sizeof(w->code));
	eh_init(&w->eh, "zR");
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		uint8_t *code = code_at(w, function(w, i));

		eh_fde(&w->eh, (uint32_t)(function(w, i) - EH_CODE), SIZE, P(KEEPS));
		memcpy(code, "\x55\x48\x89\xe5\xe8\xff\xd0\xff\xff", 9);
		code[SIZE - 1] = 0xc3;
	}
	eh_fde(&w->eh, F_PLAIN - EH_CODE, 0x100, P("\x0e\x20"));
	eh_fde(&w->eh, F_END - EH_CODE, 0x100, P("\x07\x10"));
	unwind_cache_flush(w->cache);
	unwind_memo_clear(w->memo);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || !(w->cache = calloc(1, sizeof(*w->cache))) ||
	    !(w->memo = calloc(1, sizeof(*w->memo))))
		return -1;
	w->can_read = true;
	build(w, 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	free(w->cache);
	free(w->memo);
	free(w);
	return 0;
}

static uintptr_t at(struct world *w, size_t i)
{
	return (uintptr_t)w->stack + 8 * i;
}

static size_t walk(struct world *w, uintptr_t pc, struct unwind_cache *cache,
    struct unwind_memo *memo, uintptr_t *pcs)
{
	struct unwind_ctx ctx = { .ops = &ops, .arg = w, .cache = cache, .memo = memo };
	struct unwind_regs regs = { .known = UNWIND_CALLEE_SAVED };

	ctx.stack_lo = at(w, 0);
	ctx.stack_hi = at(w, 256);
	regs.r[UNWIND_PC] = pc;
	regs.r[UNWIND_SP] = at(w, 0);
	regs.r[UNWIND_BP] = at(w, 2);
	return unwind_stack(&ctx, &regs, false, pcs, PCS_MAX, &w->end);
}

/* A stack of n frames of function i, i + 1 ..., then the outermost; a call behind byte 9 of each.
 */
static void stack_of(struct world *w, unsigned i, unsigned n)
{
	size_t bp = 2;

	for (unsigned k = 1; k <= n; k++, bp += 4) {
		w->stack[bp] = at(w, bp + 4);
		w->stack[bp + 1] = k < n ? function(w, (i + k) % FUNCTIONS) + 9 : F_END + 1;
	}
	(void)walk(w, function(w, i) + 9, w->cache, NULL, w->pcs);
	w->n = walk(w, function(w, i) + 9, w->cache, NULL, w->pcs);
}

static size_t proven(const struct world *w)
{
	return unwind_cache_proven(w->cache, EH_CODE, EH_CODE + 0x10000);
}

static void test_all_is_proven(void **state)
{
	struct world *w = *state;

	stack_of(w, 3, 1);
	assert_int_equal(w->n, 2);
	assert_int_equal(proven(w), FUNCTIONS * SIZE);
}

static void test_proven_code_is_not_looked_up(void **state)
{
	struct world *w = *state;
	unsigned before;

	stack_of(w, 3, 1);
	before = w->look_ups;
	stack_of(w, 3, 12);
	assert_int_equal(w->look_ups, before);
	assert_int_equal(w->n, 13);
	for (unsigned k = 0; k < 12; k++)
		assert_int_equal(w->pcs[k], function(w, (3 + k) % FUNCTIONS) + 9);
	assert_int_equal(w->pcs[12], F_END + 1);
	assert_int_equal(w->end, UNWIND_DONE);
}

static void test_a_call_without_a_frame_is_not_proven(void **state)
{
	static const char *const calls[] = { "\xe8\x01\x02\x03\x04", "\xff\xd0\x90\x90\x90",
		"\xff\x15\x01\x02\x03", "\xff\x5f\x01\x90\x90", NULL };

	for (unsigned i = 0; calls[i]; i++) {
		struct world *w = *state;

		build(w, 16);
		memcpy(code_at(w, function(w, 6) + SIZE + 5), calls[i], 5);
		stack_of(w, 8, 1);
		assert_int_equal(proven(w), 0); /* only six are left behind the call */
		build(w, 16);
		memcpy(code_at(w, function(w, 6) + SIZE + 5), calls[i], 5);
		stack_of(w, 3, 1);
		assert_int_equal(proven(w), 0);
	}
}

static void test_a_jump_may_go_any_distance(void **state)
{
	struct world *w = *state;

	build(w, 16);
	memcpy(code_at(w, function(w, 6) + SIZE), "\xe9\xe8\xff\xd0\xff", 5);
	stack_of(w, 8, 1);
	assert_int_equal(proven(w), FUNCTIONS * SIZE + 16);
	build(w, 16);
	memcpy(code_at(w, function(w, 6) + SIZE), "\xe9\x00\x00\x00\x00\xff\xd0", 7);
	stack_of(w, 8, 1);
	assert_int_equal(proven(w), 0);
}

static void test_unreadable_code_is_not_proven(void **state)
{
	struct world *w = *state;

	w->can_read = false;
	stack_of(w, 3, 4);
	assert_int_equal(w->n, 5);
	assert_int_equal(proven(w), 0);
}

static void test_flush_forgets(void **state)
{
	struct world *w = *state;
	unsigned before;

	stack_of(w, 3, 4);
	assert_true(proven(w) > 0);
	unwind_cache_flush(w->cache);
	assert_int_equal(proven(w), 0);
	before = w->look_ups;
	stack_of(w, 3, 4);
	assert_true(w->look_ups > before);
	assert_int_equal(proven(w), FUNCTIONS * SIZE);
}

static void test_one_that_died_is_not_waited_for(void **state)
{
	struct world *w = *state;

	atomic_store(&w->cache->zones_busy, 1);
	stack_of(w, 3, 4);
	assert_int_equal(w->n, 5);
	assert_int_equal(proven(w), 0);
	unwind_cache_after_fork(w->cache);
	unwind_cache_flush(w->cache);
	stack_of(w, 3, 4);
	assert_true(proven(w) > 0);
}

/* A frame of rsp + 32 or of a function in the zone, at each place of the stack by chance. */
static void random_stack(struct world *w, unsigned *seed)
{
	size_t at_word = 0; /* rsp */
	size_t bp = 2;      /* rbp's frame */

	while (at_word + 12 < 250) {
		bool keeps = (unsigned)rand_r(seed) % 8 < (at_word < 60 ? 2u : 6u);
		uintptr_t next = (unsigned)rand_r(seed) % 8 < 5
				     ? function(w, (unsigned)rand_r(seed) % FUNCTIONS) + 9
				     : (uintptr_t)F_PLAIN + 1 + (unsigned)rand_r(seed) % 8;

		if (at_word == 0)
			w->pcs[0] = keeps ? function(w, 2) + 9 : (uintptr_t)F_PLAIN + 1;
		else
			w->stack[at_word - 1] =
			    keeps ? next : (uintptr_t)F_PLAIN + 1 + (unsigned)rand_r(seed) % 8;
		keeps = (at_word ? w->stack[at_word - 1] : w->pcs[0]) < F_PLAIN;
		if (keeps) {
			size_t up = bp + 8;

			w->stack[bp] = at(w, up);
			at_word = bp + 2;
			bp = up;
		} else if (at_word + 4 <= bp) {
			at_word += 4;
		} else {
			break;
		}
	}
	w->stack[at_word ? at_word - 1 : 0] = F_END + 1;
}

static void test_walks_are_those_of_the_rules(void **state)
{
	struct world *w = *state;
	uintptr_t want[PCS_MAX], pcs[PCS_MAX];
	unsigned seed = 7;
	unsigned longest = 0;

	stack_of(w, 3, 1);
	for (int round = 0; round < 20000; round++) {
		enum unwind_end end;
		size_t n;

		/* Sometimes only the inner part is another one. */
		if (round % 3 == 0)
			random_stack(w, &seed);
		else
			w->stack[(unsigned)rand_r(&seed) % 8 + 4] ^= 16;
		n = walk(w, w->pcs[0], NULL, NULL, want);
		end = w->end;
		longest = n > longest ? (unsigned)n : longest;
		for (int i = 0; i < 3; i++) {
			size_t got = walk(w, w->pcs[0], w->cache, i ? w->memo : NULL, pcs);

			assert_int_equal(got, n);
			assert_int_equal(w->end, end);
			assert_memory_equal(pcs, want, n * sizeof(pcs[0]));
		}
	}
	assert_true(longest > 20);
}

/* ---- several threads, one cache ---- */

#define WALKERS 3
#define ROUNDS  3000

struct walker {
	struct world w; /* with everybody's cache and a memo of its own */
	unsigned seed;
	unsigned wrong;
};

/* cmocka's assertions are for the thread of the tests: what is wrong is counted. */
static void *walk_on(void *ctx)
{
	struct walker *a = ctx;
	struct world *w = &a->w;

	for (int round = 0; round < ROUNDS; round++) {
		uintptr_t want[PCS_MAX], pcs[PCS_MAX];
		size_t n, got;

		random_stack(w, &a->seed);
		n = walk(w, w->pcs[0], NULL, NULL, want);
		got = walk(w, w->pcs[0], w->cache, w->memo, pcs);
		a->wrong += got != n || memcmp(pcs, want, n * sizeof(pcs[0])) != 0;
		if (round % 64 == 0)
			unwind_cache_flush(w->cache);
	}
	return NULL;
}

static void test_a_cache_is_shared(void **state)
{
	struct world *w = *state;
	struct walker *walkers = calloc(WALKERS, sizeof(*walkers));
	pthread_t threads[WALKERS];

	assert_non_null(walkers);
	for (unsigned i = 0; i < WALKERS; i++) {
		walkers[i].w = *w;
		walkers[i].w.memo = calloc(1, sizeof(*w->memo));
		walkers[i].seed = i + 1;
		assert_non_null(walkers[i].w.memo);
		assert_int_equal(pthread_create(&threads[i], NULL, walk_on, &walkers[i]), 0);
	}
	for (unsigned i = 0; i < WALKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(walkers[i].wrong, 0);
		free(walkers[i].w.memo);
	}
	free(walkers);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_all_is_proven),
		TEST(test_proven_code_is_not_looked_up),
		TEST(test_a_call_without_a_frame_is_not_proven),
		TEST(test_a_jump_may_go_any_distance),
		TEST(test_unreadable_code_is_not_proven),
		TEST(test_flush_forgets),
		TEST(test_one_that_died_is_not_waited_for),
		TEST(test_walks_are_those_of_the_rules),
		TEST(test_a_cache_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
