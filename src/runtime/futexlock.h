/*
 * A lock for what must not happen twice at once where pthread's must not be used: it is interposed.
 * Held for microseconds, never by a signal handler; whoever takes it blocks all signals meanwhile,
 * so that no handler of the host finds its own thread holding it.
 */
#ifndef RUNTIME_FUTEXLOCK_H
#define RUNTIME_FUTEXLOCK_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

struct rt_futexlock {
	_Atomic uint32_t word; /* 0 free, 1 held, 2 held and waited for */
};

/* Blocks all signals, stores the mask that was in *mask, and takes the lock. RT_ANY */
void rt_futexlock_take(struct rt_futexlock *lock, sigset_t *mask);
void rt_futexlock_give(struct rt_futexlock *lock, const sigset_t *mask);

/* Waits until *word is not `was`, or `ms` milliseconds; wakes all that wait. RT_SIGSAFE */
void rt_futex_wait(_Atomic uint32_t *word, uint32_t was, unsigned ms);
void rt_futex_wake(_Atomic uint32_t *word);

#endif
