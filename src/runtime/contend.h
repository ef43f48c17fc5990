/*
 * The contention profiles: block (time that threads waited, by the stack that waited) and mutex
 * (time that others waited, by the stack that unlocked). Both off until asked for, with Go's rates
 * and estimates; docs/contention.md has the formulas.
 *
 *	lock:   trylock -> rt_contend_wait -> the real lock -> rt_contend_waited
 *	unlock: rt_waiters_any? -> rt_contend_take -> the real unlock -> rt_contend_released
 *	others: rt_contend_now -> the real call -> rt_contend_blocked
 */
#ifndef RUNTIME_CONTEND_H
#define RUNTIME_CONTEND_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/profiles.h"
#include "runtime/snapshot.h"

/* Largest rate, in ns, and fraction. */
#define RT_CONTEND_RATE_MAX     1000000000000ULL
#define RT_CONTEND_FRACTION_MAX ((uint64_t)INT32_MAX)

/* What an event stands for. */
struct rt_contend_weight {
	uint64_t count; /* in 1 / 2^RT_OBJECTS_SHIFT */
	uint64_t delay; /* ns */
};

/*
 * Whether a wait of `ns` is recorded at this rate: always from the rate on, a shorter one with
 * probability ns / rate and then with its weight. 0 ns count as 1. RT_SIGSAFE
 */
bool rt_contend_weigh_block(
    uint64_t ns, uint64_t rate, uint64_t random, struct rt_contend_weight *out);
/* Whether an unlock that others lost `ns` to is recorded: one in `fraction`. RT_SIGSAFE */
bool rt_contend_weigh_mutex(
    uint64_t ns, uint64_t fraction, uint64_t random, struct rt_contend_weight *out);

/* Reads the options. Init only. */
void rt_contend_init(void);
/* In a forked child. */
void rt_contend_after_fork(void);

/*
 * The mean time between recorded waits in ns (0: off, 1: all), and one in how many unlocks is
 * recorded (0: off); larger values than the maximum are taken as that. False when there is no
 * memory for the table. RT_ANY, one caller at a time
 */
bool rt_contend_set_block_rate(uint64_t ns);
bool rt_contend_set_mutex_fraction(uint64_t n);
uint64_t rt_contend_block_rate(void);
uint64_t rt_contend_mutex_fraction(void);

/*
 * `hooks` is called with true when one of the profiles is switched on and with false when none is
 * any more; at once if one is on. At most RT_CONTEND_HOOKS of them. Constructors only.
 */
#define RT_CONTEND_HOOKS 4
void rt_contend_register(void (*hooks)(bool on));

/* CLOCK_MONOTONIC in ns. RT_SIGSAFE */
uint64_t rt_contend_now(void);

/* A wait for a lock. */
struct rt_contend_wait {
	uint64_t start;
	uint32_t place;
};

/* The lock was not to be had at once. RT_SIGSAFE */
void rt_contend_wait(struct rt_contend_wait *w, const volatile void *lock);
/* The wait is over; `counts` says that it is one to record. Keeps errno. RT_NOALLOC */
void rt_contend_waited(const struct rt_contend_wait *w, bool counts, void *caller);

/* The time that others have waited so far for what is about to be unlocked. RT_SIGSAFE */
uint64_t rt_contend_take(const volatile void *lock);
/* It was unlocked. Keeps errno. RT_NOALLOC */
void rt_contend_released(uint64_t ns, void *caller);

/* The caller waited from `start` until now. Keeps errno. RT_NOALLOC */
void rt_contend_blocked(uint64_t start, void *caller);

/* The profiles, for the table. RT_ANY */
bool rt_contend_block_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);
bool rt_contend_mutex_take(const struct rt_profile_kind *kind, struct rt_snapshot *s);
size_t rt_contend_block_count(const struct rt_profile_kind *kind);
size_t rt_contend_mutex_count(const struct rt_profile_kind *kind);

#endif
