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

/*
 * The reuse of the previous walk, while a walk runs; memo NULL: none. This walk's frames are noted
 * from the start of the memo's notes on, the previous walk's lie at the end.
 */
struct walk_memo {
	struct unwind_memo *memo;
	uint32_t alive; /* from here on the previous walk's can be met: the way out is unchanged */
	uint32_t fresh; /* this walk's: [0, fresh) */
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
 * Whether w->f, whose sp is at least walk_memo_meet(), is a frame of the previous walk. On true it
 * is frame `alive`; on false `alive` is behind it.
 */
bool walk_memo_met(struct walk *w);

/* The lowest sp of a frame that can be met, UINTPTR_MAX when there is none. */
static inline uintptr_t walk_memo_meet(const struct walk_memo *u)
{
	return u->alive < UNWIND_MEMO_FRAMES ? u->memo->notes[u->alive].sp : UINTPTR_MAX;
}

/* Makes room to note frames; false when the memo is full of this walk. */
static inline bool walk_memo_make_room(struct walk_memo *u)
{
	if (u->fresh < u->alive)
		return true;
	/* The innermost frames of the previous walk are given up. */
	if (u->alive == UNWIND_MEMO_FRAMES)
		return false;
	u->alive++;
	return true;
}

#endif
