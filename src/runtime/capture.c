/*
 * Stack capture; see capture.h. Called by heap_sample.c.
 *
 * A walk wants 7 KB: the addresses, and the thread's last walk to reuse what has not changed. That
 * is too much for the host's stacks (coroutines) and for static TLS, and per-thread memory would
 * need a destructor. So there is a pool of slots; a thread goes to the one its TLS address hashes
 * to, or to one nearby when that is in use, and a slot's remembered walk is dropped when another
 * thread comes. (Even a stale one could do no harm: a walk is only reused after comparing it with
 * the stack.)
 */
#include "runtime/capture.h"

#include "core/hash.h"
#include "runtime/mem.h"
#include "runtime/modules.h"
#include "runtime/rt.h"
#include "runtime/saferead.h"
#include "runtime/tls.h"
#include "unwind/regs_x86_64.h"
#include "unwind/unwind.h"

#define SLOTS      64
#define SLOT_TRIES 4
/* Frames of ours between here and the program, at most. */
#define OWN_FRAMES 8

struct slot {
	_Atomic(struct rt_tls *) user; /* who is walking; NULL: nobody */
	struct rt_tls *owner;          /* whose walk is remembered; only its address is used */
	struct unwind_memo memo;
	uintptr_t pcs[RT_STACK_DEPTH + OWN_FRAMES + 1];
};

static struct {
	struct slot *slots;
	struct unwind_cache *cache;
} capture;

bool rt_capture_init(void)
{
	capture.slots = rt_mem_map(SLOTS * sizeof(struct slot));
	capture.cache = rt_mem_map(sizeof(struct unwind_cache));
	return capture.slots && capture.cache;
}

void rt_capture_flush(void)
{
	if (capture.cache)
		unwind_cache_flush(capture.cache);
}

uint64_t rt_capture_misses(void)
{
	return capture.cache ? atomic_load(&capture.cache->misses) : 0;
}

size_t rt_capture_memory(void)
{
	return SLOTS * sizeof(struct slot) + sizeof(struct unwind_cache);
}

void rt_capture_after_fork(void)
{
	for (unsigned i = 0; capture.slots && i < SLOTS; i++) {
		atomic_store(&capture.slots[i].user, NULL);
		unwind_memo_clear(&capture.slots[i].memo);
	}
}

static struct slot *claim(struct rt_tls *t)
{
	uint64_t hash = hash_u64((uintptr_t)t);

	for (unsigned i = 0; i < SLOT_TRIES; i++) {
		struct slot *s = &capture.slots[(hash + i) % SLOTS];
		struct rt_tls *user = NULL;

		/* Our own, when a handler of the program jumped away from our last walk. */
		if (!atomic_compare_exchange_strong_explicit(
			&s->user, &user, t, memory_order_acquire, memory_order_relaxed) &&
		    user != t)
			continue;
		if (s->owner != t) {
			unwind_memo_clear(&s->memo);
			s->owner = t;
		}
		return s;
	}
	return NULL;
}

static bool read_word(void *ctx, uintptr_t addr, uintptr_t *out)
{
	return rt_saferead_word(ctx, addr, out);
}

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	(void)ctx;
	return rt_modules_find(pc, out);
}

static size_t walk(struct slot *s, struct rt_tls *t, enum unwind_end *end)
{
	static const struct unwind_ops ops = { read_word, find_module };
	struct rt_saferead pages = { 0 };
	struct unwind_ctx ctx = {
		.ops = &ops, .arg = &pages, .cache = capture.cache, .memo = &s->memo
	};
	struct unwind_regs regs;

	unwind_regs_here(&regs);
	if (rt_saferead_stack(regs.r[UNWIND_SP], &t->stack_lo, &t->stack_hi)) {
		ctx.stack_lo = t->stack_lo;
		ctx.stack_hi = t->stack_hi;
	}
	return unwind_stack(&ctx, &regs, true, s->pcs, RT_STACK_DEPTH + OWN_FRAMES, end);
}

/* Index of the frame that `caller` is in; when the walk did not get there, it is made the only
 * one. */
static size_t cut_own(uintptr_t *pcs, size_t *n, uintptr_t caller)
{
	for (size_t i = 0; i < *n && i < OWN_FRAMES; i++)
		if (pcs[i] == caller)
			return i;
	pcs[0] = caller;
	*n = 1;
	return 0;
}

/* Marks a stack that is not whole; returns the new depth. */
static size_t mark_end(uintptr_t *pcs, size_t n, enum unwind_end end)
{
	if (n > RT_STACK_DEPTH || end == UNWIND_TRUNCATED) {
		rt_stats_add(RT_STAT_END_TRUNCATED, 1);
		n = n < RT_STACK_DEPTH ? n : RT_STACK_DEPTH;
		pcs[n++] = RT_PC_TRUNCATED;
	} else if (end == UNWIND_UNREADABLE) {
		rt_stats_add(RT_STAT_END_UNREADABLE, 1);
		pcs[n++] = RT_PC_UNREADABLE;
	} else if (end == UNWIND_STUCK) {
		rt_stats_add(RT_STAT_END_STUCK, 1);
	}
	return n;
}

rt_stack_id rt_capture(void *caller)
{
	uintptr_t none[] = { (uintptr_t)caller, RT_PC_NO_SCRATCH };
	struct rt_tls *t = &rt_tls;
	struct slot *s = claim(t);
	enum unwind_end end;
	rt_stack_id id;
	size_t n, first;

	if (!s) {
		rt_stats_add(RT_STAT_LOST_SCRATCH, 1);
		return rt_stacktab_id(none, 2);
	}
	n = walk(s, t, &end);
	rt_stats_add(RT_STAT_FRAMES, n);
	rt_stats_add(RT_STAT_FRAMES_REUSED, s->memo.reused);
	first = cut_own(s->pcs, &n, (uintptr_t)caller);
	n = mark_end(s->pcs + first, n - first, end);
	id = rt_stacktab_id(s->pcs + first, n);
	atomic_store_explicit(&s->user, NULL, memory_order_release);
	return id;
}
