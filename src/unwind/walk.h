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
 * How a frame was reached from the one inside it, as far as memo.c can check it again: by a return
 * address at sp - 8 and rbp in the word `reach` below sp, or unchanged for 0.
 */
enum walk_reach {
	WALK_REACH_WORDS = 0xfff,
	WALK_REACH_FRAME_PTR = 1 << 15, /* by the frame pointer alone */
	WALK_REACH_OPAQUE = 1 << 16,    /* depends on more than those two words */
	WALK_REACH_EXACT = 1 << 17,     /* the first frame, whose pc is no return address */
};

/* The reuse of the previous walk, while a walk runs; memo NULL: none. */
struct walk_memo {
	struct unwind_memo *memo;
	uint32_t alive; /* frames [0, alive) of the previous walk can still be met */
	uint32_t top;   /* frames [top, UNWIND_MEMO_FRAMES) are this walk's */
};

struct walk {
	const struct unwind_ctx *ctx;
	uintptr_t lo;   /* words at lo and up to span bytes after it are read directly; 8-aligned */
	uintptr_t span;
	uint64_t salt;  /* of the cache's generation */
	size_t n;       /* addresses stored; the current frame is number n - 1 */
	struct unwind_frame f;
	bool is_exact;  /* f.pc is no return address */
	uint32_t reach; /* how f was reached */
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

/* Decodes the rule for an address that the cache does not know, and stores it there. */
uint32_t walk_decode(struct walk *w, uintptr_t pc, bool is_exact);

/* Steps w->f by any rule, with every check and by read_word where needed. */
enum cfi_result walk_slow_step(struct walk *w, uint32_t rule);

/* Starts the use of ctx->memo, unless another walk of the thread is using it. */
void walk_memo_begin(struct walk *w);
/* Keeps the walk for the next one: its first frames, and behind them `reused` of the old ones. */
void walk_memo_keep(struct walk *w, uint32_t reused);
/* Keeps nothing. */
void walk_memo_drop(struct walk *w);

/*
 * Whether the rest of the previous walk is the rest of this one: called when the current frame is
 * frames[alive - 1]. On true the code addresses of those frames are in pcs (as far as `room`
 * goes); on false `alive` has shrunk.
 */
bool walk_memo_verify(struct walk *w, uintptr_t *pcs, size_t room);

/* Notes the current frame; true when it is also in the previous walk. */
static inline bool walk_memo_note(struct walk_memo *u, const struct unwind_frame *f,
    uint32_t reach, bool is_exact)
{
	struct unwind_memo_frame *frames = u->memo->frames;

	while (u->alive && frames[u->alive - 1].sp < f->sp)
		u->alive--;
	if (u->alive) {
		const struct unwind_memo_frame *t = &frames[u->alive - 1];

		if (t->sp == f->sp && t->pc == f->pc && t->bp == f->bp &&
		    is_exact == (t->reach == WALK_REACH_EXACT))
			return true;
	}
	if (u->top == 0)
		return false;
	/* A full memo gives up the innermost frames of the previous walk. */
	if (u->alive == u->top)
		u->alive--;
	frames[--u->top] = (struct unwind_memo_frame){ f->sp, f->pc, f->bp, reach };
	return false;
}

#endif
