/* Who waits for which lock; see waiters.h. Called by contend.c. */
#include "runtime/waiters.h"

#include "runtime/tls.h"

/* Places tried from a bucket's own on. */
#define WINDOW   256u
/*
 * When so many buckets have seen a wait, all are forgotten: else a program that makes and frees
 * locks would have no calm one in the end. Those that are fought for are soon seen again.
 */
#define SEEN_MAX (RT_WAITERS_BUCKETS / 4)
/* A place that is being filled. */
#define FILLING  ((uintptr_t)1)

_Static_assert(RT_WAITERS_SLOTS <= UINT16_MAX, "a place fits the thread's struct");

struct place {
	_Atomic uintptr_t lock; /* 0: free */
	_Atomic uint64_t since; /* time up to here was taken, or the wait began */
};

_Alignas(64) _Atomic uint32_t rt_waiters_total;
_Alignas(64) _Atomic uint32_t rt_waiters_counts[RT_WAITERS_BUCKETS];
_Alignas(64) _Atomic bool rt_waiters_seen[RT_WAITERS_BUCKETS];
static _Atomic uint32_t seen_count;
static struct place places[RT_WAITERS_SLOTS];
static _Atomic bool used; /* pages that nobody has touched stay untouched */

void rt_waiters_note(const volatile void *lock)
{
	if (!rt_waiters_calm(lock))
		return;
	if (atomic_fetch_add_explicit(&seen_count, 1, memory_order_relaxed) >= SEEN_MAX) {
		for (uint32_t i = 0; i < RT_WAITERS_BUCKETS; i++)
			atomic_store_explicit(&rt_waiters_seen[i], false, memory_order_relaxed);
		atomic_store_explicit(&seen_count, 0, memory_order_relaxed);
	}
	atomic_store_explicit(
	    &rt_waiters_seen[rt_waiters_bucket((uintptr_t)lock)], true, memory_order_relaxed);
}

static void release(uint32_t place)
{
	struct place *p = &places[place - 1];
	uintptr_t lock = atomic_load_explicit(&p->lock, memory_order_relaxed);

	atomic_store_explicit(&p->lock, 0, memory_order_release);
	atomic_fetch_sub(&rt_waiters_counts[rt_waiters_bucket(lock)], 1);
	atomic_fetch_sub(&rt_waiters_total, 1);
}

static uint32_t claim(uint32_t bucket)
{
	for (uint32_t i = 0; i < WINDOW; i++) {
		uint32_t at = (bucket + i) % RT_WAITERS_SLOTS;
		uintptr_t nobody = 0;

		if (atomic_load_explicit(&places[at].lock, memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_strong(&places[at].lock, &nobody, FILLING))
			return at + 1;
	}
	return 0;
}

uint32_t rt_waiters_enter(uintptr_t lock, uint64_t now)
{
	struct rt_tls *t = &rt_tls;
	uint32_t bucket = rt_waiters_bucket(lock), place;

	if (t->waits_at)
		release(t->waits_at);
	atomic_store_explicit(&used, true, memory_order_relaxed);
	place = claim(bucket);
	t->waits_at = (uint16_t)place;
	if (place == 0) {
		rt_stats_add(RT_STAT_LOST_WAITERS, 1);
		return 0;
	}
	atomic_store_explicit(&places[place - 1].since, now, memory_order_relaxed);
	atomic_store_explicit(&places[place - 1].lock, lock, memory_order_release);
	atomic_fetch_add(&rt_waiters_counts[bucket], 1);
	atomic_fetch_add(&rt_waiters_total, 1);
	return place;
}

void rt_waiters_leave(uint32_t place)
{
	struct rt_tls *t = &rt_tls;

	/* Else a wait in a signal handler has ended it. */
	if (place == 0 || t->waits_at != place)
		return;
	release(place);
	t->waits_at = 0;
}

/*
 * Another may take the time at the same moment, or the place may become another waiter's: the
 * exchange gives each piece of time to one of them only.
 */
static uint64_t take_from(struct place *p, uint64_t now)
{
	uint64_t since = atomic_load_explicit(&p->since, memory_order_relaxed);

	do {
		if (since >= now)
			return 0;
	} while (!atomic_compare_exchange_weak(&p->since, &since, now));
	return now - since;
}

uint64_t rt_waiters_take(uintptr_t lock, uint64_t now)
{
	uint32_t bucket = rt_waiters_bucket(lock);
	uint32_t left = atomic_load(&rt_waiters_counts[bucket]);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < WINDOW && left > 0; i++) {
		struct place *p = &places[(bucket + i) % RT_WAITERS_SLOTS];
		uintptr_t there = atomic_load_explicit(&p->lock, memory_order_acquire);

		if (there <= FILLING || rt_waiters_bucket(there) != bucket)
			continue;
		left--;
		if (there == lock)
			sum += take_from(p, now);
	}
	return sum;
}

void rt_waiters_after_fork(void)
{
	if (!atomic_load(&used))
		return;
	for (uint32_t i = 0; i < RT_WAITERS_SLOTS; i++)
		atomic_store_explicit(&places[i].lock, 0, memory_order_relaxed);
	for (uint32_t i = 0; i < RT_WAITERS_BUCKETS; i++)
		atomic_store_explicit(&rt_waiters_counts[i], 0, memory_order_relaxed);
	atomic_store_explicit(&rt_waiters_total, 0, memory_order_relaxed);
	rt_tls.waits_at = 0;
}
