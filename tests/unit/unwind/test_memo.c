/*
 * Reuse of the last walk: what is taken over, and that a changed stack is always noticed. The
 * stacks are arrays of frames of one function without a frame pointer and one with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eh_build.h"
#include "unwind/regs_x86_64.h"

#define P(literal) literal, sizeof(literal) - 1
#define WORDS      4096
#define PCS_MAX    600

enum {
	PLAIN = EH_CODE + 0x010, /* CFA = rsp + 32 */
	SAVES = EH_CODE + 0x110, /* CFA = rsp + 32, rbp at CFA - 24 */
	FRAME = EH_CODE + 0x210, /* CFA = rbp + 16, rbp at CFA - 16 */
	LAST = EH_CODE + 0x310,
	DEREF = EH_CODE + 0x410, /* CFA = *(rsp + 8) + 8 */
};

struct world {
	struct eh eh;
	struct unwind_cache cache;
	struct unwind_memo memo;
	uintptr_t stack[WORDS];
	uintptr_t pcs[PCS_MAX];
	size_t n;
	enum unwind_end end;
};

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	struct world *w = ctx;

	*out = eh_module(&w->eh);
	return pc >= out->start && pc < out->end;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	eh_init(&w->eh, "zR");
	eh_fde(&w->eh, 0x000, 0x100, P("\x0e\x20"));
	eh_fde(&w->eh, 0x100, 0x100, P("\x0e\x20\x86\x03"));
	eh_fde(&w->eh, 0x200, 0x100, P("\x0c\x06\x10\x86\x02"));
	eh_fde(&w->eh, 0x300, 0x100, P("\x07\x10"));
	eh_fde(&w->eh, 0x400, 0x100, P("\x0f\x05\x77\x08\x06\x23\x08"));
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static uintptr_t at(struct world *w, size_t i)
{
	return (uintptr_t)w->stack + 8 * i;
}

/* Return addresses of `frames` plain frames from word `from` on; then the outermost. */
static void fill(struct world *w, size_t from, size_t frames)
{
	for (size_t i = 0; i < frames; i++)
		w->stack[from + 4 * i + 3] = i + 1 < frames ? PLAIN + i % 0x80 : LAST;
}

/* Walks with the memo and compares with a walk without. Returns the number taken over. */
static uint32_t walk(struct world *w, uintptr_t pc, size_t sp, uintptr_t bp, size_t max)
{
	static const struct unwind_ops ops = { .find_module = find_module };
	struct unwind_ctx ctx = { .ops = &ops,
		.arg = w,
		.cache = &w->cache,
		.memo = &w->memo,
		.stack_lo = at(w, 0),
		.stack_hi = at(w, WORDS) };
	struct unwind_regs regs = { .known = UNWIND_CALLEE_SAVED };
	uintptr_t pcs[PCS_MAX];
	enum unwind_end end;

	regs.r[UNWIND_PC] = pc;
	regs.r[UNWIND_SP] = at(w, sp);
	regs.r[UNWIND_BP] = bp;
	w->n = unwind_stack(&ctx, &regs, true, w->pcs, max, &w->end);
	ctx.memo = NULL;
	assert_int_equal(unwind_stack(&ctx, &regs, true, pcs, max, &end), w->n);
	assert_memory_equal(pcs, w->pcs, w->n * sizeof(pcs[0]));
	assert_int_equal(end, w->end);
	assert_false(w->memo.busy);
	return w->memo.reused;
}

static void test_same_stack(void **state)
{
	struct world *w = *state;

	fill(w, 0, 20);
	walk(w, PLAIN, 0, 0, PCS_MAX); /* decodes: noted as steps that cannot be checked */
	unwind_memo_clear(&w->memo);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 0);
	assert_int_equal(w->n, 21);
	assert_int_equal(w->end, UNWIND_DONE);
	/* All but the first, whose pc is no return address. */
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 20);
	assert_int_equal(walk(w, PLAIN + 1, 0, 0, PCS_MAX), 20);
}

static void test_shorter_and_longer(void **state)
{
	struct world *w = *state;

	fill(w, 400, 10);
	walk(w, PLAIN, 400, 0, PCS_MAX);
	walk(w, PLAIN, 400, 0, PCS_MAX);
	fill(w, 360, 20);
	w->stack[399] = PLAIN; /* the rest was rewritten alike, but for the addresses */
	walk(w, PLAIN, 360, 0, PCS_MAX);
	assert_int_equal(w->n, 21);
	assert_int_equal(walk(w, PLAIN, 400, 0, PCS_MAX), 10);
	assert_int_equal(walk(w, PLAIN, 420, 0, PCS_MAX), 5);
	/* The inner part is new again; what was taken over above is still known. */
	assert_int_equal(walk(w, PLAIN, 360, 0, PCS_MAX), 5);
	assert_int_equal(walk(w, PLAIN, 360, 0, PCS_MAX), 20);
}

/* Any return address changes: the frames inside it are walked anew, those outside taken over. */
static void test_every_changed_return_address(void **state)
{
	struct world *w = *state;

	fill(w, 0, 30);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	for (size_t i = 0; i < 29; i++) {
		unwind_memo_clear(&w->memo);
		walk(w, PLAIN, 0, 0, PCS_MAX);
		w->stack[4 * i + 3] += 1;
		assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 29 - i);
		assert_int_equal(w->pcs[i + 1], w->stack[4 * i + 3]);
	}
}

/* The same return addresses, another saved rbp: a frame further out lies elsewhere then. */
static void test_changed_frame_pointer(void **state)
{
	struct world *w = *state;

	fill(w, 0, 8);
	w->stack[11] = SAVES; /* frame at 12 to 16, rbp in 13 */
	w->stack[13] = at(w, 26);
	w->stack[15] = FRAME;
	w->stack[27] = PLAIN + 7;
	w->stack[31] = LAST;
	w->stack[41] = PLAIN + 7;
	w->stack[45] = LAST;
	walk(w, PLAIN, 0, 0, PCS_MAX);
	unwind_memo_clear(&w->memo);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), w->n - 1);
	w->stack[13] = at(w, 40);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 0);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), w->n - 1);
	/* And a first frame that differs in rbp only. */
	w->stack[11] = PLAIN;
	w->stack[15] = FRAME;
	walk(w, PLAIN, 0, at(w, 26), PCS_MAX);
	walk(w, PLAIN, 0, at(w, 40), PCS_MAX);
}

/* A step that read a third word cannot be checked, so it is made anew each time. */
static void test_steps_that_cannot_be_checked(void **state)
{
	struct world *w = *state;

	fill(w, 0, 4);
	w->stack[7] = DEREF; /* frame at 8 */
	w->stack[9] = at(w, 15);
	fill(w, 12, 6);
	w->stack[15] = PLAIN;
	walk(w, PLAIN, 0, 0, PCS_MAX);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 6);
	w->stack[9] = at(w, 19); /* the only change */
	walk(w, PLAIN, 0, 0, PCS_MAX);
	assert_int_equal(w->end, UNWIND_DONE);
}

static void test_truncated_walks(void **state)
{
	struct world *w = *state;

	fill(w, 0, 60);
	walk(w, PLAIN, 0, 0, 30);
	unwind_memo_clear(&w->memo);
	walk(w, PLAIN, 0, 0, 30);
	for (size_t max = 1; max < 64; max++) {
		walk(w, PLAIN, 0, 0, max);
		assert_int_equal(w->end, max < 61 ? UNWIND_TRUNCATED : UNWIND_DONE);
	}
	walk(w, PLAIN, 80, 0, 10);
	walk(w, PLAIN, 0, 0, 64);
	assert_in_range(walk(w, PLAIN, 0, 0, 64), 52, 60);
}

static void test_deeper_than_the_memo(void **state)
{
	struct world *w = *state;

	fill(w, 0, 500);
	for (int i = 0; i < 4; i++) {
		walk(w, PLAIN, 0, 0, PCS_MAX);
		assert_int_equal(w->n, 501);
	}
	for (size_t sp = 0; sp < 1900; sp += 36)
		walk(w, PLAIN, sp, 0, PCS_MAX);
	for (size_t sp = 1900; sp > 0; sp -= 76)
		walk(w, PLAIN, sp, 0, PCS_MAX);
}

/* A stack that ends in a zero return address, which is no frame but was looked at. */
static void test_zero_at_the_end(void **state)
{
	struct world *w = *state;

	fill(w, 0, 12);
	w->stack[47] = 0;
	walk(w, PLAIN, 0, 0, PCS_MAX);
	assert_int_equal(w->n, 12);
	unwind_memo_clear(&w->memo);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	for (int i = 0; i < 3; i++)
		assert_in_range(walk(w, PLAIN, 0, 0, PCS_MAX), 11, 12);
	w->stack[47] = LAST;
	walk(w, PLAIN, 0, 0, PCS_MAX);
	assert_int_equal(w->n, 13);
}

static void test_forgotten_after_a_flush(void **state)
{
	struct world *w = *state;

	fill(w, 0, 10);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	unwind_cache_flush(&w->cache);
	assert_int_equal(walk(w, PLAIN, 0, 0, PCS_MAX), 0);
}

/* A walk in a signal handler that interrupted one with the same memo leaves it alone. */
static void test_busy(void **state)
{
	struct world *w = *state;
	struct unwind_memo before;

	fill(w, 0, 10);
	walk(w, PLAIN, 0, 0, PCS_MAX);
	w->memo.busy = true;
	before = w->memo;
	assert_int_equal(w->n, 11);
	fill(w, 40, 20);
	{
		static const struct unwind_ops ops = { .find_module = find_module };
		struct unwind_ctx ctx = { .ops = &ops,
			.arg = w,
			.cache = &w->cache,
			.memo = &w->memo,
			.stack_lo = at(w, 0),
			.stack_hi = at(w, WORDS) };
		struct unwind_regs regs = { .known = UNWIND_CALLEE_SAVED };

		regs.r[UNWIND_PC] = PLAIN;
		regs.r[UNWIND_SP] = at(w, 40);
		assert_int_equal(unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end), 21);
	}
	assert_memory_equal(&before, &w->memo, sizeof(before));
	unwind_memo_clear(&w->memo);
	walk(w, PLAIN, 40, 0, PCS_MAX);
}

/* Random walks over random changes: with and without the memo must always agree. */
static void test_random_changes(void **state)
{
	struct world *w = *state;
	static const uintptr_t codes[] = { PLAIN, PLAIN + 1, SAVES, SAVES + 1, FRAME, DEREF };
	unsigned seed = 99;
	uint64_t reused = 0;

	for (size_t i = 0; i < 400; i++)
		w->stack[i] = i % 4 == 3 ? codes[(unsigned)rand_r(&seed) % 4] : at(w, i + 9);
	w->stack[399] = LAST;
	for (int round = 0; round < 50000; round++) {
		size_t i = (unsigned)rand_r(&seed) % 396;
		unsigned r = (unsigned)rand_r(&seed);

		if (r % 3 == 0 && i % 4 == 3)
			w->stack[i] = codes[r / 3 % 6];
		else if (r % 3 == 1 && i % 4 != 3)
			w->stack[i] = at(w, (i + r / 3 % 50) | 3) - 8 * (r / 150 % 2);
		reused += walk(w, PLAIN, (unsigned)rand_r(&seed) % 60 * 4, at(w, r / 9 % 400), 100);
	}
	assert_true(reused > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_stack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shorter_and_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_every_changed_return_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changed_frame_pointer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_steps_that_cannot_be_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncated_walks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deeper_than_the_memo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_zero_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgotten_after_a_flush, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_changes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
