/*
 * What the hot loop of walk.c leaves out: rules that are rare, stacks that are read through the
 * caller's function, and decoding. Every step here checks everything.
 *
 * RULE_OTHER needs registers that rules do not track. They are got by evaluating the unwind
 * information in full for each frame from the last one of which all registers were known (the
 * first, one behind a signal, or the last such step), so a walk does that at most once a frame.
 */
#include "unwind/walk.h"

#include <ucontext.h>

#include "unwind/rule_cache.h"
#include "unwind/zone.h"

UNWIND_NO_SANITIZE bool walk_read(void *ctx, uintptr_t addr, uintptr_t *out)
{
	const struct walk *w = ctx;
	const struct unwind_ctx *caller = w->ctx;

	if (addr - w->lo < w->span && addr % 8 == 0) {
		*out = *(const uintptr_t *)addr;
		return true;
	}
	return addr % 8 == 0 && caller->ops->read_word &&
	       caller->ops->read_word(caller->arg, addr, out);
}

/* A leaf function may have popped what its unwind information still places below rsp. */
#define RED_ZONE 128

void walk_set_range(struct walk *w, uintptr_t sp)
{
	uintptr_t lo = (w->ctx->stack_lo + 7) & ~(uintptr_t)7;
	uintptr_t hi = w->ctx->stack_hi & ~(uintptr_t)7;

	/* Below the red zone of a growing stack nothing may be mapped yet. */
	if (sp >= lo && sp < hi && sp - lo > RED_ZONE)
		lo = (sp - RED_ZONE) & ~(uintptr_t)7;
	w->lo = lo;
	w->span = hi > lo ? hi - lo : 0;
}

static struct cfi_memory memory_of(struct walk *w)
{
	return (struct cfi_memory){ walk_read, w };
}

static bool find_module(const struct walk *w, uintptr_t pc, struct unwind_module *module)
{
	const struct unwind_ctx *caller = w->ctx;

	*module = (struct unwind_module){ 0 };
	return caller->ops->find_module && caller->ops->find_module(caller->arg, pc, module);
}

/*
 * "mov $15, %rax; syscall" at a return address is where signal handlers return to; musl's has no
 * unwind information. Code is read a word at a time, as far as it goes on being equal.
 */
static bool is_sigreturn(struct walk *w, uintptr_t pc)
{
	static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	uintptr_t word = 0;

	for (uintptr_t i = 0; i < sizeof(code); i++) {
		uintptr_t at = pc + i;

		if ((i == 0 || at % 8 == 0) && !walk_read(w, at & ~(uintptr_t)7, &word))
			return false;
		if ((uint8_t)(word >> at % 8 * 8) != code[i])
			return false;
	}
	return true;
}

/* Zones are for return addresses only: an exact pc may be where there is no frame yet. */
static uint32_t decode(struct walk *w, uintptr_t pc, bool is_exact)
{
	bool has_zones = w->ctx->cache && !is_exact;
	uint32_t zone = has_zones ? zone_find(w->ctx->cache, w->salt, pc) : RULE_INVALID;
	struct unwind_module module;
	struct cfi_row row;
	uint32_t rule;

	if (zone != RULE_INVALID)
		return zone;
	if (find_module(w, pc, &module) && cfi_row_at(&module, pc, &row)) {
		rule = rule_from_row(&row);
		if (has_zones && rule == rule_make(RULE_BP, 2, 2))
			zone = zone_learn(w, &module, pc);
		return zone != RULE_INVALID ? zone : rule;
	}
	return rule_make(!is_exact && is_sigreturn(w, pc + 1) ? RULE_SIGNAL : RULE_FRAME_PTR, 0, 0);
}

uint32_t walk_decode(struct walk *w)
{
	uintptr_t pc = w->f.pc - !w->is_exact;
	uint32_t rule = decode(w, pc, w->is_exact);
	struct unwind_cache *cache = w->ctx->cache;

	if (cache) {
		rule_cache_put(cache, pc + 1, w->salt, rule);
		atomic_fetch_add_explicit(&cache->misses, 1, memory_order_relaxed);
	}
	return rule;
}

/* The step to (sp, pc) may depend on any word: note a value that the return slot cannot have. */
static void make_opaque(struct walk *w, uintptr_t sp, uintptr_t pc)
{
	w->way = (struct walk_way){ sp - 8, ~pc };
}

/* To the caller of a frame with this CFA, whose own rbp is `bp` unless a slot is named. */
static enum cfi_result leave(struct walk *w, uintptr_t cfa, uintptr_t bp, uintptr_t bp_bytes)
{
	uintptr_t pc = 0;

	if (cfa <= w->f.sp || cfa % 8 != 0)
		return CFI_UNKNOWN;
	if (bp_bytes && !walk_read(w, cfa - bp_bytes, &bp))
		return CFI_UNREADABLE;
	if (!walk_read(w, cfa - 8, &pc))
		return CFI_UNREADABLE;
	w->way =
	    bp_bytes ? (struct walk_way){ cfa - bp_bytes, bp } : (struct walk_way){ cfa - 8, pc };
	if (w->way.slot < w->f.sp)
		make_opaque(w, cfa, pc);
	w->f = (struct unwind_frame){ .pc = pc, .sp = cfa, .bp = bp };
	return CFI_OK;
}

static enum cfi_result step_sp(struct walk *w, uint32_t rule)
{
	return leave(w, w->f.sp + rule_cfa(rule), w->f.bp, rule_bp(rule));
}

static enum cfi_result step_bp(struct walk *w, uint32_t rule)
{
	return leave(w, w->f.bp + rule_cfa(rule), w->f.bp, rule_bp(rule));
}

static enum cfi_result step_zone(struct walk *w, uint32_t rule)
{
	(void)rule;
	return step_bp(w, rule_make(RULE_BP, 2, 2));
}

static enum cfi_result step_plt(struct walk *w, uint32_t rule)
{
	bool has_pushed = (w->f.pc & 15) * 8 >= rule_cfa(rule);

	return leave(w, w->f.sp + 8 + (has_pushed ? 8 : 0), w->f.bp, 0);
}

static enum cfi_result step_deref_bp(struct walk *w, uint32_t rule)
{
	uintptr_t cfa = 0;
	uintptr_t bp = 0;

	if (!walk_read(w, w->f.bp - rule_cfa(rule), &cfa) || !walk_read(w, w->f.bp, &bp))
		return CFI_UNREADABLE;
	return leave(w, cfa, bp, 0);
}

static enum cfi_result step_deref_sp(struct walk *w, uint32_t rule)
{
	uintptr_t saved = 0;

	if (!walk_read(w, w->f.sp + rule_cfa(rule), &saved))
		return CFI_UNREADABLE;
	return leave(w, saved + 8, w->f.bp, rule_bp(rule));
}

static enum cfi_result step_frame_ptr(struct walk *w)
{
	struct cfi_memory memory = memory_of(w);
	enum cfi_result result;

	/* The chain's regular end; a zero rbp anywhere else may be just a number. */
	if (w->by_frame_ptr && w->f.bp == 0)
		return CFI_END;
	result = frame_ptr_step(w->f.sp, w->f.bp, &memory, &w->f);
	if (result != CFI_OK)
		return result;
	w->by_frame_ptr = true;
	w->way = (struct walk_way){ w->f.sp - 16, w->f.bp };
	return CFI_OK;
}

/* Goes on from w->regs, which became the registers of the next frame. */
static void enter_regs(struct walk *w, bool is_exact)
{
	w->f = (struct unwind_frame){
		.pc = w->regs.r[UNWIND_PC], .sp = w->regs.r[UNWIND_SP], .bp = w->regs.r[UNWIND_BP]
	};
	w->has_regs = true;
	w->regs_frame = w->n;
	w->regs_exact = is_exact;
	w->is_exact = is_exact;
}

/* Behind a signal frame the stack may be another one, so nothing is said about order. */
static void enter_interrupted(struct walk *w)
{
	enter_regs(w, true);
	walk_set_range(w, w->f.sp);
	walk_memo_drop(w);
}

static enum cfi_result step_signal(struct walk *w, uint32_t rule)
{
	/* Order of the kernel's struct sigcontext, see unwind_regs_from_ucontext. */
	static const uint8_t dwarf[UNWIND_REGS] = { 8, 9, 10, 11, 12, 13, 14, 15, UNWIND_RDI,
		UNWIND_RSI, UNWIND_BP, UNWIND_RBX, UNWIND_RDX, UNWIND_RAX, UNWIND_RCX, UNWIND_SP,
		UNWIND_PC };
	uintptr_t at = w->f.sp + offsetof(ucontext_t, uc_mcontext.gregs);
	struct unwind_regs regs = { .known = (1u << UNWIND_REGS) - 1 };

	(void)rule;
	for (unsigned i = 0; i < UNWIND_REGS; i++)
		if (!walk_read(w, at + 8 * i, &regs.r[dwarf[i]]))
			return CFI_UNREADABLE;
	w->regs = regs;
	enter_interrupted(w);
	return CFI_OK;
}

/* Without unwind information only the frame pointer leads on, and other registers are lost. */
static enum cfi_result step_regs_by_frame_ptr(struct walk *w)
{
	struct cfi_memory memory = memory_of(w);
	struct unwind_frame f = { 0 };
	enum cfi_result result =
	    frame_ptr_step(w->regs.r[UNWIND_SP], w->regs.r[UNWIND_BP], &memory, &f);

	if (result != CFI_OK)
		return result;
	w->regs.r[UNWIND_PC] = f.pc;
	w->regs.r[UNWIND_SP] = f.sp;
	w->regs.r[UNWIND_BP] = f.bp;
	w->regs.known = 1u << UNWIND_PC | 1u << UNWIND_SP | 1u << UNWIND_BP;
	w->regs_exact = false;
	return CFI_OK;
}

/* One step of w->regs by the full unwind information. */
static enum cfi_result step_regs(struct walk *w)
{
	struct cfi_memory memory = memory_of(w);
	struct unwind_module module;
	struct cfi_row row;
	uintptr_t pc = w->regs.r[UNWIND_PC] - !w->regs_exact;
	enum cfi_result result;

	w->regs_frame++;
	if (!find_module(w, pc, &module) || !cfi_row_at(&module, pc, &row))
		return step_regs_by_frame_ptr(w);
	result = cfi_step(&row, &w->regs, &memory);
	w->regs_exact = row.is_signal;
	return result;
}

static enum cfi_result step_other(struct walk *w, uint32_t rule)
{
	enum cfi_result result = CFI_OK;

	(void)rule;
	if (!w->has_regs) {
		w->has_regs = true;
		w->regs = *w->first;
		w->regs_frame = 0;
		w->regs_exact = w->first_is_exact;
	}
	while (result == CFI_OK && w->regs_frame < w->n - 1)
		result = step_regs(w);
	/* Both ways to this frame are the same steps, unless the stack has changed meanwhile. */
	if (result == CFI_OK &&
	    (w->regs.r[UNWIND_SP] != w->f.sp || w->regs.r[UNWIND_PC] != w->f.pc))
		return CFI_UNKNOWN;
	if (result == CFI_OK)
		result = step_regs(w);
	if (result != CFI_OK)
		return result;
	if (w->regs_exact) {
		enter_interrupted(w);
		return CFI_OK;
	}
	if (w->regs.r[UNWIND_SP] <= w->f.sp || w->regs.r[UNWIND_SP] % 8 != 0)
		return CFI_UNKNOWN;
	enter_regs(w, false);
	return CFI_OK;
}

static enum cfi_result (*const steps[])(struct walk *, uint32_t) = {
	[RULE_SP] = step_sp,
	[RULE_BP] = step_bp,
	[RULE_PLT] = step_plt,
	[RULE_DEREF_BP] = step_deref_bp,
	[RULE_DEREF_SP] = step_deref_sp,
	[RULE_SIGNAL] = step_signal,
	[RULE_OTHER] = step_other,
	[RULE_ZONE] = step_zone,
};

enum cfi_result walk_slow_step(struct walk *w, uint32_t rule)
{
	enum rule_kind kind = rule_kind(rule);
	enum cfi_result result;

	if (kind == RULE_FRAME_PTR) {
		w->is_exact = false;
		return step_frame_ptr(w);
	}
	if (kind >= sizeof(steps) / sizeof(steps[0]) || !steps[kind])
		return CFI_UNKNOWN;
	w->is_exact = false;
	w->by_frame_ptr = false;
	result = steps[kind](w, rule);
	if (kind > RULE_PLT && kind != RULE_ZONE)
		make_opaque(w, w->f.sp, w->f.pc);
	return result;
}
