/*
 * Reuse of the previous walk of a thread. Successive samples of one thread share most of their
 * outer frames. So a walk begins with a look at how much of the way out of the last one is still
 * as it was, from the outermost frame inwards; when it then comes to one of those frames (same sp,
 * pc and rbp), it takes the rest over.
 *
 * The check is exact, not likely. With the same rules (same cache generation), a remembered step
 * depended on (sp, pc, rbp) of its frame, known to be equal, and on two words: the return address,
 * at the caller's sp - 8, and the saved rbp if there is one. Both are compared. A frame to which
 * other words led is noted with a `was` that its slot cannot hold, and so fails the check.
 *
 * Looking before walking costs nothing when the walk then turns out to be another one: it ends at
 * the first changed word. It leaves the walk a single comparison a frame, which is always
 * predicted, where a search in both lists would guess wrong at every other frame of a new stack.
 */
#include "unwind/walk.h"

#include "unwind/rule_cache.h"

#define END UNWIND_MEMO_FRAMES

/* Innermost frames of the last walk whose rules are fetched, as this one is likely to need them. */
#define PREFETCH 32

/* Zero when the words that led to frame i are what they were. */
static inline UNWIND_NO_SANITIZE uintptr_t changed(const struct unwind_memo *m, uint32_t i)
{
	const struct unwind_note *note = &m->notes[i];

	return (walk_load(note->sp - 8) ^ note->pc) | (walk_load(note->slot) ^ note->was);
}

/*
 * The innermost frame from which on the way out is what it was. Only of those at `lo` and above:
 * the words that led from one of them to the next lie between their sp. Four at a time, as their
 * loads are independent and overlap.
 */
static UNWIND_NO_SANITIZE uint32_t find_alive(const struct unwind_memo *m, uintptr_t lo)
{
	uint32_t first = END - m->n;
	uint32_t i = END - 1;

	while (i >= first + 4 && m->notes[i - 4].sp >= lo &&
	       (changed(m, i) | changed(m, i - 1) | changed(m, i - 2) | changed(m, i - 3)) == 0)
		i -= 4;
	while (i > first && m->notes[i - 1].sp >= lo && changed(m, i) == 0)
		i--;
	return m->notes[i].sp >= lo ? i : END;
}

static void prefetch_rules(const struct walk *w, uint32_t alive)
{
	const struct unwind_memo *m = w->reuse.memo;
	uint32_t first = END - m->n;

	if (alive - first > PREFETCH)
		first = alive - PREFETCH;
	for (uint32_t i = first; i < alive; i++)
		rule_cache_prefetch(w->ctx->cache, m->notes[i].pc);
}

void walk_memo_begin(struct walk *w)
{
	struct unwind_memo *memo = w->ctx->memo;
	uintptr_t lo = w->f.sp > w->lo ? w->f.sp : w->lo;

	w->reuse = (struct walk_memo){ .alive = END };
	if (!memo || memo->busy || !w->ctx->cache)
		return;
	memo->busy = true;
	/* From here on a signal handler's walk keeps its hands off. */
	atomic_signal_fence(memory_order_seq_cst);
	w->reuse.memo = memo;
	if (memo->n > END || memo->salt != w->salt)
		memo->n = 0;
	memo->salt = w->salt;
	if (memo->n == 0)
		return;
	/* Words up to the outermost frame are read without further checks. */
	if (memo->notes[END - 1].sp - w->lo <= w->span)
		w->reuse.alive = find_alive(memo, lo);
	prefetch_rules(w, w->reuse.alive);
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

/* Puts the fresh frames directly inside of the taken ones. Mostly few: no call of memmove. */
static void move_fresh(struct unwind_memo *m, uint32_t to, uint32_t fresh)
{
	for (uint32_t i = fresh; i-- > 0;)
		m->notes[to + i] = m->notes[i];
}

void walk_memo_keep(struct walk *w)
{
	struct walk_memo *u = &w->reuse;

	if (!u->memo)
		return;
	move_fresh(u->memo, END - u->taken - u->fresh, u->fresh);
	if (u->taken == 0)
		u->memo->by_frame_ptr = w->by_frame_ptr;
	finish(w, u->taken + u->fresh, u->taken);
}

void walk_memo_drop(struct walk *w)
{
	if (w->reuse.memo)
		finish(w, 0, 0);
}

bool walk_memo_met(struct walk *w)
{
	struct walk_memo *u = &w->reuse;
	struct unwind_memo *m = u->memo;
	uint32_t i = u->alive;

	while (i < END && m->notes[i].sp < w->f.sp)
		i++;
	u->alive = i;
	if (i == END || m->notes[i].sp != w->f.sp)
		return false;
	if (m->notes[i].pc != w->f.pc || m->notes[i].bp != w->f.bp) {
		u->alive++;
		return false;
	}
	/* It may have been reached from another frame than last time. */
	m->notes[i].slot = w->way.slot;
	m->notes[i].was = w->way.was;
	return true;
}
