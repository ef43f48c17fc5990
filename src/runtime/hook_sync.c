/*
 * What threads wait for: locks, conditions, semaphores, barriers, each other, and time. For the
 * block and mutex profiles; while both are off, each function goes straight on to the next one.
 *
 * A lock is tried first; only when that fails is there anything to measure. A mutex that is free
 * and that nobody was seen to wait for is not even tried. Trying and locking
 * return the same for everything but a lock that is taken (robust, recursive, error-checking and
 * priority-inheriting ones too); calls whose arguments libc refuses whether the lock is free or not
 * go to libc directly. Nothing is held across a wait, so a thread that is cancelled or jumps away
 * in it leaves nothing behind but an announcement (waiters.h).
 *
 * libc's own calls among these (a condition's lock, the dynamic linker's) do not come by here. The
 * C11 functions are here because they do not come by the POSIX ones.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "runtime/contend.h"
#include "runtime/hook_dispatch.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/waiters.h"

#define HOOK_MISSING(result) ((result)ENOSYS)

/* Where libc has an incompatible function for programs of before 2003 besides. */
#ifdef __x86_64__
#define COND_VERSION "GLIBC_2.3.2"
#else
#define COND_VERSION NULL
#endif

typedef const struct timespec *restrict abs_time;

#define LOCK_LIST(X)                                                                               \
	X(int, pthread_mutex_lock, (pthread_mutex_t * m), (m), NULL)                               \
	X(int, pthread_mutex_timedlock, (pthread_mutex_t *restrict m, abs_time t), (m, t), NULL)   \
	X(int, pthread_mutex_clocklock, (pthread_mutex_t *restrict m, clockid_t c, abs_time t),    \
	    (m, c, t), NULL)                                                                       \
	X(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l), NULL)                           \
	X(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l), NULL)                           \
	X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *restrict l, abs_time t), (l, t),     \
	    NULL)                                                                                  \
	X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *restrict l, abs_time t), (l, t),     \
	    NULL)                                                                                  \
	X(int, pthread_rwlock_clockrdlock,                                                         \
	    (pthread_rwlock_t *restrict l, clockid_t c, abs_time t), (l, c, t), NULL)              \
	X(int, pthread_rwlock_clockwrlock,                                                         \
	    (pthread_rwlock_t *restrict l, clockid_t c, abs_time t), (l, c, t), NULL)              \
	X(int, pthread_spin_lock, (pthread_spinlock_t * l), (l), NULL)                             \
	X(int, mtx_lock, (mtx_t * m), (m), NULL)                                                   \
	X(int, mtx_timedlock, (mtx_t *restrict m, abs_time t), (m, t), NULL)

#define UNLOCK_LIST(X)                                                                             \
	X(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m), NULL)                             \
	X(int, pthread_rwlock_unlock, (pthread_rwlock_t * l), (l), NULL)                           \
	X(int, pthread_spin_unlock, (pthread_spinlock_t * l), (l), NULL)                           \
	X(int, mtx_unlock, (mtx_t * m), (m), NULL)

#define WAIT_LIST(X)                                                                               \
	X(int, pthread_cond_wait, (pthread_cond_t *restrict c, pthread_mutex_t *restrict m),       \
	    (c, m), COND_VERSION)                                                                  \
	X(int, pthread_cond_timedwait,                                                             \
	    (pthread_cond_t *restrict c, pthread_mutex_t *restrict m, abs_time t), (c, m, t),      \
	    COND_VERSION)                                                                          \
	X(int, pthread_cond_clockwait,                                                             \
	    (pthread_cond_t *restrict c, pthread_mutex_t *restrict m, clockid_t k, abs_time t),    \
	    (c, m, k, t), NULL)                                                                    \
	X(int, pthread_barrier_wait, (pthread_barrier_t * b), (b), NULL)                           \
	X(int, pthread_join, (pthread_t t, void **value), (t, value), NULL)                        \
	X(int, pthread_timedjoin_np, (pthread_t t, void **value, const struct timespec *at),       \
	    (t, value, at), NULL)                                                                  \
	X(int, pthread_clockjoin_np,                                                               \
	    (pthread_t t, void **value, clockid_t c, const struct timespec *at),                   \
	    (t, value, c, at), NULL)                                                               \
	X(int, sem_wait, (sem_t * s), (s), NULL)                                                   \
	X(int, sem_timedwait, (sem_t *restrict s, abs_time t), (s, t), NULL)                       \
	X(int, sem_clockwait, (sem_t *restrict s, clockid_t c, abs_time t), (s, c, t), NULL)       \
	X(int, cnd_wait, (cnd_t * c, mtx_t * m), (c, m), NULL)                                     \
	X(int, cnd_timedwait, (cnd_t *restrict c, mtx_t *restrict m, abs_time t), (c, m, t), NULL) \
	X(int, thrd_join, (thrd_t t, int *value), (t, value), NULL)                                \
	X(int, thrd_sleep, (const struct timespec *t, struct timespec *left), (t, left), NULL)     \
	X(unsigned, sleep, (unsigned seconds), (seconds), NULL)                                    \
	X(int, usleep, (useconds_t us), (us), NULL)                                                \
	X(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left), NULL)      \
	X(int, clock_nanosleep,                                                                    \
	    (clockid_t c, int flags, const struct timespec *t, struct timespec *left),             \
	    (c, flags, t, left), NULL)

#define SYNC_LIST(X) LOCK_LIST(X) UNLOCK_LIST(X) WAIT_LIST(X)

HOOK_DECLARE_SOME(SYNC_LIST, WAIT_LIST)

/* What is tried first. Nobody waits in these, so they are not interposed. */
static struct {
	_Atomic bool on;
	int (*mutex)(pthread_mutex_t *);
	int (*read)(pthread_rwlock_t *);
	int (*write)(pthread_rwlock_t *);
	int (*spin)(pthread_spinlock_t *);
	int (*sem)(sem_t *);
	int (*mtx)(mtx_t *);
} try;

/* Otherwise libc says EINVAL, for some kinds of lock even when it is free. */
static bool is_valid(clockid_t c, const struct timespec *t)
{
	return (c == CLOCK_REALTIME || c == CLOCK_MONOTONIC) && t && t->tv_nsec >= 0 &&
	       t->tv_nsec < 1000000000;
}

/* The lock was got, or time was lost in vain. Not: the lock was refused. */
static bool was_wait(int result)
{
	return result == 0 || result == ETIMEDOUT || result == EOWNERDEAD;
}

static bool was_mtx_wait(int result)
{
	return result == thrd_success || result == thrd_timedout;
}

/*
 * Whether locking can be left to libc, untried. The trying function is a call more, and libc's
 * saves registers that its locking one does not. The word is 0 while the lock is free in all
 * versions of glibc (it is what PTHREAD_MUTEX_INITIALIZER says); were it not, every lock would be
 * tried.
 */
static inline bool is_calm(const void *lock)
{
#ifdef __GLIBC__
	const pthread_mutex_t *m = lock; /* an mtx_t is one, too */

	return rt_likely(__atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED) == 0) &&
	       rt_likely(rt_waiters_calm(lock));
#else
	(void)lock;
	return false;
#endif
}

/*
 * An exported lock, and what it goes on to (by a jump, so that its caller is the program) when the
 * lock is not to be had at once. One jump less than by a pointer to on_NAME: with the second call,
 * that of the trying function, the price of a lock that is free is near what is wanted of it.
 */
#define LOCK(name, parameters, arguments, direct, trying, object, busy, waited)                    \
	static RT_COLD int wait_##name parameters                                                  \
	{                                                                                          \
		struct rt_contend_wait w;                                                          \
		int result;                                                                        \
                                                                                                   \
		rt_contend_wait(&w, object);                                                       \
		result = next.name arguments;                                                      \
		rt_contend_waited(&w, waited(result), HOOK_CALLER);                                \
		return result;                                                                     \
	}                                                                                          \
                                                                                                   \
	HOOK_EXPORT int name parameters;                                                           \
	int name parameters                                                                        \
	{                                                                                          \
		int result;                                                                        \
                                                                                                   \
		if (rt_likely(!atomic_load_explicit(&try.on, memory_order_relaxed)) || (direct))   \
			return __atomic_load_n(&now.name, __ATOMIC_RELAXED) arguments;             \
		result = try.trying(object);                                                       \
		if (rt_likely(result != (busy)))                                                   \
			return result;                                                             \
		return wait_##name arguments;                                                      \
	}

LOCK(pthread_mutex_lock, (pthread_mutex_t * m), (m), is_calm(m), mutex, m, EBUSY, was_wait)

LOCK(pthread_mutex_timedlock, (pthread_mutex_t *restrict m, abs_time t), (m, t),
    !is_valid(CLOCK_REALTIME, t), mutex, m, EBUSY, was_wait)

LOCK(pthread_mutex_clocklock, (pthread_mutex_t *restrict m, clockid_t c, abs_time t), (m, c, t),
    !is_valid(c, t), mutex, m, EBUSY, was_wait)

LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l), false, read, l, EBUSY, was_wait)

LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l), false, write, l, EBUSY, was_wait)

LOCK(pthread_rwlock_timedrdlock, (pthread_rwlock_t *restrict l, abs_time t), (l, t),
    !is_valid(CLOCK_REALTIME, t), read, l, EBUSY, was_wait)

LOCK(pthread_rwlock_timedwrlock, (pthread_rwlock_t *restrict l, abs_time t), (l, t),
    !is_valid(CLOCK_REALTIME, t), write, l, EBUSY, was_wait)

LOCK(pthread_rwlock_clockrdlock, (pthread_rwlock_t *restrict l, clockid_t c, abs_time t), (l, c, t),
    !is_valid(c, t), read, l, EBUSY, was_wait)

LOCK(pthread_rwlock_clockwrlock, (pthread_rwlock_t *restrict l, clockid_t c, abs_time t), (l, c, t),
    !is_valid(c, t), write, l, EBUSY, was_wait)

LOCK(pthread_spin_lock, (pthread_spinlock_t * l), (l), false, spin, l, EBUSY, was_wait)

LOCK(mtx_lock, (mtx_t * m), (m), is_calm(m), mtx, m, thrd_busy, was_mtx_wait)

LOCK(mtx_timedlock, (mtx_t *restrict m, abs_time t), (m, t), !is_valid(CLOCK_REALTIME, t), mtx, m,
    thrd_busy, was_mtx_wait)

/*
 * An exported unlock. While both profiles are off nobody is announced as waiting. Time is taken
 * before it: afterwards the lock may be gone.
 */
#define UNLOCK(name, type, inner)                                                                  \
	HOOK_EXPORT int name(type *lock);                                                          \
	int name(type *lock)                                                                       \
	{                                                                                          \
		uint64_t ns;                                                                       \
		int result;                                                                        \
                                                                                                   \
		if (rt_likely(!rt_waiters_any(lock)) || (inner))                                   \
			return __atomic_load_n(&now.name, __ATOMIC_RELAXED)(lock);                 \
		ns = rt_contend_take(lock);                                                        \
		result = next.name(lock);                                                          \
		if (result == 0)                                                                   \
			rt_contend_released(ns, HOOK_CALLER);                                      \
		return result;                                                                     \
	}

/* The unlock of a lock that its thread has locked more than once lets nobody in. */
static bool is_inner(const void *lock)
{
	const pthread_mutex_t *m = lock; /* an mtx_t is one, too */

	return (m->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE && m->__data.__count > 1;
}

UNLOCK(pthread_mutex_unlock, pthread_mutex_t, is_inner(lock))

UNLOCK(pthread_rwlock_unlock, pthread_rwlock_t, false)

UNLOCK(pthread_spin_unlock, pthread_spinlock_t, false)

UNLOCK(mtx_unlock, mtx_t, is_inner(lock))

/* Body of a wait for something that is no lock. */
#define WAIT(type, name, arguments, waited)                                                        \
	do {                                                                                       \
		uint64_t start = rt_contend_now();                                                 \
		type result = next.name arguments;                                                 \
                                                                                                   \
		if (waited)                                                                        \
			rt_contend_blocked(start, HOOK_CALLER);                                    \
		return result;                                                                     \
	} while (0)

/* Waiting for a condition unlocks. */
static void let_go(const void *lock, void *caller)
{
	if (rt_waiters_any(lock))
		rt_contend_released(rt_contend_take(lock), caller);
}

static int on_pthread_cond_wait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m)
{
	let_go(m, HOOK_CALLER);
	WAIT(int, pthread_cond_wait, (c, m), was_wait(result));
}

static int on_pthread_cond_timedwait(
    pthread_cond_t *restrict c, pthread_mutex_t *restrict m, abs_time t)
{
	let_go(m, HOOK_CALLER);
	WAIT(int, pthread_cond_timedwait, (c, m, t), was_wait(result));
}

static int on_pthread_cond_clockwait(
    pthread_cond_t *restrict c, pthread_mutex_t *restrict m, clockid_t k, abs_time t)
{
	let_go(m, HOOK_CALLER);
	WAIT(int, pthread_cond_clockwait, (c, m, k, t), was_wait(result));
}

static int on_cnd_wait(cnd_t *c, mtx_t *m)
{
	let_go(m, HOOK_CALLER);
	WAIT(int, cnd_wait, (c, m), was_mtx_wait(result));
}

static int on_cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, abs_time t)
{
	let_go(m, HOOK_CALLER);
	WAIT(int, cnd_timedwait, (c, m, t), was_mtx_wait(result));
}

static int on_pthread_barrier_wait(pthread_barrier_t *b)
{
	WAIT(
	    int, pthread_barrier_wait, (b), result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static int on_pthread_join(pthread_t t, void **value)
{
	WAIT(int, pthread_join, (t, value), was_wait(result));
}

static int on_pthread_timedjoin_np(pthread_t t, void **value, const struct timespec *at)
{
	WAIT(int, pthread_timedjoin_np, (t, value, at), was_wait(result));
}

static int on_pthread_clockjoin_np(
    pthread_t t, void **value, clockid_t c, const struct timespec *at)
{
	WAIT(int, pthread_clockjoin_np, (t, value, c, at), was_wait(result));
}

static int on_thrd_join(thrd_t t, int *value)
{
	WAIT(int, thrd_join, (t, value), was_mtx_wait(result));
}

/* A semaphore is tried only after what libc does even when it is free: act on a cancellation. */
static bool sem_at_once(sem_t *s)
{
	int saved = errno;
	bool got;

	pthread_testcancel();
	got = try.sem(s) == 0;
	errno = saved;
	return got;
}

static int on_sem_wait(sem_t *s)
{
	if (sem_at_once(s))
		return 0;
	WAIT(int, sem_wait, (s), result == 0 || errno == EINTR);
}

static int on_sem_timedwait(sem_t *restrict s, abs_time t)
{
	if (is_valid(CLOCK_REALTIME, t) && sem_at_once(s))
		return 0;
	WAIT(int, sem_timedwait, (s, t), result == 0 || errno == ETIMEDOUT || errno == EINTR);
}

static int on_sem_clockwait(sem_t *restrict s, clockid_t c, abs_time t)
{
	if (is_valid(c, t) && sem_at_once(s))
		return 0;
	WAIT(int, sem_clockwait, (s, c, t), result == 0 || errno == ETIMEDOUT || errno == EINTR);
}

/* Interrupted sleeps count for as long as they lasted, refused ones for nothing. */
static int on_thrd_sleep(const struct timespec *t, struct timespec *left)
{
	WAIT(int, thrd_sleep, (t, left), result == 0 || result == -1);
}

static unsigned on_sleep(unsigned seconds)
{
	WAIT(unsigned, sleep, (seconds), seconds > 0);
}

static int on_usleep(useconds_t us)
{
	WAIT(int, usleep, (us), result == 0 || errno == EINTR);
}

static int on_nanosleep(const struct timespec *t, struct timespec *left)
{
	WAIT(int, nanosleep, (t, left), result == 0 || errno == EINTR);
}

static int on_clock_nanosleep(
    clockid_t c, int flags, const struct timespec *t, struct timespec *left)
{
	WAIT(int, clock_nanosleep, (c, flags, t, left), result == 0 || result == EINTR);
}

HOOK_DEFINE_SOME(SYNC_LIST, WAIT_LIST)

static void switch_all(bool on)
{
	atomic_store(&try.on, on);
	hooks_switch(on);
}

__attribute__((constructor(102))) static void resolve(void)
{
	rt_init();
	hook_look_up(&try.mutex, "pthread_mutex_trylock", NULL);
	hook_look_up(&try.read, "pthread_rwlock_tryrdlock", NULL);
	hook_look_up(&try.write, "pthread_rwlock_trywrlock", NULL);
	hook_look_up(&try.spin, "pthread_spin_trylock", NULL);
	hook_look_up(&try.sem, "sem_trywait", NULL);
	hook_look_up(&try.mtx, "mtx_trylock", NULL);
	hooks_resolve();
	if (try.mutex && try.read && try.write && try.spin && try.sem && try.mtx)
		rt_contend_register(switch_all);
}
