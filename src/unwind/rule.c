/*
 * Unwind rows to rules; see rule.h. The expressions that are recognised by their bytes are the ones
 * that linkers and compilers emit over and over; what each stands for is beside it.
 */
#include "unwind/rule.h"

#include <string.h>

#include "unwind/cfi_read.h"

static uint32_t other(void)
{
	return rule_make(RULE_OTHER, 0, 0);
}

/* Words of a byte distance when it is a whole number of them up to max, else -1. */
static int32_t words(int64_t bytes, int32_t max)
{
	return bytes < 0 || bytes % 8 != 0 || bytes / 8 > max ? -1 : (int32_t)(bytes / 8);
}

static bool block_is(struct cfi_reader block, const char *bytes, size_t n)
{
	return (size_t)(block.end - block.p) == n && memcmp(block.p, bytes, n) == 0;
}

/* breg6 0: saved where rbp points to. */
static bool is_at_bp(const struct cfi_row *row, const struct cfi_cell *cell)
{
	return cell->kind == CFI_EXPR && block_is(cfi_block(row, cell), "\x76\x00", 2);
}

/* Words below the CFA at which rbp is saved, 0 for not saved, -1 for anything else. */
static int32_t bp_words(const struct cfi_row *row)
{
	const struct cfi_cell *bp = &row->reg[UNWIND_BP];

	if (bp->kind == CFI_SAME || bp->kind == CFI_UNDEFINED)
		return 0;
	if (bp->kind != CFI_AT_CFA || bp->v >= 0)
		return -1;
	return words(-(int64_t)bp->v, (int32_t)RULE_BP_MAX);
}

static uint32_t with_cfa(enum rule_kind kind, int64_t cfa_bytes, int32_t bp)
{
	int32_t cfa = words(cfa_bytes, (int32_t)RULE_CFA_MAX);

	return cfa < 0 || bp < 0 ? other() : rule_make(kind, (uint32_t)cfa, (uint32_t)bp);
}

/* breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus: the linker's .plt; N is in byte 6. */
static uint32_t from_plt(struct cfi_reader block)
{
	static const uint8_t form[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0, 0x2a, 0x33, 0x24, 0x22 };

	if ((size_t)(block.end - block.p) != sizeof(form) || memcmp(block.p, form, 6) != 0 ||
	    memcmp(block.p + 7, form + 7, sizeof(form) - 7) != 0 || block.p[6] < 0x30 ||
	    block.p[6] > 0x3f)
		return other();
	return rule_make(RULE_PLT, block.p[6] - 0x30u, 0);
}

/* breg6 -K; deref, with rbp at *rbp: gcc's prologue that realigns the stack. */
static uint32_t from_deref_bp(const struct cfi_row *row, struct cfi_reader block)
{
	int64_t off;

	block.p++;
	off = cfi_sleb(&block);
	if (block.bad || !block_is(block, "\x06", 1) || !is_at_bp(row, &row->reg[UNWIND_BP]) ||
	    off < INT32_MIN || off > 0)
		return other();
	return with_cfa(RULE_DEREF_BP, -off, 0);
}

/* breg7 K; deref; plus_uconst 8: assembly that pushed the old rsp, which pointed to its rip. */
static uint32_t from_deref_sp(const struct cfi_row *row, struct cfi_reader block)
{
	int64_t off;

	block.p++;
	off = cfi_sleb(&block);
	if (block.bad || !block_is(block, "\x06\x23\x08", 3))
		return other();
	return with_cfa(RULE_DEREF_SP, off, bp_words(row));
}

static uint32_t from_expression(const struct cfi_row *row)
{
	struct cfi_reader block = cfi_block(row, &row->cfa);
	uint32_t rule = other();

	if (block.p >= block.end)
		return other();
	if (*block.p == 0x76)
		return from_deref_bp(row, block);
	if (*block.p != 0x77)
		return other();
	if (row->reg[UNWIND_BP].kind == CFI_SAME)
		rule = from_plt(block);
	return rule == other() ? from_deref_sp(row, block) : rule;
}

/* breg7 160; deref: rsp in the ucontext_t at rsp, which is how libc marks the kernel's frame. */
static bool is_kernel_frame(const struct cfi_row *row)
{
	return row->is_signal && row->cfa.kind == CFI_EXPR &&
	       block_is(cfi_block(row, &row->cfa), "\x77\xa0\x01\x06", 4);
}

uint32_t rule_from_row(const struct cfi_row *row)
{
	const struct cfi_cell *ra = &row->reg[UNWIND_PC];

	if (ra->kind == CFI_UNDEFINED)
		return rule_make(RULE_END, 0, 0);
	if (is_kernel_frame(row))
		return rule_make(RULE_SIGNAL, 0, 0);
	if (row->is_signal || ra->kind != CFI_AT_CFA || ra->v != -8 ||
	    row->reg[UNWIND_SP].kind != CFI_SAME)
		return other();
	if (row->cfa.kind == CFI_EXPR)
		return from_expression(row);
	if (row->cfa_reg == UNWIND_SP)
		return with_cfa(RULE_SP, row->cfa.v, bp_words(row));
	if (row->cfa_reg == UNWIND_BP)
		return with_cfa(RULE_BP, row->cfa.v, bp_words(row));
	return other();
}
