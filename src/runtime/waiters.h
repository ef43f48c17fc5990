/*
 * Who waits for which lock, so that the thread that unlocks it can be told how much time it cost
 * the others, without a word in the lock itself. A waiter announces the lock's address and since
 * when it waits; whoever unlocks asks one counter, found by the address, and looks further only
 * when that says that somebody waits.
 *
 * Time is handed out once: an unlock takes the time since the wait began or since the last unlock,
 * whichever is later. So over all unlocks the sum is what the waiters waited, up to the unlock that
 * let them go.
 *
 * Lock-free. A thread announces one lock at a time; a wait in a signal handler ends the
 * announcement of the one that it interrupted. A wait that a thread never returns from (it jumped
 * away) is forgotten with the thread's next.
 */
#ifndef RUNTIME_WAITERS_H
#define RUNTIME_WAITERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/rt.h"

#define RT_WAITERS_BUCKETS 4096u
#define RT_WAITERS_SLOTS   4096u

/* All waiters, and those by bucket of the lock's address. */
extern RT_HIDDEN _Atomic uint32_t rt_waiters_total;
extern RT_HIDDEN _Atomic uint32_t rt_waiters_counts[RT_WAITERS_BUCKETS];

static inline uint32_t rt_waiters_bucket(uintptr_t lock)
{
	return (uint32_t)(((uint64_t)lock * 0x9e3779b97f4a7c15ULL) >> 52);
}

/* True when somebody may wait for this lock. RT_SIGSAFE */
static inline bool rt_waiters_any(const volatile void *lock)
{
	return rt_unlikely(atomic_load_explicit(&rt_waiters_total, memory_order_relaxed) != 0) &&
	       atomic_load_explicit(&rt_waiters_counts[rt_waiters_bucket((uintptr_t)lock)],
		   memory_order_relaxed) != 0;
}

/*
 * Buckets whose locks have been waited for lately. A lock elsewhere is calm: that it looks free is
 * enough to expect no wait, for a wait that begins between the look and the locking is rare then.
 */
extern RT_HIDDEN _Atomic bool rt_waiters_seen[RT_WAITERS_BUCKETS];

/* True when nobody was seen to wait for this lock. RT_SIGSAFE */
static inline bool rt_waiters_calm(const volatile void *lock)
{
	return !atomic_load_explicit(
	    &rt_waiters_seen[rt_waiters_bucket((uintptr_t)lock)], memory_order_relaxed);
}

/* Somebody waits for this lock. RT_SIGSAFE */
void rt_waiters_note(const volatile void *lock);

/*
 * Announces that the caller waits for this lock from `now` (ns) on. Returns what rt_waiters_leave
 * wants; 0 when there is no room (a counted loss). RT_SIGSAFE
 */
uint32_t rt_waiters_enter(uintptr_t lock, uint64_t now);
void rt_waiters_leave(uint32_t place);

/* Takes the time that others have waited for this lock, in ns. RT_SIGSAFE */
uint64_t rt_waiters_take(uintptr_t lock, uint64_t now);

/* In a forked child: nobody waits. */
void rt_waiters_after_fork(void);

#endif
