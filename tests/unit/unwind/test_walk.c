/*
 * Walks over stacks that are arrays, one for each kind of rule and each end. Every walk is made
 * without a cache, with a cold and a warm one, and with the reuse of the last walk; all must agree.
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
#define PCS_MAX    64

/* Functions of the made-up module, 0x100 bytes each. */
enum {
	F_SP = EH_CODE + 0x010,    /* CFA = rsp + 32, rbp at CFA - 16 */
	F_BP = EH_CODE + 0x110,    /* CFA = rbp + 16, rbp at CFA - 16 */
	F_PLT = EH_CODE + 0x200,   /* the linker's expression */
	F_DRAP = EH_CODE + 0x310,  /* CFA = *(rbp - 16) */
	F_SAVED = EH_CODE + 0x410, /* CFA = *(rsp + 16) + 8 */
	F_RBX = EH_CODE + 0x510,   /* CFA = rbx + 16, rbx at CFA - 24 */
	F_END = EH_CODE + 0x610,   /* outermost */
	F_PUSH = EH_CODE + 0x710,  /* CFA = rsp + 24, rbx at CFA - 16 */
	F_LEFT = EH_CODE + 0x810,  /* end of F_DRAP: CFA = rsp + 8, but still rbp at *rbp */
	F_SIG = EH_CODE + 0x1010,  /* signal return, in a module of its own */
	F_BARE = EH_CODE + 0x8010, /* no unwind information */
};

struct world {
	struct eh eh;
	struct eh signal;
	uintptr_t stack[256];
	struct unwind_cache *cache;
	struct unwind_memo *memo;
	uintptr_t pcs[PCS_MAX];
	size_t n;
	enum unwind_end end;
	/* What read_word may read. */
	uintptr_t extra_at;
	uintptr_t extra[256];
	unsigned reads;
	unsigned look_ups;
};

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	struct world *w = ctx;

	w->look_ups++;
	if (pc < EH_CODE || pc >= EH_CODE + 0x8000)
		return false;
	*out = eh_module(pc < EH_CODE + 0x1000 ? &w->eh : &w->signal);
	return true;
}

static bool read_word(void *ctx, uintptr_t addr, uintptr_t *out)
{
	struct world *w = ctx;

	w->reads++;
	assert_int_equal(addr % 8, 0);
	if (addr - w->extra_at >= sizeof(w->extra))
		return false;
	*out = w->extra[(addr - w->extra_at) / 8];
	return true;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct eh *eh;

	if (!w || !(w->cache = calloc(1, sizeof(*w->cache))) ||
	    !(w->memo = calloc(1, sizeof(*w->memo))))
		return -1;
	eh = &w->eh;
	eh_init(eh, "zR");
	eh_fde(eh, 0x000, 0x100, P("\x0e\x20\x86\x02"));
	eh_fde(eh, 0x100, 0x100, P("\x0c\x06\x10\x86\x02"));
	eh_fde(eh, 0x200, 0x100, P("\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22"));
	eh_fde(eh, 0x300, 0x100, P("\x10\x06\x02\x76\x00\x0f\x03\x76\x70\x06"));
	eh_fde(eh, 0x400, 0x100, P("\x0f\x05\x77\x10\x06\x23\x08"));
	eh_fde(eh, 0x500, 0x100, P("\x0c\x03\x10\x83\x03"));
	eh_fde(eh, 0x600, 0x100, P("\x07\x10"));
	eh_fde(eh, 0x700, 0x100, P("\x0e\x18\x83\x02"));
	eh_fde(eh, 0x800, 0x100, P("\x10\x06\x02\x76\x00"));
	eh_init(&w->signal, "zRS");
	eh_fde(&w->signal, 0x1000, 0x100, P("\x0f\x04\x77\xa0\x01\x06"));
	for (size_t i = 0; i < 256; i++)
		w->stack[i] = 0xdead0000 + i;
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

static struct unwind_regs regs_at(uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
	struct unwind_regs regs = { .known = UNWIND_CALLEE_SAVED };

	regs.r[UNWIND_PC] = pc;
	regs.r[UNWIND_SP] = sp;
	regs.r[UNWIND_BP] = bp;
	regs.r[UNWIND_RBX] = 0xbbb;
	return regs;
}

static const struct unwind_ops ops = { .read_word = read_word, .find_module = find_module };

static struct unwind_ctx ctx_of(struct world *w)
{
	return (struct unwind_ctx){
		.ops = &ops, .arg = w, .stack_lo = at(w, 0), .stack_hi = at(w, 256)
	};
}

static void assert_same(struct world *w, const struct unwind_ctx *ctx,
    const struct unwind_regs *regs, bool exact, size_t max)
{
	uintptr_t pcs[PCS_MAX];
	enum unwind_end end;
	size_t n = unwind_stack(ctx, regs, exact, pcs, max, &end);

	assert_int_equal(n, w->n);
	assert_memory_equal(pcs, w->pcs, n * sizeof(pcs[0]));
	assert_int_equal(end, w->end);
}

/* Walks in all ways; the result is in *w. */
static void walk_to(struct world *w, const struct unwind_regs *regs, bool exact, size_t max)
{
	struct unwind_ctx ctx = ctx_of(w);

	/* The stack's words can be had by read_word too: below rsp nothing is read directly. */
	memcpy(w->extra, w->stack, sizeof(w->extra));
	w->extra_at = at(w, 0);
	w->n = unwind_stack(&ctx, regs, exact, w->pcs, max, &w->end);
	ctx.cache = w->cache;
	assert_same(w, &ctx, regs, exact, max);
	assert_same(w, &ctx, regs, exact, max);
	ctx.memo = w->memo;
	for (int i = 0; i < 4; i++)
		assert_same(w, &ctx, regs, exact, max);
	assert_false(w->memo->busy);
	/* And all through read_word. */
	ctx = ctx_of(w);
	ctx.stack_lo = ctx.stack_hi = 0;
	assert_same(w, &ctx, regs, exact, max);
}

static void walk(struct world *w, uintptr_t pc, uintptr_t bp)
{
	struct unwind_regs regs = regs_at(pc, at(w, 0), bp);

	walk_to(w, &regs, true, PCS_MAX);
}

static void assert_pcs(const struct world *w, enum unwind_end end, const uintptr_t *pcs, size_t n)
{
	assert_string_equal(unwind_end_name(w->end), unwind_end_name(end));
	assert_int_equal(w->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(w->pcs[i], pcs[i]);
}

#define ASSERT_PCS(w, end, ...)                                                                    \
	assert_pcs(w, end, (const uintptr_t[]){ __VA_ARGS__ },                                     \
	    sizeof((const uintptr_t[]){ __VA_ARGS__ }) / sizeof(uintptr_t))

static void test_sp_and_bp(void **state)
{
	struct world *w = *state;

	w->stack[2] = at(w, 8); /* F_SP's saved rbp: F_BP's frame */
	w->stack[3] = F_BP;
	w->stack[8] = 0x1234;
	w->stack[9] = F_SP + 5;
	w->stack[13] = F_END;
	walk(w, F_SP, 0x99);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_BP, F_SP + 5, F_END);
}

static void test_plt(void **state)
{
	struct world *w = *state;

	w->stack[0] = 77; /* what the entry pushed */
	w->stack[1] = F_END;
	walk(w, F_PLT + 11, 0);
	ASSERT_PCS(w, UNWIND_DONE, F_PLT + 11, F_END);
	w->stack[0] = F_END + 1;
	walk(w, F_PLT + 10, 0);
	ASSERT_PCS(w, UNWIND_DONE, F_PLT + 10, F_END + 1);
}

static void test_realigned_stack(void **state)
{
	struct world *w = *state;

	w->stack[4] = at(w, 12); /* CFA */
	w->stack[6] = at(w, 20); /* rbp points here; the caller's rbp */
	w->stack[11] = F_BP;
	w->stack[20] = 0;
	w->stack[21] = F_END;
	walk(w, F_DRAP, at(w, 6));
	ASSERT_PCS(w, UNWIND_DONE, F_DRAP, F_BP, F_END);
}

/* In the last instructions of such a function rbp is its caller's, whatever the row says. */
static void test_realigned_stack_at_its_end(void **state)
{
	struct world *w = *state;

	w->stack[0] = F_BP;
	w->stack[6] = at(w, 20); /* the frame of F_BP: rbp is already this */
	w->stack[7] = F_BP + 1;
	w->stack[20] = 0;
	w->stack[21] = F_END;
	walk(w, F_LEFT, at(w, 6));
	ASSERT_PCS(w, UNWIND_DONE, F_LEFT, F_BP, F_BP + 1, F_END);
	w->stack[0] = F_SP; /* a caller that uses rbp for something else */
	w->stack[4] = F_END;
	walk(w, F_LEFT, 0x300000002);
	ASSERT_PCS(w, UNWIND_DONE, F_LEFT, F_SP, F_END);
}

static void test_saved_rsp(void **state)
{
	struct world *w = *state;

	w->stack[2] = at(w, 9);
	w->stack[9] = F_BP;
	w->stack[20] = 0;
	w->stack[21] = F_END;
	walk(w, F_SAVED, at(w, 20));
	ASSERT_PCS(w, UNWIND_DONE, F_SAVED, F_BP, F_END);
}

/* The CFA is in rbx, which a frame further in has saved: full evaluation from the first frame. */
static void test_cfa_in_another_register(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_PUSH, at(w, 0), 0);

	w->stack[1] = at(w, 10); /* rbx of the caller */
	w->stack[2] = F_SP;
	w->stack[5] = 0x1111;
	w->stack[6] = F_RBX;     /* CFA = rbx + 16: stack[12] */
	w->stack[9] = at(w, 20); /* its caller's rbx */
	w->stack[11] = F_RBX + 1;
	w->stack[21] = F_SP + 1;
	w->stack[25] = F_END;
	walk_to(w, &regs, true, PCS_MAX);
	ASSERT_PCS(w, UNWIND_DONE, F_PUSH, F_SP, F_RBX, F_RBX + 1, F_SP + 1, F_END);
	/* Nobody saved it, and the walk started without: that is told, not guessed. */
	regs = regs_at(F_SP, at(w, 3), 0);
	regs.known &= ~(1u << UNWIND_RBX);
	walk_to(w, &regs, true, PCS_MAX);
	ASSERT_PCS(w, UNWIND_STUCK, F_SP, F_RBX);
}

static void put_context(struct world *w, size_t i, uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
	ucontext_t *uc = (ucontext_t *)&w->stack[i];

	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)sp;
	uc->uc_mcontext.gregs[REG_RBP] = (greg_t)bp;
	uc->uc_mcontext.gregs[REG_RBX] = (greg_t)at(w, 40);
}

static void test_signal_frame(void **state)
{
	struct world *w = *state;

	/* The handler's frame, then the kernel's, which interrupted a first instruction. */
	w->stack[3] = F_SIG;
	put_context(w, 4, EH_CODE + 0x100, at(w, 36), 0);
	w->stack[37] = F_END;
	walk(w, F_SP, 0);
	/* The row of EH_CODE + 0x100, exactly, not of the byte before it. */
	assert_int_equal(w->end, UNWIND_STUCK);
	assert_int_equal(w->n, 3);
	put_context(w, 4, F_RBX, at(w, 36), 0);
	w->stack[41] = F_END;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_SIG, F_RBX, F_END);
}

/* The handler ran on a stack of its own, above the interrupted one. */
static void test_signal_stack(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_SP, at(w, 100), 0);

	w->stack[103] = F_SIG;
	put_context(w, 104, F_SP + 1, at(w, 0), 0);
	w->stack[3] = F_END;
	walk_to(w, &regs, true, PCS_MAX);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_SIG, F_SP + 1, F_END);
}

static void test_frame_pointers_without_information(void **state)
{
	struct world *w = *state;

	w->stack[4] = at(w, 8);
	w->stack[5] = F_BARE + 1;
	w->stack[8] = 0;
	w->stack[9] = F_BARE + 2;
	walk(w, F_BARE, at(w, 4));
	ASSERT_PCS(w, UNWIND_DONE, F_BARE, F_BARE + 1, F_BARE + 2);
	/* A chain that goes down, one that is not aligned, one below rsp. */
	w->stack[8] = at(w, 4);
	walk(w, F_BARE, at(w, 4));
	ASSERT_PCS(w, UNWIND_STUCK, F_BARE, F_BARE + 1);
	walk(w, F_BARE, at(w, 4) + 1);
	ASSERT_PCS(w, UNWIND_STUCK, F_BARE);
	walk(w, F_BARE, at(w, 0) - 8);
	ASSERT_PCS(w, UNWIND_STUCK, F_BARE);
}

static void test_zero_ends(void **state)
{
	struct world *w = *state;

	w->stack[3] = 0;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_DONE, F_SP);
}

static void test_truncation(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_SP, at(w, 0), 0);

	for (size_t i = 0; i < 10; i++)
		w->stack[4 * i + 3] = F_SP + 1 + i;
	w->stack[39] = F_END;
	for (size_t max = 1; max <= 11; max++) {
		walk_to(w, &regs, true, max);
		assert_int_equal(w->n, max);
		assert_int_equal(w->end, max == 11 ? UNWIND_DONE : UNWIND_TRUNCATED);
	}
	assert_int_equal(
	    unwind_stack(&(struct unwind_ctx){ .ops = &ops }, &regs, true, NULL, 0, &w->end), 0);
}

static void test_unreadable(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_SP, at(w, 254), 0);

	walk_to(w, &regs, true, PCS_MAX);
	ASSERT_PCS(w, UNWIND_UNREADABLE, F_SP);
	/* rbp leads away. */
	w->stack[2] = 0x10000;
	w->stack[3] = F_BP;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_STUCK, F_SP, F_BP); /* below: the stack goes up only */
	w->stack[2] = ~(uintptr_t)0xfff;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_UNREADABLE, F_SP, F_BP);
	walk(w, F_SAVED, 0);
	ASSERT_PCS(w, UNWIND_UNREADABLE, F_SAVED);
	/* The highest words there are: no sum of them may come out low. */
	w->stack[2] = ~(uintptr_t)7;
	w->stack[3] = F_BP;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_STUCK, F_SP, F_BP);
	w->stack[2] = ~(uintptr_t)15;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_STUCK, F_SP, F_BP);
}

static void test_words_outside_the_stack(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_SP, 0x20000, 0);
	struct unwind_ctx ctx = ctx_of(w);

	w->extra_at = 0x20000;
	w->extra[3] = F_SP + 1;
	w->extra[7] = F_END;
	w->n = unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_SP + 1, F_END);
	assert_true(w->reads > 0);
	w->reads = 0;
	regs = regs_at(F_SP, at(w, 0), 0);
	w->stack[3] = F_END;
	w->n = unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_END);
	assert_int_equal(w->reads, 0);
}

/* A broken return address must not be taken for, nor spoil, the good one it resembles. */
static void test_address_with_high_bits(void **state)
{
	struct world *w = *state;

	w->stack[3] = F_SP | 0xff00000000000000;
	w->stack[7] = F_END;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_STUCK, F_SP, F_SP | 0xff00000000000000);
	w->stack[3] = F_SP;
	walk(w, F_SP, 0);
	ASSERT_PCS(w, UNWIND_DONE, F_SP, F_SP, F_END);
}

/* Random stacks and registers: any typed end, the same in every way of walking. */
static void test_garbage(void **state)
{
	struct world *w = *state;
	static const uintptr_t places[14] = { F_SP, F_SP + 1, F_SP + 2, F_PUSH, F_PUSH + 1, F_BP,
		F_BP + 1, F_PLT, F_DRAP, F_SAVED, F_RBX, F_SIG, F_BARE, 0 };
	unsigned seed = 12345;
	unsigned longer = 0;

	for (int round = 0; round < 20000; round++) {
		struct unwind_regs regs;

		for (size_t i = 0; i < 256; i++) {
			unsigned r = (unsigned)rand_r(&seed);

			w->stack[i] = places[r / 8 % 14];
			if (r % 8 < 3) /* mostly upwards, as saved frame pointers are */
				w->stack[i] =
				    at(w, i + r / 8 % 40 - (r % 8 == 2 ? 20 : 0)) + (r % 97 == 0);
		}
		regs = regs_at(places[(unsigned)rand_r(&seed) % 14],
		    at(w, (unsigned)rand_r(&seed) % 70), w->stack[200]);
		regs.r[UNWIND_RBX] = w->stack[201];
		walk_to(w, &regs, round & 1, 40);
		longer += w->n > 4;
	}
	assert_true(longer > 100);
}

static void test_cache_is_used_and_flushed(void **state)
{
	struct world *w = *state;
	struct unwind_regs regs = regs_at(F_SP, at(w, 0), 0);
	struct unwind_ctx ctx = ctx_of(w);

	w->stack[3] = F_END;
	ctx.cache = w->cache;
	unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end);
	assert_int_equal(w->look_ups, 2);
	assert_int_equal(w->cache->misses, 2);
	unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end);
	assert_int_equal(w->look_ups, 2);
	unwind_cache_flush(w->cache);
	unwind_stack(&ctx, &regs, true, w->pcs, PCS_MAX, &w->end);
	assert_int_equal(w->look_ups, 4);
	assert_int_equal(w->end, UNWIND_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sp_and_bp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_realigned_stack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_realigned_stack_at_its_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_saved_rsp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cfa_in_another_register, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_frame, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signal_stack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_frame_pointers_without_information, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_zero_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unreadable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_words_outside_the_stack, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_address_with_high_bits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cache_is_used_and_flushed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
