/*
 * Contention; see contend.h. Called by the hooks in hook_sync.c and hook_io.c, api.c and the table
 * of profiles.
 */
#include "runtime/contend.h"

#include <errno.h>
#include <time.h>

#include "runtime/busy.h"
#include "runtime/capture.h"
#include "runtime/heap_sample.h"
#include "runtime/rt.h"
#include "runtime/stacksum.h"
#include "runtime/waiters.h"

#define ONE (1ULL << RT_OBJECTS_SHIFT)

static struct {
	_Atomic uint64_t block_rate, mutex_fraction;
	struct rt_stacksum block, mutex;
	_Atomic(void (*)(bool)) hooks[RT_CONTEND_HOOKS];
} contend;

bool rt_contend_weigh_block(
    uint64_t ns, uint64_t rate, uint64_t random, struct rt_contend_weight *out)
{
	ns = ns ? ns : 1;
	if (rate == 0 || (ns < rate && random % rate >= ns))
		return false;
	*out = ns < rate ? (struct rt_contend_weight){ (ONE * rate + ns / 2) / ns, rate }
			 : (struct rt_contend_weight){ ONE, ns };
	return true;
}

bool rt_contend_weigh_mutex(
    uint64_t ns, uint64_t fraction, uint64_t random, struct rt_contend_weight *out)
{
	if (fraction == 0 || random % fraction != 0)
		return false;
	out->count = ONE * fraction;
	if (__builtin_mul_overflow(ns, fraction, &out->delay))
		out->delay = INT64_MAX;
	return true;
}

uint64_t rt_contend_block_rate(void)
{
	return atomic_load_explicit(&contend.block_rate, memory_order_relaxed);
}

uint64_t rt_contend_mutex_fraction(void)
{
	return atomic_load_explicit(&contend.mutex_fraction, memory_order_relaxed);
}

static bool is_on(void)
{
	return rt_contend_block_rate() != 0 || rt_contend_mutex_fraction() != 0;
}

static void switch_hooks(void)
{
	bool on = is_on();

	for (unsigned i = 0; i < RT_CONTEND_HOOKS; i++) {
		void (*hooks)(bool) = atomic_load(&contend.hooks[i]);

		if (hooks)
			hooks(on);
	}
}

void rt_contend_register(void (*hooks)(bool))
{
	for (unsigned i = 0; i < RT_CONTEND_HOOKS; i++) {
		void (*none)(bool) = NULL;

		if (atomic_compare_exchange_strong(&contend.hooks[i], &none, hooks))
			break;
	}
	if (is_on())
		hooks(true);
}

static bool set(struct rt_stacksum *t, _Atomic uint64_t *value, uint64_t to)
{
	if (to != 0 && (!rt_is_ready() || !rt_stacksum_map(t)))
		return false;
	atomic_store(value, to);
	switch_hooks();
	return true;
}

bool rt_contend_set_block_rate(uint64_t ns)
{
	return set(&contend.block, &contend.block_rate,
	    ns < RT_CONTEND_RATE_MAX ? ns : RT_CONTEND_RATE_MAX);
}

bool rt_contend_set_mutex_fraction(uint64_t n)
{
	return set(&contend.mutex, &contend.mutex_fraction,
	    n < RT_CONTEND_FRACTION_MAX ? n : RT_CONTEND_FRACTION_MAX);
}

void rt_contend_init(void)
{
	rt_contend_set_block_rate(rt.options.block_rate);
	rt_contend_set_mutex_fraction(rt.options.mutex_fraction);
}

void rt_contend_after_fork(void)
{
	rt_waiters_after_fork();
}

uint64_t rt_contend_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Adds an event to a table. What the profiler's own threads wait for is not the program's. */
static void record(
    struct rt_stacksum *t, const struct rt_contend_weight *w, void *caller, enum rt_stat counter)
{
	uintptr_t was;

	if (!rt_state_check(&rt.state))
		return;
	was = rt_busy_begin();
	rt_stacksum_add(t, rt_capture(caller), w->count, w->delay);
	rt_stats_add(counter, 1);
	rt_busy_end(was);
}

void rt_contend_blocked(uint64_t start, void *caller)
{
	uint64_t rate = rt_contend_block_rate();
	struct rt_contend_weight w;
	int saved = errno;

	if (rate == 0 || rt_busy())
		return;
	if (rt_contend_weigh_block(rt_contend_now() - start, rate, rt_heap_random(), &w))
		record(&contend.block, &w, caller, RT_STAT_BLOCK_EVENTS);
	errno = saved;
}

void rt_contend_wait(struct rt_contend_wait *w, const volatile void *lock)
{
	w->start = rt_contend_now();
	w->place = 0;
	rt_waiters_note(lock);
	if (rt_contend_mutex_fraction() != 0 && !rt_busy())
		w->place = rt_waiters_enter((uintptr_t)lock, w->start);
}

void rt_contend_waited(const struct rt_contend_wait *w, bool counts, void *caller)
{
	rt_waiters_leave(w->place);
	if (counts)
		rt_contend_blocked(w->start, caller);
}

uint64_t rt_contend_take(const volatile void *lock)
{
	return rt_waiters_take((uintptr_t)lock, rt_contend_now());
}

void rt_contend_released(uint64_t ns, void *caller)
{
	struct rt_contend_weight w;
	int saved = errno;

	if (ns > 0 && !rt_busy() &&
	    rt_contend_weigh_mutex(ns, rt_contend_mutex_fraction(), rt_heap_random(), &w))
		record(&contend.mutex, &w, caller, RT_STAT_MUTEX_EVENTS);
	errno = saved;
}

static bool take(const struct rt_stacksum *t, struct rt_snapshot *s)
{
	rt_snapshot_begin(s);
	s->rate = 1;
	rt_stacksum_snapshot(t, s);
	return rt_snapshot_end(s);
}

bool rt_contend_block_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	return take(&contend.block, s);
}

bool rt_contend_mutex_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	return take(&contend.mutex, s);
}

size_t rt_contend_block_count(const struct rt_profile_kind *kind)
{
	(void)kind;
	return rt_stacksum_count(&contend.block);
}

size_t rt_contend_mutex_count(const struct rt_profile_kind *kind)
{
	(void)kind;
	return rt_stacksum_count(&contend.mutex);
}
