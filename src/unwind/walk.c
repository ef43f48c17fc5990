/*
 * The walk: unwind_stack of unwind.h. The loop handles the two rules that make up nearly every
 * frame, on a stack that can be read directly; everything else is a call to walk_slow.c. The
 * current frame lives in locals here, as each field waits for the one before: a trip through
 * memory would double the time of a frame.
 */
#include "unwind/walk.h"

#include "unwind/rule_cache.h"

static uint32_t rule_for(struct walk *w, uintptr_t pc, bool is_exact)
{
	struct unwind_cache *cache = w->ctx->cache;
	uint32_t rule = RULE_INVALID;

	if (cache)
		rule = rule_cache_get(cache, rule_cache_place(pc, w->salt));
	return __builtin_expect(rule != RULE_INVALID, 1) ? rule : walk_decode(w, pc, is_exact);
}

/* Where rbp was saved, as walk_memo_verify wants it. */
static inline uint32_t reach_of(uint32_t rule, uintptr_t old_sp, uintptr_t cfa)
{
	uintptr_t bytes = rule_bp(rule);

	return bytes <= cfa - old_sp ? (uint32_t)(bytes / 8) : WALK_REACH_OPAQUE;
}

/* Steps by RULE_SP and RULE_BP within the direct range; false, with nothing done, for the rest. */
static inline bool fast_step(const struct walk *w, uint32_t rule, struct unwind_frame *f,
    uint32_t *reach)
{
	enum rule_kind kind = rule_kind(rule);
	uintptr_t cfa = (kind == RULE_SP ? f->sp : f->bp) + rule_cfa(rule);
	uintptr_t bp_bytes = rule_bp(rule);

	if (kind > RULE_BP || cfa <= f->sp || cfa % 8 != 0 || cfa - 8 - w->lo >= w->span)
		return false;
	if (bp_bytes) {
		if (cfa - bp_bytes - w->lo >= w->span)
			return false;
		f->bp = walk_load(cfa - bp_bytes);
	}
	*reach = reach_of(rule, f->sp, cfa);
	f->sp = cfa;
	f->pc = walk_load(cfa - 8);
	return true;
}

static enum unwind_end end_of(enum cfi_result result)
{
	static const enum unwind_end ends[] = {
		[CFI_OK] = UNWIND_TRUNCATED,
		[CFI_END] = UNWIND_DONE,
		[CFI_UNREADABLE] = UNWIND_UNREADABLE,
		[CFI_UNKNOWN] = UNWIND_STUCK,
	};

	return ends[result];
}

/* One frame out by any means; *f is the caller then, unless the result is not CFI_OK. */
static inline enum cfi_result step(struct walk *w, struct unwind_frame *f)
{
	uint32_t rule = rule_for(w, f->pc - !w->is_exact, w->is_exact);
	enum cfi_result result;

	if (__builtin_expect(fast_step(w, rule, f, &w->reach), 1)) {
		w->is_exact = false;
		return CFI_OK;
	}
	w->f = *f;
	result = walk_slow_step(w, rule);
	*f = w->f;
	return result;
}

/* How much of a walk came from the previous one. */
struct taken {
	uint32_t frames;
	size_t up_to; /* w->n behind them */
};

/*
 * Looks for the current frame in the previous walk; when it and all behind it are the same, stores
 * them, and *f becomes the outermost of them. w->n may exceed max then.
 */
static bool take_over(struct walk *w, struct unwind_frame *f, uintptr_t *pcs, size_t max,
    struct taken *taken)
{
	struct walk_memo *u = &w->reuse;
	const struct unwind_memo_frame *outermost = u->memo->frames;

	while (walk_memo_note(u, f, w->reach, w->is_exact)) {
		if (!walk_memo_verify(w, pcs + w->n, max - w->n))
			continue;
		*f = (struct unwind_frame){ outermost->pc, outermost->sp, outermost->bp };
		w->is_exact = outermost->reach == WALK_REACH_EXACT;
		w->reach = (uint32_t)outermost->reach;
		w->n += u->alive;
		*taken = (struct taken){ u->alive, w->n };
		return true;
	}
	return false;
}

static enum unwind_end walk_frames(struct walk *w, uintptr_t *pcs, size_t max,
    struct taken *taken)
{
	struct unwind_frame f = w->f;
	enum cfi_result result;

	do {
		if (w->reuse.memo && !taken->frames && take_over(w, &f, pcs, max, taken)) {
			if (w->n > max)
				return UNWIND_TRUNCATED;
		} else {
			pcs[w->n++] = f.pc;
		}
		result = step(w, &f);
		if (result != CFI_OK)
			return end_of(result);
		if (f.pc == 0)
			return UNWIND_DONE;
	} while (w->n < max);
	return UNWIND_TRUNCATED;
}

/*
 * Frames behind those taken over were not noted: the memo starts at its outermost frame. It is
 * worth keeping while they are the smaller part.
 */
static void keep_or_drop(struct walk *w, const struct taken *taken)
{
	size_t behind = taken->frames && w->n > taken->up_to ? w->n - taken->up_to : 0;

	if (behind > taken->frames)
		walk_memo_drop(w);
	else
		walk_memo_keep(w, taken->frames);
}

size_t unwind_stack(const struct unwind_ctx *ctx, const struct unwind_regs *regs,
    bool first_is_exact, uintptr_t *pcs, size_t max, enum unwind_end *end)
{
	struct taken taken = { 0, 0 };
	struct walk w; /* a large struct: what is not set here is set before its use */

	*end = UNWIND_TRUNCATED;
	if (max == 0)
		return 0;
	w.ctx = ctx;
	w.f = (struct unwind_frame){ regs->r[UNWIND_PC], regs->r[UNWIND_SP], regs->r[UNWIND_BP] };
	w.n = 0;
	w.is_exact = first_is_exact;
	w.reach = first_is_exact ? WALK_REACH_EXACT : WALK_REACH_OPAQUE;
	w.first = regs;
	w.first_is_exact = first_is_exact;
	w.has_regs = false;
	w.salt = ctx->cache ? rule_cache_salt(ctx->cache) : 0;
	walk_set_range(&w, w.f.sp);
	walk_memo_begin(&w);
	*end = walk_frames(&w, pcs, max, &taken);
	keep_or_drop(&w, &taken);
	return w.n < max ? w.n : max;
}

const char *unwind_end_name(enum unwind_end end)
{
	static const char *const names[] = {
		[UNWIND_DONE] = "done",
		[UNWIND_TRUNCATED] = "truncated",
		[UNWIND_UNREADABLE] = "unreadable",
		[UNWIND_STUCK] = "stuck",
	};

	return names[end];
}
