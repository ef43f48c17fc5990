/*
 * The state of one walk, shared by the hot loop (walk.c), the steps for rare rules (walk_slow.c)
 * and the reuse of the previous walk (memo.c). Inside this room only.
 */
#ifndef UNWIND_WALK_H
#define UNWIND_WALK_H

#include "unwind/frame_ptr.h"
#include "unwind/rule.h"
#include "unwind/unwind.h"

/*
 * Stack words are read as raw memory: other functions' frames, red zones of AddressSanitizer and
 * words that other threads write are all fine to look at here.
 */
#define UNWIND_NO_SANITIZE __attribute__((no_sanitize("address", "thread")))

static inline UNWIND_NO_SANITIZE uintptr_t walk_load(uintptr_t addr)
{
	return *(const uintptr_t *)addr;
}

/* The reuse of the previous walk, while a walk runs; memo NULL: none. */
struct walk_memo {
	struct unwind_memo *memo;
	uint32_t alive; /* frames [1, alive] of the previous walk can still be met */
	uint32_t top;   /* frames from here on are this walk's */
	uint32_t taken; /* frames taken over; nothing is noted after that */
	size_t up_to;   /* walk.n behind them */
};

/* The words that led to a frame, besides the return address at sp - 8; see memo.c. */
struct walk_way {
	uintptr_t slot; /* where rbp was, or sp - 8 when it was not in memory */
	uintptr_t was;  /* what is there */
};

struct walk {
	const struct unwind_ctx *ctx;
	uintptr_t lo; /* words at lo and up to span bytes after it are read directly; 8-aligned */
	uintptr_t span;
	uint64_t salt;         /* of the cache's generation */
	size_t n;              /* addresses stored */
	struct unwind_frame f; /* the current frame; once stored, its number is n - 1 */
	struct walk_way way;   /* that led to f */
	bool is_exact;         /* f.pc is no return address */
	bool by_frame_ptr;     /* f was reached by a frame pointer alone */
	struct walk_memo reuse;
	/*
	 * All registers of frame number regs_frame, where a full evaluation can start from. Unset
	 * as long as has_regs is false: then those are the walk's first, at `first`.
	 */
	const struct unwind_regs *first;
	bool first_is_exact;
	bool has_regs;
	bool regs_exact;
	size_t regs_frame;
	struct unwind_regs regs;
};

/* Reads a word within the direct range or by the caller's read_word. ctx is the struct walk. */
bool walk_read(void *ctx, uintptr_t addr, uintptr_t *out);

/* Sets the direct range to the part of the caller's that is in use when rsp is sp. */
void walk_set_range(struct walk *w, uintptr_t sp);

/* Decodes the rule for w->f, and stores it in the cache. */
uint32_t walk_decode(struct walk *w);

/* Steps w->f, which is stored, by any rule but RULE_END, with every check and read_word. */
enum cfi_result walk_slow_step(struct walk *w, uint32_t rule);

/* Starts the use of ctx->memo, unless another walk of the thread is using it. */
void walk_memo_begin(struct walk *w);
/* Ends it and keeps the walk for the next one: its noted frames, and the taken ones behind. */
void walk_memo_keep(struct walk *w);
/* Ends it and keeps nothing. */
void walk_memo_drop(struct walk *w);

/*
 * Whether the rest of the previous walk is the rest of this one, called when the current frame is
 * frames[alive]. On true the code addresses of those frames are in pcs, up to `room` of them; on
 * false `alive` has shrunk and the current frame is not among those left.
 */
bool walk_memo_verify(struct walk *w, uintptr_t *pcs, size_t room);

/* Makes room for a note; false when the memo is full of this walk. */
bool walk_memo_make_room(struct walk_memo *u);

/* Notes the current frame, or, when it is also in the previous walk, does not and returns true. */
static inline bool walk_memo_note(struct walk_memo *u, struct unwind_frame f, struct walk_way way)
{
	struct unwind_memo_frame *frames = u->memo->frames;
	struct unwind_memo_frame *t = &frames[u->alive];

	/* frames[0] ends this: its sp is above all. */
	while (t->sp < f.sp)
		t--;
	u->alive = (uint32_t)(t - frames);
	if (t->sp == f.sp && t->pc == f.pc && t->bp == f.bp && u->alive) {
		/* It may have been reached from another frame than last time. */
		t->slot = way.slot;
		t->was = way.was;
		return true;
	}
	if (u->top > u->alive + 1 || walk_memo_make_room(u))
		frames[--u->top] =
		    (struct unwind_memo_frame){ f.sp, f.pc, f.bp, way.slot, way.was };
	return false;
}

#endif
