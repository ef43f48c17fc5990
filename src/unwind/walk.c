/*
 * The walk: unwind_stack of unwind.h. The loop handles the two rules that make up nearly every
 * frame, on a stack that can be read directly; for everything else it is left and walk_slow.c
 * makes the step. What counts is the chain from one return address to the next: key, cache slot,
 * distance, stack word. All of it lives in registers, and what is rare is tested off that chain.
 */
#include "unwind/walk.h"

#include "unwind/rule_cache.h"
#include "unwind/zone.h"

/* Where the direct range ends, 0 when sp is not in it. */
static uintptr_t top_above(const struct walk *w)
{
	return w->f.sp % 8 == 0 && w->f.sp - w->lo < w->span ? w->lo + w->span : 0;
}

/* Where a pair of words must begin before, to be in the direct range; 0 when none can. */
static inline uintptr_t pairs_end(uintptr_t top)
{
	return top < 16 ? 0 : top - 15;
}

/*
 * To the caller of a frame that began with "push %rbp; mov %rsp, %rbp", as all do in code that
 * keeps frame pointers. What it loads depends on no rule but only on the processor's guess
 * that this one is like those before, so the loads of many frames are under way at once.
 */
static inline bool step_pushed_bp(uintptr_t end, struct unwind_frame *f, struct walk_way *way)
{
	uintptr_t bp = f->bp;

	/* A broken rbp may be the highest word there is: no sum of it is formed. */
	if (bp < f->sp || bp >= end || bp % 8 != 0)
		return false;
	f->sp = bp + 16;
	f->pc = walk_load(bp + 8);
	f->bp = walk_load(bp);
	*way = (struct walk_way){ bp, f->bp };
	return true;
}

/*
 * Steps *f by RULE_SP and RULE_BP; false, with nothing done, when the rule is another or leads out
 * of the direct range, which ends at `top`.
 */
static inline bool fast_step(
    uint32_t rule, uintptr_t top, struct unwind_frame *f, struct walk_way *way)
{
	uintptr_t cfa = f->sp + rule_cfa(rule);
	uintptr_t bp_bytes = rule_bp(rule);
	uintptr_t slot;
	intptr_t none; /* -1 when rbp is unchanged, else 0 */

	if (rule == rule_make(RULE_BP, 2, 2))
		return step_pushed_bp(pairs_end(top), f, way);
	if (!rule_is_plain(rule, RULE_SP)) {
		cfa += f->bp - f->sp;
		if (!rule_is_plain(rule, RULE_BP) || cfa % 8 != 0)
			return false;
	}
	/* rbp is saved inside the frame; a slot below sp is left to the slow step. */
	if (cfa <= f->sp || cfa > top || bp_bytes > cfa - f->sp)
		return false;
	/* By arithmetic, as whether rbp was saved is no more to be guessed than a coin. */
	none = (intptr_t)(bp_bytes - 8) >> 63;
	slot = cfa - (bp_bytes | ((uintptr_t)none & 8));
	*way = (struct walk_way){ slot, walk_load(slot) };
	f->bp ^= (f->bp ^ way->was) & (uintptr_t)~none;
	f->sp = cfa;
	f->pc = walk_load(cfa - 8);
	return true;
}

/*
 * Frames inside a zone's that the memo does without: they are cheaper to find anew than to note
 * and to compare. When more lie inside of it, they are kept, and the zone's frames with them.
 */
#define INSIDE_MAX 8

static inline bool notes_zone(uint32_t rule, size_t noted)
{
	return rule_kind(rule) == RULE_ZONE && noted > INSIDE_MAX;
}

/* How a run ended. */
enum stop {
	STOP_FULL,    /* max addresses are stored and w->f is one more frame */
	STOP_RULE,    /* w->f is stored and needs a slow step */
	STOP_MET,     /* w->f is not stored, but may be in the previous walk */
	STOP_STEPPED, /* w->f is the next frame */
};

/*
 * The hot loop, compiled twice: a `noting` run compares each frame with the previous walk and
 * remembers it. Starts with w->f, whose pc is a return address, not stored yet. *rule is the
 * current frame's after STOP_RULE, invalid when the cache does not have it.
 */
static inline __attribute__((always_inline)) enum stop run(
    struct walk *w, uintptr_t *pcs, size_t max, struct unwind_memo *memo, uint32_t *rule)
{
	/* Copies, as the compiler must think that stores to pcs could change *w. */
	struct unwind_cache *cache = w->ctx->cache;
	uintptr_t meet = memo ? walk_memo_meet(&w->reuse) : 0;
	struct unwind_frame f = w->f;
	struct walk_way way = w->way;
	uint64_t salt = w->salt;
	uintptr_t top = top_above(w);
	size_t n = w->n;
	size_t note = w->reuse.fresh - n; /* frame n's place in the memo, less n */
	enum stop stop = STOP_FULL;
	uint32_t last = RULE_INVALID;

	while (n < max) {
		if (memo && f.sp >= meet) {
			stop = STOP_MET;
			break;
		}
		if (memo)
			memo->notes[note + n] =
			    (struct unwind_note){ f.sp, f.pc, f.bp, way.slot, way.was };
		pcs[n++] = f.pc;
		last = rule_cache_get(cache, f.pc, salt);
		if (__builtin_expect(!fast_step(last, top, &f, &way), 0)) {
			if (memo && notes_zone(last, note + n) &&
			    step_pushed_bp(pairs_end(top), &f, &way))
				continue;
			stop = STOP_RULE;
			break;
		}
	}
	w->by_frame_ptr = w->by_frame_ptr && f.sp == w->f.sp;
	w->way = way;
	w->f = f;
	if (memo)
		w->reuse.fresh += (uint32_t)(n - w->n);
	w->n = n;
	*rule = last;
	return stop;
}

static __attribute__((noinline)) enum stop run_plain(
    struct walk *w, uintptr_t *pcs, size_t max, uint32_t *rule)
{
	return run(w, pcs, max, NULL, rule);
}

static __attribute__((noinline)) enum stop run_noting(
    struct walk *w, uintptr_t *pcs, size_t max, uint32_t *rule)
{
	struct walk_memo *u = &w->reuse;
	size_t room = u->alive - u->fresh;

	return run(w, pcs, max - w->n < room ? max : w->n + room, u->memo, rule);
}

/* Stores what is left of the previous walk, whose frame w->f is, and makes its outermost w->f. */
static enum stop take_over(struct walk *w, uintptr_t *pcs, size_t max, uint32_t *rule)
{
	struct walk_memo *u = &w->reuse;
	const struct unwind_memo *m = u->memo;
	const struct unwind_note *last = &m->notes[UNWIND_MEMO_FRAMES - 1];
	size_t room = max - w->n;
	size_t n = UNWIND_MEMO_FRAMES - u->alive;

	u->taken = (uint32_t)n;
	n = n < room ? n : room;
	for (size_t i = 0; i < n; i++)
		pcs[w->n + i] = m->notes[u->alive + i].pc;
	w->f = (struct unwind_frame){ last->pc, last->sp, last->bp };
	w->by_frame_ptr = m->by_frame_ptr;
	w->n += n;
	u->up_to = w->n;
	*rule = rule_cache_get(w->ctx->cache, w->f.pc, w->salt);
	return u->taken > room ? STOP_FULL : STOP_RULE;
}

/*
 * Whether the frame is in a zone and is not to be noted: asked before a run, as frames of a zone
 * come together. Then it is stored, and its rule is *rule.
 */
static bool enters_zone(struct walk *w, uintptr_t *pcs, uint32_t *rule)
{
	*rule = rule_cache_get(w->ctx->cache, w->f.pc, w->salt);
	if (rule_kind(*rule) != RULE_ZONE || w->reuse.fresh > INSIDE_MAX)
		return false;
	pcs[w->n++] = w->f.pc;
	return true;
}

/* Stores frames and notes them, until one is met that was noted last time. */
static enum stop run_to_meet(struct walk *w, uintptr_t *pcs, size_t max, uint32_t *rule)
{
	while (w->n < max && walk_memo_make_room(&w->reuse)) {
		if (w->f.sp < walk_memo_meet(&w->reuse)) {
			if (enters_zone(w, pcs, rule) || run_noting(w, pcs, max, rule) == STOP_RULE)
				return STOP_RULE;
		} else if (walk_memo_met(w)) {
			return take_over(w, pcs, max, rule);
		}
	}
	/* The memo is full of this walk: the frames further out are made anew each time. */
	return run_plain(w, pcs, max, rule);
}

/*
 * The first frame of a walk, one behind a signal, or without a cache. Never noted: the same values
 * would mean something else where the pc is no return address.
 */
static enum stop store_one(struct walk *w, uintptr_t *pcs, uint32_t *rule)
{
	struct unwind_cache *cache = w->ctx->cache;

	pcs[w->n++] = w->f.pc;
	*rule = cache ? rule_cache_get(cache, w->f.pc + w->is_exact, w->salt) : RULE_INVALID;
	if (w->f.pc == 0 || !fast_step(*rule, top_above(w), &w->f, &w->way))
		return STOP_RULE;
	w->is_exact = false;
	w->by_frame_ptr = false;
	return STOP_STEPPED;
}

/* Stores frames until one needs a slow step, or the next an other kind of run. */
static enum stop store_frames(struct walk *w, uintptr_t *pcs, size_t max, uint32_t *rule)
{
	if (w->is_exact || !w->ctx->cache)
		return store_one(w, pcs, rule);
	if (w->reuse.memo && !w->reuse.taken)
		return run_to_meet(w, pcs, max, rule);
	return run_plain(w, pcs, max, rule);
}

/*
 * From the current frame, stored and in a zone, to the first one that is not in it, which is not
 * stored; false when a frame, stored, needs the slow step.
 */
static bool cross_zone(struct walk *w, uint32_t rule, uintptr_t *pcs, size_t max)
{
	struct zone_range zone = { 0, 0 };
	struct unwind_frame f = w->f;
	uintptr_t end = pairs_end(top_above(w));
	struct walk_way way; /* not asked about but behind the last */
	size_t n = w->n;
	bool steps;

	/* One of an older generation has no frames but the current one. */
	if (!zone_get(w->ctx->cache, w->salt, rule_zone(rule), &zone))
		zone.size = 0;
	while ((steps = step_pushed_bp(end, &f, &way)) && f.pc - zone.lo - 1 < zone.size && n < max)
		pcs[n++] = f.pc;
	w->f = f;
	w->way = (struct walk_way){ f.sp - 16, f.bp };
	w->n = n;
	w->by_frame_ptr = false;
	w->is_exact = false;
	return steps;
}

/* A step by RULE_ZONE, or many. */
static enum cfi_result step_in_zone(struct walk *w, uint32_t rule, uintptr_t *pcs, size_t max)
{
	struct walk_memo *u = &w->reuse;

	if (u->memo && !u->taken) {
		if (u->fresh > INSIDE_MAX)
			return walk_slow_step(w, rule);
		u->fresh = 0;
	}
	return cross_zone(w, rule, pcs, max) ? CFI_OK : walk_slow_step(w, rule);
}

/* The current frame is stored and its rule needs a step of another kind, or there is none. */
static enum cfi_result step(struct walk *w, uint32_t rule, uintptr_t *pcs, size_t max)
{
	if (rule == RULE_INVALID)
		rule = walk_decode(w);
	if (rule_kind(rule) == RULE_ZONE)
		return step_in_zone(w, rule, pcs, max);
	return rule_kind(rule) == RULE_END ? CFI_END : walk_slow_step(w, rule);
}

static enum unwind_end walk_frames(struct walk *w, uintptr_t *pcs, size_t max)
{
	static const enum unwind_end ends[] = {
		[CFI_END] = UNWIND_DONE,
		[CFI_UNREADABLE] = UNWIND_UNREADABLE,
		[CFI_UNKNOWN] = UNWIND_STUCK,
	};

	while (w->n < max) {
		enum cfi_result result = CFI_OK;
		uint32_t rule = RULE_INVALID;
		enum stop stop = store_frames(w, pcs, max, &rule);

		if (stop == STOP_FULL)
			break;
		/* A zero return address ends the stack. It is never in the cache: only met here. */
		if (stop == STOP_RULE && w->f.pc == 0 && w->n > 1) {
			w->n--;
			return UNWIND_DONE;
		}
		if (stop == STOP_RULE)
			result = step(w, rule, pcs, max);
		if (result != CFI_OK)
			return ends[result];
	}
	return w->f.pc ? UNWIND_TRUNCATED : UNWIND_DONE;
}

/* Frames behind the taken ones that are made anew each time rather than noting all of a walk. */
#define BEHIND_MAX 8

/*
 * Frames behind the taken ones were not noted, as a memo grows at its inner end. When they are
 * many and there is room for them, the next walk is noted from scratch.
 */
static void keep_or_drop(struct walk *w)
{
	const struct walk_memo *u = &w->reuse;
	size_t behind = u->taken && w->n > u->up_to ? w->n - u->up_to : 0;

	if (behind > BEHIND_MAX && w->n <= UNWIND_MEMO_FRAMES)
		walk_memo_drop(w);
	else
		walk_memo_keep(w);
}

size_t unwind_stack(const struct unwind_ctx *ctx, const struct unwind_regs *regs,
    bool first_is_exact, uintptr_t *pcs, size_t max, enum unwind_end *end)
{
	struct walk w; /* a large struct: what is not set here is set before its use */

	*end = UNWIND_TRUNCATED;
	if (max == 0)
		return 0;
	w.ctx = ctx;
	w.f = (struct unwind_frame){ regs->r[UNWIND_PC], regs->r[UNWIND_SP], regs->r[UNWIND_BP] };
	w.n = 0;
	w.is_exact = first_is_exact;
	w.by_frame_ptr = false;
	w.way = (struct walk_way){ 0, 0 };
	w.first = regs;
	w.first_is_exact = first_is_exact;
	w.has_regs = false;
	w.salt = ctx->cache ? rule_cache_salt(ctx->cache) : 0;
	walk_set_range(&w, w.f.sp);
	walk_memo_begin(&w);
	*end = walk_frames(&w, pcs, max);
	keep_or_drop(&w);
	return w.n;
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
