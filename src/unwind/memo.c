/*
 * Reuse of the previous walk of a thread. Successive samples of one thread share most of their
 * outer frames. A walk that meets a remembered frame (same sp, pc and rbp) checks the words that
 * led from there outwards and takes the rest over.
 *
 * The check is exact, not likely. With the same rules (same cache generation), a remembered step
 * depended on (sp, pc, rbp) of its frame, known to be equal, and on two words: the return address,
 * at the caller's sp - 8, and the saved rbp if there is one. Both are compared. A frame to which
 * other words led is noted with a `was` that its slot cannot hold, and so fails the check.
 */
#include "unwind/walk.h"

#include <string.h>

#define END (UNWIND_MEMO_FRAMES + 1)

void walk_memo_begin(struct walk *w)
{
	struct unwind_memo *memo = w->ctx->memo;

	w->reuse = (struct walk_memo){ .top = END };
	if (!memo || memo->busy || !w->ctx->cache)
		return;
	memo->busy = true;
	/* From here on a signal handler's walk keeps its hands off. */
	atomic_signal_fence(memory_order_seq_cst);
	memo->frames[0] = (struct unwind_memo_frame){ .sp = UINTPTR_MAX };
	/* Words up to the outermost frame are read without further checks. */
	if (memo->n > UNWIND_MEMO_FRAMES || memo->salt != w->salt ||
	    (memo->n && memo->frames[1].sp - w->lo > w->span))
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

void walk_memo_keep(struct walk *w)
{
	struct walk_memo *u = &w->reuse;
	uint32_t fresh = END - u->top;

	if (!u->memo)
		return;
	if (fresh)
		memmove(u->memo->frames + 1 + u->taken, u->memo->frames + u->top,
		    fresh * sizeof(u->memo->frames[0]));
	if (u->taken == 0)
		u->memo->by_frame_ptr = w->by_frame_ptr;
	finish(w, u->taken + fresh, u->taken);
}

void walk_memo_drop(struct walk *w)
{
	if (w->reuse.memo)
		finish(w, 0, 0);
}

bool walk_memo_make_room(struct walk_memo *u)
{
	if (u->top == 1)
		return false;
	/* The innermost frames of the previous walk are given up. */
	u->alive = u->top - 2;
	return true;
}

/* Zero when the words that led to frame t are what they were. */
static inline UNWIND_NO_SANITIZE uintptr_t changed(const struct unwind_memo_frame *t)
{
	return (*(const uintptr_t *)(t->sp - 8) ^ t->pc) | (*(const uintptr_t *)t->slot ^ t->was);
}

UNWIND_NO_SANITIZE bool walk_memo_verify(struct walk *w, uintptr_t *pcs, size_t room)
{
	struct walk_memo *u = &w->reuse;
	const struct unwind_memo_frame *t = &u->memo->frames[u->alive];
	size_t n = room < u->alive ? room : u->alive;
	uintptr_t difference = 0;

	/* The first was compared by walk_memo_note, and what led to it does not matter. */
	if (n && t->sp - w->lo <= w->span) {
		pcs[0] = t->pc;
		/* No early exit: the loads of different frames are independent and overlap. */
		for (size_t i = 1; i < n; i++) {
			t--;
			difference |= changed(t);
			pcs[i] = t->pc;
		}
		if (difference == 0)
			return true;
	}
	/* Frames behind a change may still be met, but nothing inside them leads there. */
	for (t = &u->memo->frames[u->alive]; t > u->memo->frames + 1 && !changed(t - 1); t--)
		;
	u->alive = (uint32_t)(t - u->memo->frames) - 1;
	return false;
}
