/*
 * The byte code of call frame information, run up to one code address or through all of its rows.
 * Rows of all 17 registers are kept, as the walk sometimes needs more than rbp; it costs 150 bytes
 * a row, and a walk runs on signal stacks, so the stack of remembered rows is short.
 */
#include "unwind/cfi.h"

/* DW_CFA_remember_state nests once or twice in compiled code. */
#define SAVED_MAX 6

enum status { NEXT, FOUND, BAD };

struct machine {
	struct cfi_reader r;
	const struct unwind_module *module;
	const struct cfi_fde *fde;
	cfi_visit *visit; /* NULL: only the row at `target` is wanted */
	void *visitor;
	uintptr_t loc;
	uintptr_t target;
	struct cfi_row row;
	struct cfi_row initial;
	unsigned saved_count;
	struct cfi_row saved[SAVED_MAX];
};

static enum status advance_to(struct machine *m, uintptr_t loc)
{
	if (loc < m->loc)
		return BAD;
	if (loc > m->target)
		return FOUND;
	if (m->visit && loc > m->loc && !m->visit(m->visitor, &m->row, m->loc, loc))
		return BAD;
	m->loc = loc;
	return NEXT;
}

static enum status advance(struct machine *m, uint64_t units)
{
	uint64_t bytes;
	uintptr_t loc;

	if (__builtin_mul_overflow(units, m->fde->code_align, &bytes) ||
	    __builtin_add_overflow(m->loc, bytes, &loc))
		return BAD;
	return advance_to(m, loc);
}

/* Registers beyond the table (vector registers) are of no interest. */
static enum status set(struct machine *m, uint64_t reg, enum cfi_kind kind, int64_t v)
{
	if (v < INT32_MIN || v > INT32_MAX)
		return BAD;
	if (reg < UNWIND_REGS)
		m->row.reg[reg] = (struct cfi_cell){ kind, (int32_t)v };
	return NEXT;
}

static enum status set_factored(struct machine *m, uint64_t reg, enum cfi_kind kind, int64_t v)
{
	if (__builtin_mul_overflow(v, m->fde->data_align, &v))
		return BAD;
	return set(m, reg, kind, v);
}

static enum status restore(struct machine *m, uint64_t reg)
{
	if (reg < UNWIND_REGS)
		m->row.reg[reg] = m->initial.reg[reg];
	return NEXT;
}

/* Only half of a register plus offset is given: with an expression in force, there is no other. */
static enum status set_cfa_reg(struct machine *m, uint64_t reg)
{
	if (reg >= UNWIND_PC || m->row.cfa.kind != CFI_SAME)
		return BAD;
	m->row.cfa_reg = (uint32_t)reg;
	return NEXT;
}

static enum status set_cfa_offset(struct machine *m, int64_t v)
{
	if (v < INT32_MIN || v > INT32_MAX || m->row.cfa.kind != CFI_SAME)
		return BAD;
	m->row.cfa.v = (int32_t)v;
	return NEXT;
}

/* Skips an expression block; its place relative to the module, -1 when that does not fit. */
static int64_t skip_block(struct machine *m)
{
	int64_t place = m->r.p - m->module->readable_start;

	cfi_bytes(&m->r, cfi_uleb(&m->r));
	return place <= INT32_MAX ? place : -1;
}

static enum status set_block(struct machine *m, uint64_t reg, enum cfi_kind kind)
{
	int64_t place = skip_block(m);

	return place < 0 ? BAD : set(m, reg, kind, place);
}

static enum status op_nop(struct machine *m)
{
	(void)m;
	return NEXT;
}

static enum status op_set_loc(struct machine *m)
{
	return advance_to(m, cfi_pointer(&m->r, m->fde->encoding, m->module->delta, 0));
}

static enum status op_advance1(struct machine *m)
{
	return advance(m, cfi_u8(&m->r));
}

static enum status op_advance2(struct machine *m)
{
	return advance(m, cfi_u16(&m->r));
}

static enum status op_advance4(struct machine *m)
{
	return advance(m, cfi_u32(&m->r));
}

static enum status op_offset_extended(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	return set_factored(m, reg, CFI_AT_CFA, (int64_t)cfi_uleb(&m->r));
}

static enum status op_restore_extended(struct machine *m)
{
	return restore(m, cfi_uleb(&m->r));
}

static enum status op_undefined(struct machine *m)
{
	return set(m, cfi_uleb(&m->r), CFI_UNDEFINED, 0);
}

static enum status op_same_value(struct machine *m)
{
	return set(m, cfi_uleb(&m->r), CFI_SAME, 0);
}

static enum status op_register(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	return set(m, reg, CFI_IN_REG, (int64_t)cfi_uleb(&m->r));
}

static enum status op_remember(struct machine *m)
{
	if (m->saved_count == SAVED_MAX)
		return BAD;
	m->saved[m->saved_count++] = m->row;
	return NEXT;
}

static enum status op_restore_state(struct machine *m)
{
	if (m->saved_count == 0)
		return BAD;
	m->row = m->saved[--m->saved_count];
	return NEXT;
}

static enum status op_def_cfa(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	m->row.cfa.kind = CFI_SAME;
	return set_cfa_reg(m, reg) == BAD ? BAD : set_cfa_offset(m, (int64_t)cfi_uleb(&m->r));
}

static enum status op_def_cfa_register(struct machine *m)
{
	return set_cfa_reg(m, cfi_uleb(&m->r));
}

static enum status op_def_cfa_offset(struct machine *m)
{
	return set_cfa_offset(m, (int64_t)cfi_uleb(&m->r));
}

static enum status op_def_cfa_expression(struct machine *m)
{
	int64_t place = skip_block(m);

	if (place < 0)
		return BAD;
	m->row.cfa = (struct cfi_cell){ CFI_EXPR, (int32_t)place };
	return NEXT;
}

static enum status op_expression(struct machine *m)
{
	return set_block(m, cfi_uleb(&m->r), CFI_EXPR);
}

static enum status op_offset_extended_sf(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	return set_factored(m, reg, CFI_AT_CFA, cfi_sleb(&m->r));
}

static enum status op_def_cfa_offset_sf(struct machine *m)
{
	int64_t v;

	if (__builtin_mul_overflow(cfi_sleb(&m->r), m->fde->data_align, &v))
		return BAD;
	return set_cfa_offset(m, v);
}

static enum status op_def_cfa_sf(struct machine *m)
{
	m->row.cfa.kind = CFI_SAME;
	return set_cfa_reg(m, cfi_uleb(&m->r)) == BAD ? BAD : op_def_cfa_offset_sf(m);
}

static enum status op_val_offset(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	return set_factored(m, reg, CFI_IS_CFA, (int64_t)cfi_uleb(&m->r));
}

static enum status op_val_offset_sf(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);

	return set_factored(m, reg, CFI_IS_CFA, cfi_sleb(&m->r));
}

static enum status op_val_expression(struct machine *m)
{
	return set_block(m, cfi_uleb(&m->r), CFI_VAL_EXPR);
}

/* Size of pushed arguments: for exception handling only. */
static enum status op_args_size(struct machine *m)
{
	cfi_uleb(&m->r);
	return NEXT;
}

/* An old form of offset_extended_sf, with the sign in the operation. */
static enum status op_negative_offset(struct machine *m)
{
	uint64_t reg = cfi_uleb(&m->r);
	uint64_t v = cfi_uleb(&m->r);

	return v > INT32_MAX ? BAD : set_factored(m, reg, CFI_AT_CFA, -(int64_t)v);
}

static enum status (*const extended[0x40])(struct machine *) = {
	[0x00] = op_nop,
	[0x01] = op_set_loc,
	[0x02] = op_advance1,
	[0x03] = op_advance2,
	[0x04] = op_advance4,
	[0x05] = op_offset_extended,
	[0x06] = op_restore_extended,
	[0x07] = op_undefined,
	[0x08] = op_same_value,
	[0x09] = op_register,
	[0x0a] = op_remember,
	[0x0b] = op_restore_state,
	[0x0c] = op_def_cfa,
	[0x0d] = op_def_cfa_register,
	[0x0e] = op_def_cfa_offset,
	[0x0f] = op_def_cfa_expression,
	[0x10] = op_expression,
	[0x11] = op_offset_extended_sf,
	[0x12] = op_def_cfa_sf,
	[0x13] = op_def_cfa_offset_sf,
	[0x14] = op_val_offset,
	[0x15] = op_val_offset_sf,
	[0x16] = op_val_expression,
	[0x2e] = op_args_size,
	[0x2f] = op_negative_offset,
};

/* The three operations with an operand in the low six bits, and the table of the others. */
static enum status execute(struct machine *m, uint8_t op)
{
	uint8_t low = op & 0x3f;

	switch (op >> 6) {
	case 1:
		return advance(m, low);
	case 2:
		return set_factored(m, low, CFI_AT_CFA, (int64_t)cfi_uleb(&m->r));
	case 3:
		return restore(m, low);
	default:
		return extended[low] ? extended[low](m) : BAD;
	}
}

static bool run(struct machine *m, struct cfi_reader program)
{
	enum status status = NEXT;

	m->r = program;
	while (status == NEXT && m->r.p < m->r.end)
		status = execute(m, cfi_u8(&m->r));
	return status != BAD && !m->r.bad;
}

/* The CIE's part; `m` is the caller's as `saved` is large and stays unset. */
static bool start(struct machine *m, const struct unwind_module *module, const struct cfi_fde *fde)
{
	m->module = module;
	m->fde = fde;
	m->visit = NULL;
	m->saved_count = 0;
	m->loc = 0;
	m->target = UINTPTR_MAX; /* there are no addresses here */
	m->row = (struct cfi_row){
		.base = module->readable_start,
		.end = module->readable_end,
		.cfa_reg = UNWIND_SP,
		.cfa = { CFI_SAME, 8 },
		.is_signal = fde->is_signal,
	};
	m->initial = m->row;
	if (!run(m, fde->initial))
		return false;
	m->initial = m->row;
	m->loc = fde->start;
	return true;
}

bool cfi_run(const struct unwind_module *module, const struct cfi_fde *fde, uintptr_t pc,
    struct cfi_row *row)
{
	struct machine m;

	if (!start(&m, module, fde))
		return false;
	m.target = pc;
	if (!run(&m, fde->program))
		return false;
	*row = m.row;
	return true;
}

_Static_assert(sizeof(struct machine) <= sizeof(struct unwind_room), "a machine fits in a room");

bool cfi_each_row(const struct unwind_module *module, const struct cfi_fde *fde, cfi_visit *visit,
    void *ctx, struct unwind_room *room)
{
	struct machine *m = (struct machine *)(void *)room;

	if (fde->start >= fde->end || !start(m, module, fde))
		return false;
	m->visit = visit;
	m->visitor = ctx;
	m->target = fde->end;
	return run(m, fde->program) &&
	       (m->loc == fde->end || visit(ctx, &m->row, m->loc, fde->end));
}

struct cfi_reader cfi_block(const struct cfi_row *row, const struct cfi_cell *cell)
{
	struct cfi_reader none = { row->end, row->end, true };
	struct cfi_reader r = { row->base, row->end, false };
	uint64_t n;
	const uint8_t *p;

	/* The block was skipped whole when the row was made; this holds against a wrong cell. */
	if (cell->v < 0 || !cfi_bytes(&r, (uint64_t)cell->v))
		return none;
	n = cfi_uleb(&r);
	p = cfi_bytes(&r, n);
	return p ? (struct cfi_reader){ p, p + n, false } : none;
}
