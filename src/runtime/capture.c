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

#include <string.h>

#include "core/hash.h"
#include "runtime/mem.h"
#include "runtime/modules.h"
#include "runtime/records.h"
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
	/* Written by whoever has it, so without locked instructions. */
	_Atomic uint64_t samples, frames, reused;
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

size_t rt_capture_proven(uintptr_t start, uintptr_t end)
{
	return capture.cache ? unwind_cache_proven(capture.cache, start, end) : 0;
}

size_t rt_capture_memory(void)
{
	return SLOTS * sizeof(struct slot) + sizeof(struct unwind_cache);
}

void rt_capture_after_fork(void)
{
	if (capture.cache)
		unwind_cache_after_fork(capture.cache);
	for (unsigned i = 0; capture.slots && i < SLOTS; i++) {
		atomic_store(&capture.slots[i].user, NULL);
		unwind_memo_clear(&capture.slots[i].memo);
	}
}

uint64_t rt_capture_counted(enum rt_stat which)
{
	uint64_t n = 0;

	for (unsigned i = 0; capture.slots && i < SLOTS; i++) {
		const struct slot *s = &capture.slots[i];

		if (which == RT_STAT_SAMPLES)
			n += atomic_load_explicit(&s->samples, memory_order_relaxed);
		else if (which == RT_STAT_FRAMES)
			n += atomic_load_explicit(&s->frames, memory_order_relaxed);
		else if (which == RT_STAT_FRAMES_REUSED)
			n += atomic_load_explicit(&s->reused, memory_order_relaxed);
	}
	return n;
}

static void count(_Atomic uint64_t *own, uint64_t n)
{
	uint64_t now = atomic_load_explicit(own, memory_order_relaxed);

	atomic_store_explicit(own, now + n, memory_order_relaxed);
}

/*
 * `again`: also the one that this thread has, when a handler of the program jumped away from its
 * last walk. Not so in a handler of ours: that walk goes on.
 */
static struct slot *claim(struct rt_tls *t, bool again)
{
	uint64_t hash = hash_u64((uintptr_t)t);

	for (unsigned i = 0; i < SLOT_TRIES; i++) {
		struct slot *s = &capture.slots[(hash + i) % SLOTS];
		struct rt_tls *user = NULL;

		if (!atomic_compare_exchange_strong_explicit(
			&s->user, &user, t, memory_order_acquire, memory_order_relaxed) &&
		    !(again && user == t))
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

/* From regs on; [lo, hi) is what is verified of this thread's stack, and may be extended. */
static size_t walk_from(struct slot *s, const struct unwind_regs *regs, uintptr_t *lo,
    uintptr_t *hi, enum unwind_end *end)
{
	static const struct unwind_ops ops = { read_word, find_module };
	struct rt_saferead pages = { 0 };
	struct unwind_ctx ctx = {
		.ops = &ops, .arg = &pages, .cache = capture.cache, .memo = &s->memo
	};

	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): filled by assembly */
	if (rt_saferead_stack(regs->r[UNWIND_SP], rt_tls.guarded, lo, hi)) {
		ctx.stack_lo = *lo;
		ctx.stack_hi = *hi;
	}
	return unwind_stack(&ctx, regs, true, s->pcs, RT_STACK_DEPTH + OWN_FRAMES, end);
}

static size_t walk(struct slot *s, struct rt_tls *t, enum unwind_end *end)
{
	struct unwind_regs regs;

	unwind_regs_here(&regs);
	return walk_from(s, &regs, &t->stack_lo, &t->stack_hi, end);
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

/* The interrupted code may be at work on the thread's bounds: only a copy is used then. */
static size_t walk_interrupted(
    struct slot *s, struct rt_tls *t, const void *ucontext, enum unwind_end *end)
{
	uintptr_t lo = t->stack_lo, hi = t->stack_hi;
	struct unwind_regs regs;
	size_t n;

	unwind_regs_from_ucontext(&regs, ucontext);
	n = walk_from(s, &regs, &lo, &hi, end);
	if (t->busy_at == 0) {
		t->stack_lo = lo;
		t->stack_hi = hi;
	}
	s->pcs[0]++; /* as if it were a return address */
	return n;
}

void rt_capture_interrupted(
    const void *ucontext, void (*use)(void *, const uintptr_t *, size_t), void *ctx)
{
	struct slot *s = claim(&rt_tls, false);
	enum unwind_end end;
	size_t n;

	if (!s) {
		uintptr_t none = RT_PC_NO_SCRATCH;

		rt_stats_add(RT_STAT_LOST_SCRATCH, 1);
		use(ctx, &none, 1);
		return;
	}
	n = walk_interrupted(s, &rt_tls, ucontext, &end);
	n = mark_end(s->pcs, n, end);
	use(ctx, s->pcs, n);
	atomic_store_explicit(&s->user, NULL, memory_order_release);
}

/* What is to become of the stack. */
struct purpose {
	unsigned skip;  /* innermost frames to leave out */
	bool is_sample; /* of the heap: counted, and its record is looked for next, */
	size_t size;    /* that of a block of this size */
};

/* While one of the two indexes is looked at, the other is under way. */
static rt_stack_id find_stack(const uintptr_t *pcs, size_t n, const struct purpose *purpose)
{
	uint32_t hash = rt_stacktab_hash(pcs, n);

	if (purpose->is_sample) {
		rt_stacktab_prefetch_slot(hash);
		rt_records_prefetch_slot(hash, purpose->size);
	}
	return rt_stacktab_find(hash, pcs, n);
}

static rt_stack_id capture_here(void *caller, const struct purpose *purpose)
{
	uintptr_t none[] = { (uintptr_t)caller, RT_PC_NO_SCRATCH };
	struct rt_tls *t = &rt_tls;
	struct slot *s = claim(t, true);
	enum unwind_end end;
	rt_stack_id id;
	size_t n, first;

	if (!s) {
		rt_stats_add(RT_STAT_SAMPLES, purpose->is_sample);
		rt_stats_add(RT_STAT_LOST_SCRATCH, 1);
		return rt_stacktab_id(none, 2);
	}
	n = walk(s, t, &end);
	count(&s->samples, purpose->is_sample);
	count(&s->frames, n);
	count(&s->reused, s->memo.reused);
	first = cut_own(s->pcs, &n, (uintptr_t)caller);
	first += purpose->skip < n - first ? purpose->skip : n - first - 1;
	n = mark_end(s->pcs + first, n - first, end);
	id = find_stack(s->pcs + first, n, purpose);
	atomic_store_explicit(&s->user, NULL, memory_order_release);
	return id;
}

rt_stack_id rt_capture(void *caller)
{
	return capture_here(caller, &(struct purpose){ 0 });
}

rt_stack_id rt_capture_skip(void *caller, unsigned skip)
{
	return capture_here(caller, &(struct purpose){ .skip = skip });
}

rt_stack_id rt_capture_allocation(void *caller, size_t size)
{
	return capture_here(caller, &(struct purpose){ .is_sample = true, .size = size });
}

struct copied {
	uintptr_t from;
	const uint8_t *bytes;
	size_t n;
};

static bool read_copied(void *ctx, uintptr_t addr, uintptr_t *out)
{
	const struct copied *c = ctx;

	if (addr < c->from || addr - c->from > c->n || c->n - (addr - c->from) < sizeof(*out))
		return false;
	memcpy(out, c->bytes + (addr - c->from), sizeof(*out));
	return true;
}

/* Callee-saved registers are not known: a frame that needs one before it was saved ends the walk.
 */
size_t rt_capture_copied(
    uintptr_t pc, uintptr_t sp, const void *copy, size_t n, uintptr_t *pcs, bool *whole)
{
	static const struct unwind_ops ops = { read_copied, find_module };
	struct copied copied = { sp, copy, n };
	struct unwind_ctx ctx = { .ops = &ops, .arg = &copied, .cache = capture.cache };
	struct unwind_regs regs = { .known = 1u << UNWIND_PC | 1u << UNWIND_SP | 1u << UNWIND_BP };
	enum unwind_end end;
	size_t depth;

	regs.r[UNWIND_PC] = pc;
	regs.r[UNWIND_SP] = sp;
	depth = unwind_stack(&ctx, &regs, true, pcs, RT_STACK_DEPTH, &end);
	pcs[0]++; /* as if it were a return address */
	*whole = end == UNWIND_DONE || end == UNWIND_TRUNCATED;
	return mark_end(pcs, depth, end);
}
