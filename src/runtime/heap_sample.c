/*
 * The cold half of the sampler; see heap_sample.h. Called by hook_malloc.c. The countdown runs in
 * pieces of at most PIECE bytes, so that a thread notices a changed rate, or a runtime that has
 * become ready, without any test in the fast path: intervals have no memory, so drawing anew in
 * the middle of one changes no probability.
 */
#include "runtime/heap_sample.h"

#include <errno.h>
#include <time.h>

#include "runtime/busy.h"
#include "runtime/capture.h"
#include "runtime/early.h"
#include "runtime/peak.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/tls.h"
#include "runtime/weight.h"

#define PIECE          ((uint64_t)4 << 20)
#define STARTING_PIECE ((uint64_t)64 << 10)
#define NEVER          (UINT64_MAX / 2)
/* Pieces that hooks inside a sample may use up before it is taken for one that was left. */

_Thread_local struct rt_tls rt_tls;

static void seed_thread(struct rt_tls *t)
{
	uint64_t nth = atomic_fetch_add(&rt.threads, 1);
	uint64_t state = rt.seed + nth * 0x9e3779b97f4a7c15ULL;

	t->random = rt_weight_random(&state) | 1;
}

uint64_t rt_heap_random(void)
{
	struct rt_tls *t = &rt_tls;

	if (t->random == 0)
		seed_thread(t);
	return rt_weight_random(&t->random);
}

/* Puts the first piece of `interval` into left, the others into rest. */
static void set_interval(struct rt_tls *t, uint64_t interval)
{
	t->left = interval < PIECE ? interval : PIECE;
	t->rest = interval - t->left;
}

static void draw(struct rt_tls *t)
{
	t->rate_gen = atomic_load_explicit(&rt.heap_rate_gen, memory_order_acquire);
	t->rate = atomic_load_explicit(&rt.heap_rate, memory_order_relaxed);
	if (t->random == 0)
		seed_thread(t);
	if (t->rate <= 1)
		set_interval(t, t->rate == 0 ? NEVER : 0);
	else
		set_interval(t, rt_weight_interval(&t->random, t->rate));
}

/*
 * A signal handler that came between a borrow and its undoing may have allocated, or jumped away
 * so that it was never undone: what is left is then more than there ever is, and the gate would not
 * be due again.
 */
static bool is_spoilt(const struct rt_tls *t)
{
	return t->left > PIECE;
}

/* Before our constructor each is noted; without tables none is of interest. */
static bool is_starting(void)
{
	return atomic_load_explicit(&rt.phase, memory_order_acquire) == RT_STARTING;
}

RT_COLD bool rt_heap_due(size_t n, uint64_t *mean)
{
	struct rt_tls *t = &rt_tls;
	uint64_t cost = (uint64_t)n + 1;

	t->left += cost; /* undoes the borrow: what was left before this allocation */
	if (!rt_is_ready()) {
		*mean = 1;
		t->left = is_starting() ? 0 : STARTING_PIECE;
		return t->left == 0;
	}
	if (rt_busy()) {
		t->left = STARTING_PIECE;
		return false;
	}
	if (is_spoilt(t) ||
	    t->rate_gen != atomic_load_explicit(&rt.heap_rate_gen, memory_order_relaxed))
		draw(t);
	/* The cost may be any number: pieces are not gone through one by one. */
	if (cost > t->left + t->rest) {
		*mean = t->rate;
		draw(t);
		return *mean != 0;
	}
	set_interval(t, t->left + t->rest - cost);
	return false;
}

void rt_heap_redraw(void)
{
	rt_tls.left = 0;
	rt_tls.rate_gen = 0;
}

static uint64_t mono_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The coarse clock lags behind the one that the start was read from. */
static uint32_t seconds_since_start(void)
{
	uint64_t now = mono_ns(CLOCK_MONOTONIC_COARSE);

	return now < rt.start_mono_ns ? 0 : (uint32_t)((now - rt.start_mono_ns) / 1000000000u);
}

static void record(void *p, size_t n, uint64_t mean, void *caller)
{
	struct rt_live live;
	struct rt_amounts a;
	rt_stack_id stack;

	/* The tables are mostly out of the caches by the time of the next sample. */
	rt_live_prefetch((uintptr_t)p);
	rt_records_prefetch();
	rt_stacktab_prefetch();
	stack = rt_capture_allocation(caller, n);
	a = rt_weight_of(n, mean);
	live = (struct rt_live){ a.objects, a.bytes, 0, seconds_since_start() };
	live.record = rt_records_find(stack, n);
	/* An entry for p is of a block that was freed past us, say by the loader. */
	if (atomic_load_explicit(&rt_filter[rt_filter_slot((uintptr_t)p)], memory_order_relaxed))
		rt_heap_forget(p);
	rt_records_add_alloc(live.record, &a);
	rt_peak_allocated(a.bytes);
	if (!rt_live_add((uintptr_t)p, &live)) {
		rt_peak_before_free(a.bytes);
		rt_records_add_free(live.record, &a);
	}
}

RT_COLD void rt_heap_sample(void *p, size_t n, uint64_t mean, void *caller)
{
	struct rt_tls *t = &rt_tls;
	int saved = errno;
	bool timed = (t->random & 15) == 0;
	uint64_t start = 0;
	uintptr_t was;

	if (rt_unlikely(is_starting())) {
		if (!rt_real_is_boot(p))
			rt_early_add(p, n);
		return;
	}
	if (t->busy_at || !rt_state_check(&rt.state))
		return;
	was = rt_busy_begin();
	if (rt_unlikely(!atomic_load_explicit(&rt.state.faulted_in, memory_order_relaxed)))
		rt_state_fault_in(&rt.state);
	if (timed)
		start = mono_ns(CLOCK_MONOTONIC);
	record(p, n, mean, caller);
	if (timed) {
		rt_stats_add(RT_STAT_SAMPLE_NS, mono_ns(CLOCK_MONOTONIC) - start);
		rt_stats_add(RT_STAT_SAMPLE_TIMED, 1);
	}
	rt_busy_end(was);
	errno = saved;
}

bool rt_heap_detach(void *p, struct rt_live *out)
{
	if (rt_live_take((uintptr_t)p, out))
		return true;
	rt_early_forget(p);
	return false;
}

void rt_heap_freed(const struct rt_live *was)
{
	struct rt_amounts a = { 1, was->objects, was->bytes };

	rt_peak_before_free(was->bytes);
	rt_records_add_free(was->record, &a);
	rt_stats_add(RT_STAT_SAMPLES_FREED, 1);
}

void rt_heap_restore(void *p, const struct rt_live *was)
{
	if (!rt_live_add((uintptr_t)p, was))
		rt_heap_freed(was);
}

RT_COLD void rt_heap_forget(void *p)
{
	struct rt_live was;

	if (rt_live_take((uintptr_t)p, &was))
		rt_heap_freed(&was);
	else
		rt_early_forget(p);
	/* The gate does not come here by itself any more; frees do. */
	if (is_spoilt(&rt_tls))
		rt_heap_redraw();
}
