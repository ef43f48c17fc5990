/*
 * Unwind information and stacks of any bytes. Beyond not faulting: a walk without a cache, with a
 * cold and a warm one, and with the reuse of the last walk must agree, also after a stack word has
 * changed between two walks.
 *
 * Input: flags, number of stack words, index of the word at rsp, index of the changed word, code
 * offset (16 bits), then the stack's words, then the module's bytes from its .eh_frame_hdr on. The
 * stack is mapped at STACK_AT with nothing around it, the module is as if at MODULE_AT.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unwind/unwind.h"

#define STACK_AT   0x10000000u
#define STACK_MAX  128u
#define PAGE       4096u
#define MODULE_AT  0x400000u
#define MODULE_END 0x500000u
#define PCS_MAX    48u
#define HEAD       6u

enum { FLAG_EXACT = 1, FLAG_INDIRECT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t flags;
	size_t words;
	size_t sp;
	size_t changed;
	uintptr_t pc;
	uint8_t *module;
	size_t module_size;
	uintptr_t *stack; /* directly below an unmapped page */
};

struct result {
	uintptr_t pcs[PCS_MAX];
	size_t n;
	enum unwind_end end;
};

static struct unwind_cache cache;
static struct unwind_memo memo;

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	const struct input *in = ctx;

	if (pc < MODULE_AT || pc >= MODULE_END)
		return false;
	out->start = MODULE_AT;
	out->end = MODULE_END;
	out->eh_frame_hdr = in->module;
	out->readable_start = in->module;
	out->readable_end = in->module + in->module_size;
	out->delta = MODULE_AT - (uintptr_t)in->module;
	return true;
}

static bool read_word(void *ctx, uintptr_t addr, uintptr_t *out)
{
	const struct input *in = ctx;

	if (addr - (uintptr_t)in->stack >= in->words * 8)
		return false;
	memcpy(out, (const void *)addr, sizeof(*out));
	return true;
}

static struct result walk(struct input *in, bool with_cache, bool with_memo)
{
	static const struct unwind_ops ops = { .read_word = read_word, .find_module = find_module };
	bool is_direct = !(in->flags & FLAG_INDIRECT) || with_memo;
	struct unwind_ctx ctx = { .ops = &ops,
		.arg = in,
		.cache = with_cache ? &cache : NULL,
		.memo = with_memo ? &memo : NULL,
		.stack_lo = is_direct ? (uintptr_t)in->stack : 0,
		.stack_hi = is_direct ? (uintptr_t)(in->stack + in->words) : 0 };
	struct unwind_regs regs = { .known = (1u << UNWIND_REGS) - 1 };
	struct result result;

	for (size_t i = 0; i < UNWIND_REGS; i++)
		regs.r[i] = in->stack[i % in->words];
	regs.r[UNWIND_PC] = in->pc;
	regs.r[UNWIND_SP] = (uintptr_t)(in->stack + in->sp);
	memset(&result, 0, sizeof(result));
	result.n =
	    unwind_stack(&ctx, &regs, in->flags & FLAG_EXACT, result.pcs, PCS_MAX, &result.end);
	return result;
}

static void check(const struct result *a, const struct result *b, const char *how)
{
	if (a->n == b->n && a->end == b->end &&
	    memcmp(a->pcs, b->pcs, a->n * sizeof(a->pcs[0])) == 0)
		return;
	fprintf(stderr, "%s: %zu %s, not %zu %s\n", how, b->n, unwind_end_name(b->end), a->n,
	    unwind_end_name(a->end));
	abort();
}

static void check_all(struct input *in)
{
	const struct result want = walk(in, false, false);
	struct result other;

	for (int i = 0; i < 2; i++) {
		other = walk(in, true, false);
		check(&want, &other, i ? "warm cache" : "cold cache");
	}
	for (int i = 0; i < 3; i++) {
		other = walk(in, true, true);
		check(&want, &other, "memo");
	}
}

static uintptr_t *map_stack(void)
{
	void *stack = mmap((void *)(uintptr_t)STACK_AT, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (stack == MAP_FAILED) {
		perror("mmap");
		abort();
	}
	return stack;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uintptr_t *page;
	struct input in;

	if (!page)
		page = map_stack();
	if (size < HEAD || data[1] == 0 || data[1] > STACK_MAX || size < HEAD + data[1] * 8u)
		return 0;
	in.flags = data[0];
	in.words = data[1];
	in.sp = data[2] % in.words;
	in.changed = data[3] % in.words;
	in.pc = MODULE_AT + data[4] + ((uintptr_t)data[5] << 8);
	/* Both ends touch unmapped memory, though not at once. */
	in.stack = in.flags & 128 ? page : page + PAGE / 8 - in.words;
	memcpy(in.stack, data + HEAD, in.words * 8);
	in.module_size = size - HEAD - in.words * 8;
	in.module = malloc(in.module_size ? in.module_size : 1);
	if (!in.module)
		return 0;
	memcpy(in.module, data + HEAD + in.words * 8, in.module_size);
	unwind_cache_flush(&cache);
	unwind_memo_clear(&memo);
	check_all(&in);
	in.stack[in.changed] += 8;
	check_all(&in);
	free(in.module);
	return 0;
}
