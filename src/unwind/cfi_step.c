/* One step with all registers, for the few frames that no rule describes. */
#include "unwind/cfi.h"

/* What a function leaves as it found it, where its unwind information is silent. */
#define PRESERVED                                                                                  \
	(1u << UNWIND_BP | 1u << UNWIND_RBX | 1u << UNWIND_R12 | 1u << UNWIND_R13 |                \
	    1u << UNWIND_R14 | 1u << UNWIND_R15)

static enum cfi_result find_cfa(const struct cfi_row *row, const struct unwind_regs *regs,
    const struct cfi_memory *memory, uintptr_t *cfa)
{
	if (row->cfa.kind == CFI_EXPR)
		return cfi_expr(cfi_block(row, &row->cfa), regs, NULL, memory, cfa);
	if (!(regs->known >> row->cfa_reg & 1))
		return CFI_UNKNOWN;
	*cfa = regs->r[row->cfa_reg] + (uintptr_t)(intptr_t)row->cfa.v;
	return CFI_OK;
}

static enum cfi_result from_register(const struct unwind_regs *regs, int32_t reg, uintptr_t *out)
{
	if (reg < 0 || reg >= UNWIND_REGS || !(regs->known >> reg & 1))
		return CFI_UNKNOWN;
	*out = regs->r[reg];
	return CFI_OK;
}

/*
 * gcc's epilogue of a realigned frame goes on saying "saved where rbp points to" after rbp was
 * popped, when it points into some other frame. A function saves registers in its own frame, from
 * rsp (or the red zone under it) to its CFA: elsewhere, the register has been restored already.
 */
static bool is_restored(const struct cfi_row *row, const struct cfi_cell *cell,
    const struct unwind_regs *regs, uintptr_t cfa, uintptr_t at)
{
	uintptr_t lowest = regs->r[UNWIND_SP] - 128;

	return cell->kind == CFI_EXPR && !row->is_signal && (at < lowest || at >= cfa);
}

/* The caller's value of one register whose cell is neither CFI_SAME nor CFI_UNDEFINED. */
static enum cfi_result find_value(const struct cfi_row *row, const struct cfi_cell *cell,
    const struct unwind_regs *regs, uintptr_t cfa, const struct cfi_memory *memory, uintptr_t *out)
{
	uintptr_t at = cfa + (uintptr_t)(intptr_t)cell->v;
	enum cfi_result result = CFI_OK;

	if (cell->kind == CFI_IN_REG)
		return from_register(regs, cell->v, out);
	if (cell->kind == CFI_EXPR || cell->kind == CFI_VAL_EXPR)
		result = cfi_expr(cfi_block(row, cell), regs, &cfa, memory, &at);
	if (result != CFI_OK)
		return result;
	if (cell->kind == CFI_IS_CFA || cell->kind == CFI_VAL_EXPR) {
		*out = at;
		return CFI_OK;
	}
	if (is_restored(row, cell, regs, cfa, at))
		return from_register(regs, (int32_t)(cell - row->reg), out);
	return memory->read(memory->ctx, at, out) ? CFI_OK : CFI_UNREADABLE;
}

/* A walk cannot go on without these three; the loss of another is only noted. */
static bool is_needed(unsigned reg)
{
	return reg == UNWIND_PC || reg == UNWIND_SP || reg == UNWIND_BP;
}

enum cfi_result cfi_step(
    const struct cfi_row *row, struct unwind_regs *regs, const struct cfi_memory *memory)
{
	struct unwind_regs caller = *regs;
	uintptr_t cfa = 0;
	enum cfi_result result;

	if (row->reg[UNWIND_PC].kind == CFI_UNDEFINED)
		return CFI_END;
	result = find_cfa(row, regs, memory, &cfa);
	if (result != CFI_OK)
		return result;
	caller.known = (regs->known & PRESERVED) | 1u << UNWIND_SP | 1u << UNWIND_BP;
	caller.r[UNWIND_SP] = cfa;
	for (unsigned i = 0; i < UNWIND_REGS; i++) {
		const struct cfi_cell *cell = &row->reg[i];

		if (cell->kind == CFI_SAME)
			continue;
		result = CFI_UNKNOWN;
		if (cell->kind != CFI_UNDEFINED)
			result = find_value(row, cell, regs, cfa, memory, &caller.r[i]);
		if (result != CFI_OK && is_needed(i) && cell->kind != CFI_UNDEFINED)
			return result;
		caller.known =
		    result == CFI_OK ? caller.known | 1u << i : caller.known & ~(1u << i);
	}
	if (!(caller.known >> UNWIND_PC & 1))
		return CFI_UNKNOWN;
	caller.known |= 1u << UNWIND_BP;
	*regs = caller;
	return CFI_OK;
}
