/*
 * Reuse of the previous walk of a thread. Successive samples of one thread share most of their
 * outer frames. A walk that meets a remembered frame (same sp, pc and rbp) checks the words that
 * led from there outwards and takes the rest over.
 *
 * The check is exact, not likely: with the same rules (same cache generation) each remembered step
 * depended on (sp, pc, rbp) of its frame, all known to be equal, and on the two words that are
 * compared. Steps that read other words are marked opaque and end the check.
 */
#include "unwind/walk.h"

#include <string.h>

void walk_memo_begin(struct walk *w)
{
	struct unwind_memo *memo = w->ctx->memo;

	w->reuse = (struct walk_memo){ NULL, 0, UNWIND_MEMO_FRAMES };
	if (!memo || memo->busy)
		return;
	memo->busy = true;
	/* From here on a signal handler's walk keeps its hands off. */
	atomic_signal_fence(memory_order_seq_cst);
	/* n is checked as a thread's memory may be anything but must not lead out of bounds. */
	if (memo->n > UNWIND_MEMO_FRAMES || memo->salt != w->salt ||
	    (memo->n && memo->frames[0].sp - w->lo > w->span))
		memo->n = 0;
	memo->salt = w->salt;
	w->reuse.memo = memo;
	w->reuse.alive = memo->n;
}

static void finish(struct walk *w, uint32_t n, uint32_t reused)
{
	struct unwind_memo *memo = w->reuse.memo;

	memo->n = n;
	memo->reused = reused;
	atomic_signal_fence(memory_order_seq_cst);
	memo->busy = false;
	w->reuse.memo = NULL;
}

void walk_memo_keep(struct walk *w, uint32_t reused)
{
	struct walk_memo *u = &w->reuse;
	uint32_t fresh = UNWIND_MEMO_FRAMES - u->top;

	if (!u->memo)
		return;
	if (fresh)
		memmove(u->memo->frames + reused, u->memo->frames + u->top,
		    fresh * sizeof(u->memo->frames[0]));
	finish(w, reused + fresh, reused);
}

void walk_memo_drop(struct walk *w)
{
	if (w->reuse.memo)
		finish(w, 0, 0);
}

/* Whether the two words that led to frame t are what they were. */
static inline UNWIND_NO_SANITIZE bool still_leads_to(const struct unwind_memo_frame *t)
{
	uintptr_t words;

	if (t->reach >= WALK_REACH_OPAQUE || *(const uintptr_t *)(t->sp - 8) != t->pc)
		return false;
	words = t->reach & WALK_REACH_WORDS;
	return words == 0 || *(const uintptr_t *)(t->sp - 8 * words) == t->bp;
}

UNWIND_NO_SANITIZE bool walk_memo_verify(struct walk *w, uintptr_t *pcs, size_t room)
{
	struct walk_memo *u = &w->reuse;
	const struct unwind_memo_frame *frames = u->memo->frames;
	const struct unwind_memo_frame *t = &frames[u->alive - 1];
	const uintptr_t *end = pcs + room;

	/* Words from here up to the outermost frame's sp are in the direct range. */
	if (t->sp - w->lo > w->span) {
		u->alive = 0;
		return false;
	}
	for (;; t--) {
		if (pcs < end)
			*pcs++ = t->pc;
		if (t == frames)
			return true;
		if (!still_leads_to(t - 1))
			break;
	}
	/* Frames from t - 1 outwards may still be met, but nothing inside them can lead there. */
	u->alive = (uint32_t)(t - frames);
	return false;
}
