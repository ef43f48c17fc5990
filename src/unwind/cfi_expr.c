/*
 * DWARF expressions as call frame information uses them, on unsigned 64-bit words. The common ones
 * never come here: rule.c knows them by their bytes. Loops are possible, so steps are counted.
 */
#include "unwind/cfi.h"

#define STACK_MAX 16
#define STEPS_MAX 512

struct evaluation {
	struct cfi_reader r;
	const uint8_t *start;
	const struct unwind_regs *regs;
	const struct cfi_memory *memory;
	uint64_t stack[STACK_MAX];
	unsigned n;
	enum cfi_result result;
};

static void fail(struct evaluation *e, enum cfi_result result)
{
	if (e->result == CFI_OK)
		e->result = result;
}

static void push(struct evaluation *e, uint64_t v)
{
	if (e->n == STACK_MAX)
		fail(e, CFI_UNKNOWN);
	else
		e->stack[e->n++] = v;
}

static uint64_t pop(struct evaluation *e)
{
	if (e->n == 0) {
		fail(e, CFI_UNKNOWN);
		return 0;
	}
	return e->stack[--e->n];
}

/* The value `depth` below the top. */
static uint64_t peek(struct evaluation *e, unsigned depth)
{
	if (depth >= e->n) {
		fail(e, CFI_UNKNOWN);
		return 0;
	}
	return e->stack[e->n - 1 - depth];
}

static void push_register(struct evaluation *e, uint64_t reg, int64_t offset)
{
	if (reg >= UNWIND_REGS || !(e->regs->known >> reg & 1))
		fail(e, CFI_UNKNOWN);
	else
		push(e, e->regs->r[reg] + (uint64_t)offset);
}

static void deref(struct evaluation *e, unsigned size)
{
	uintptr_t v = 0;

	if (size == 0 || size > 8)
		fail(e, CFI_UNKNOWN);
	else if (!e->memory->read(e->memory->ctx, pop(e), &v))
		fail(e, CFI_UNREADABLE);
	else
		push(e, size == 8 ? v : v & ((1ULL << 8 * size) - 1));
}

/* DW_OP_addr and the constants, 0x03 and 0x08 to 0x11. */
static uint64_t constant(struct evaluation *e, uint8_t op)
{
	switch (op) {
	case 0x08:
		return cfi_u8(&e->r);
	case 0x09:
		return (uint64_t)(int8_t)cfi_u8(&e->r);
	case 0x0a:
		return cfi_u16(&e->r);
	case 0x0b:
		return (uint64_t)(int16_t)cfi_u16(&e->r);
	case 0x0c:
		return cfi_u32(&e->r);
	case 0x0d:
		return (uint64_t)(int32_t)cfi_u32(&e->r);
	case 0x10:
		return cfi_uleb(&e->r);
	case 0x11:
		return (uint64_t)cfi_sleb(&e->r);
	default: /* addr, const8u, const8s */
		return cfi_u64(&e->r);
	}
}

/* DW_OP_rot: the top goes below the next two. */
static void rotate(struct evaluation *e)
{
	uint64_t a = pop(e);
	uint64_t b = pop(e);
	uint64_t c = pop(e);

	push(e, a);
	push(e, c);
	push(e, b);
}

static void swap(struct evaluation *e)
{
	uint64_t a = pop(e);
	uint64_t b = pop(e);

	push(e, a);
	push(e, b);
}

/* 0x12 to 0x17. */
static void shuffle(struct evaluation *e, uint8_t op)
{
	switch (op) {
	case 0x12:
		push(e, peek(e, 0));
		break;
	case 0x13:
		pop(e);
		break;
	case 0x14:
		push(e, peek(e, 1));
		break;
	case 0x15:
		push(e, peek(e, cfi_u8(&e->r)));
		break;
	case 0x16:
		swap(e);
		break;
	default:
		rotate(e);
		break;
	}
}

static uint64_t divide(struct evaluation *e, int64_t a, int64_t b)
{
	if (b == 0 || (a == INT64_MIN && b == -1)) {
		fail(e, CFI_UNKNOWN);
		return 0;
	}
	return (uint64_t)(a / b);
}

static uint64_t modulo(struct evaluation *e, uint64_t a, uint64_t b)
{
	if (b == 0) {
		fail(e, CFI_UNKNOWN);
		return 0;
	}
	return a % b;
}

/* Shifts by the word's size and more are undefined in C; DWARF leaves nothing then. */
static uint64_t shift(uint8_t op, uint64_t a, uint64_t by)
{
	bool fills_with_sign = op == 0x26 && (int64_t)a < 0;

	if (by >= 64)
		return fills_with_sign ? ~0ULL : 0;
	if (op == 0x24)
		return a << by;
	return fills_with_sign ? ~(~a >> by) : a >> by;
}

static bool compare(uint8_t op, int64_t a, int64_t b)
{
	switch (op) {
	case 0x29:
		return a == b;
	case 0x2a:
		return a >= b;
	case 0x2b:
		return a > b;
	case 0x2c:
		return a <= b;
	case 0x2d:
		return a < b;
	default:
		return a != b;
	}
}

static uint64_t binary(struct evaluation *e, uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case 0x1a:
		return a & b;
	case 0x1b:
		return divide(e, (int64_t)a, (int64_t)b);
	case 0x1c:
		return a - b;
	case 0x1d:
		return modulo(e, a, b);
	case 0x1e:
		return a * b;
	case 0x21:
		return a | b;
	case 0x22:
		return a + b;
	case 0x24:
	case 0x25:
	case 0x26:
		return shift(op, a, b);
	case 0x27:
		return a ^ b;
	default:
		return compare(op, (int64_t)a, (int64_t)b);
	}
}

static uint64_t unary(uint8_t op, uint64_t a)
{
	if (op == 0x20)
		return ~a;
	return op == 0x1f || (int64_t)a < 0 ? 0 - a : a; /* neg, abs */
}

/* 0x19 to 0x2e without the operand-carrying ones. */
static void arithmetic(struct evaluation *e, uint8_t op)
{
	uint64_t b = pop(e);
	bool is_unary = op == 0x19 || op == 0x1f || op == 0x20;

	push(e, is_unary ? unary(op, b) : binary(e, op, pop(e), b));
}

/* DW_OP_skip and DW_OP_bra: a 16-bit distance from behind it, kept inside the block. */
static void branch(struct evaluation *e, bool taken)
{
	int64_t distance = (int16_t)cfi_u16(&e->r);

	if (!taken || e->r.bad)
		return;
	if (distance < e->start - e->r.p || distance > e->r.end - e->r.p)
		fail(e, CFI_UNKNOWN);
	else
		e->r.p += distance;
}

static void operation(struct evaluation *e, uint8_t op)
{
	if (op >= 0x70 && op <= 0x8f)
		push_register(e, op - 0x70u, cfi_sleb(&e->r));
	else if (op >= 0x30 && op <= 0x4f)
		push(e, op - 0x30u);
	else if (op == 0x03 || (op >= 0x08 && op <= 0x11))
		push(e, constant(e, op));
	else if (op >= 0x12 && op <= 0x17)
		shuffle(e, op);
	else if (op == 0x06 || op == 0x94)
		deref(e, op == 0x06 ? 8 : cfi_u8(&e->r));
	else if (op == 0x23)
		push(e, pop(e) + cfi_uleb(&e->r));
	else if (op == 0x28 || op == 0x2f)
		branch(e, op == 0x2f || pop(e) != 0);
	else if (op >= 0x19 && op <= 0x2e)
		arithmetic(e, op);
	else if (op != 0x96) /* nop */
		fail(e, CFI_UNKNOWN);
}

enum cfi_result cfi_expr(struct cfi_reader block, const struct unwind_regs *in,
    const uintptr_t *cfa, const struct cfi_memory *memory, uintptr_t *out)
{
	struct evaluation e = { .r = block, .start = block.p, .regs = in, .memory = memory };
	unsigned steps = 0;
	uint64_t top;

	if (cfa)
		push(&e, *cfa);
	while (e.result == CFI_OK && !e.r.bad && e.r.p < e.r.end && steps++ < STEPS_MAX)
		operation(&e, cfi_u8(&e.r));
	top = pop(&e);
	if (e.r.bad || steps > STEPS_MAX)
		fail(&e, CFI_UNKNOWN);
	if (e.result == CFI_OK)
		*out = top;
	return e.result;
}
