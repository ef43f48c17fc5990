/*
 * Everything that threads wait for: what calls return, who is blamed and for how long. Waits are
 * made by a helper thread that holds something for HOLD_MS; a wait is at least most of that, and at
 * most what the test itself measured around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/stack_sums.h"

#define HOLD_MS  30
#define NS       1000000000LL
#define MS       1000000LL
#define NOINLINE __attribute__((noinline))
/* In which a call is not the last act, so that it is not a jump. */
#define VISIBLE  __attribute__((visibility("default"))) NOINLINE

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static struct timespec in_ms(clockid_t clock, int64_t ms)
{
	struct timespec t;
	int64_t ns;

	clock_gettime(clock, &t);
	ns = t.tv_sec * NS + t.tv_nsec + ms * MS;
	return (struct timespec){ ns / NS, ns % NS };
}

/* Not by any function that is interposed. */
static void pass_ms(int64_t ms)
{
	int64_t end = now_ns() + ms * MS;

	while (now_ns() < end)
		sched_yield();
}

/*
 * One kind of wait: `hold` makes it happen in another thread, `wait` waits, `let_go` ends it. The
 * names of the last two are those of the functions to be blamed.
 */
struct kind {
	const char *waits, *releases;
	void (*hold)(void);
	int (*wait)(void);
	void (*let_go)(void);
	void (*after)(void);
	int result;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_t sleeper;
static sem_t sem;
static mtx_t mtx;
static cnd_t cnd;
static int flag;

#define WAITS(name, call)                                                                          \
	VISIBLE int name(void)                                                                     \
	{                                                                                          \
		int result = (call);                                                               \
                                                                                                   \
		__asm__ volatile("" : "+r"(result));                                               \
		return result;                                                                     \
	}
#define RELEASES(name, call)                                                                       \
	VISIBLE void name(void)                                                                    \
	{                                                                                          \
		int result = (call);                                                               \
                                                                                                   \
		__asm__ volatile("" : "+r"(result));                                               \
	}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static struct timespec real_soon, mono_soon;

WAITS(w_mutex_lock, pthread_mutex_lock(&mutex))
WAITS(w_mutex_timedlock, pthread_mutex_timedlock(&mutex, &real_soon))
WAITS(w_mutex_clocklock, pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_rdlock, pthread_rwlock_rdlock(&rwlock))
WAITS(w_wrlock, pthread_rwlock_wrlock(&rwlock))
WAITS(w_timedrdlock, pthread_rwlock_timedrdlock(&rwlock, &real_soon))
WAITS(w_timedwrlock, pthread_rwlock_timedwrlock(&rwlock, &real_soon))
WAITS(w_clockrdlock, pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_clockwrlock, pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_spin_lock, pthread_spin_lock(&spin))
WAITS(w_mtx_lock, mtx_lock(&mtx))
WAITS(w_mtx_timedlock, mtx_timedlock(&mtx, &real_soon))
WAITS(w_sem_wait, sem_wait(&sem))
WAITS(w_sem_timedwait, sem_timedwait(&sem, &real_soon))
WAITS(w_sem_clockwait, sem_clockwait(&sem, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_barrier, pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : 0)
WAITS(w_join, pthread_join(sleeper, NULL))
WAITS(w_timedjoin, pthread_timedjoin_np(sleeper, NULL, &real_soon))
WAITS(w_clockjoin, pthread_clockjoin_np(sleeper, NULL, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_thrd_join, thrd_join(sleeper, NULL))
WAITS(w_cond_wait, pthread_cond_wait(&cond, &mutex))
WAITS(w_cond_timedwait, pthread_cond_timedwait(&cond, &mutex, &real_soon))
WAITS(w_cond_clockwait, pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &mono_soon))
WAITS(w_cnd_wait, cnd_wait(&cnd, &mtx))
WAITS(w_cnd_timedwait, cnd_timedwait(&cnd, &mtx, &real_soon))
RELEASES(r_mutex, pthread_mutex_unlock(&mutex))
RELEASES(r_rwlock, pthread_rwlock_unlock(&rwlock))
RELEASES(r_spin, pthread_spin_unlock(&spin))
RELEASES(r_mtx, mtx_unlock(&mtx))

static void hold_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

static void hold_rwlock(void)
{
	pthread_rwlock_wrlock(&rwlock);
}

static void hold_spin(void)
{
	pthread_spin_lock(&spin);
}

static void hold_mtx(void)
{
	mtx_lock(&mtx);
}

static void hold_nothing(void)
{
}

static void post(void)
{
	sem_post(&sem);
}

static void arrive(void)
{
	pthread_barrier_wait(&barrier);
}

/* The waiter has the lock in these, until it waits. */
static void signal_cond(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static void signal_cnd(void)
{
	mtx_lock(&mtx);
	cnd_signal(&cnd);
	mtx_unlock(&mtx);
}

static const struct kind kinds[] = {
	{ "w_mutex_lock", "r_mutex", hold_mutex, w_mutex_lock, r_mutex, r_mutex, 0 },
	{ "w_mutex_timedlock", "r_mutex", hold_mutex, w_mutex_timedlock, r_mutex, r_mutex, 0 },
	{ "w_mutex_clocklock", "r_mutex", hold_mutex, w_mutex_clocklock, r_mutex, r_mutex, 0 },
	{ "w_rdlock", "r_rwlock", hold_rwlock, w_rdlock, r_rwlock, r_rwlock, 0 },
	{ "w_wrlock", "r_rwlock", hold_rwlock, w_wrlock, r_rwlock, r_rwlock, 0 },
	{ "w_timedrdlock", "r_rwlock", hold_rwlock, w_timedrdlock, r_rwlock, r_rwlock, 0 },
	{ "w_timedwrlock", "r_rwlock", hold_rwlock, w_timedwrlock, r_rwlock, r_rwlock, 0 },
	{ "w_clockrdlock", "r_rwlock", hold_rwlock, w_clockrdlock, r_rwlock, r_rwlock, 0 },
	{ "w_clockwrlock", "r_rwlock", hold_rwlock, w_clockwrlock, r_rwlock, r_rwlock, 0 },
	{ "w_spin_lock", "r_spin", hold_spin, w_spin_lock, r_spin, r_spin, 0 },
	{ "w_mtx_lock", "r_mtx", hold_mtx, w_mtx_lock, r_mtx, r_mtx, thrd_success },
	{ "w_mtx_timedlock", "r_mtx", hold_mtx, w_mtx_timedlock, r_mtx, r_mtx, thrd_success },
	{ "w_sem_wait", NULL, hold_nothing, w_sem_wait, post, NULL, 0 },
	{ "w_sem_timedwait", NULL, hold_nothing, w_sem_timedwait, post, NULL, 0 },
	{ "w_sem_clockwait", NULL, hold_nothing, w_sem_clockwait, post, NULL, 0 },
	{ "w_barrier", NULL, hold_nothing, w_barrier, arrive, NULL, 0 },
	{ "w_join", NULL, hold_nothing, w_join, hold_nothing, NULL, 0 },
	{ "w_timedjoin", NULL, hold_nothing, w_timedjoin, hold_nothing, NULL, 0 },
	{ "w_clockjoin", NULL, hold_nothing, w_clockjoin, hold_nothing, NULL, 0 },
	{ "w_thrd_join", NULL, hold_nothing, w_thrd_join, hold_nothing, NULL, thrd_success },
	{ "w_cond_wait", NULL, hold_nothing, w_cond_wait, signal_cond, r_mutex, 0 },
	{ "w_cond_timedwait", NULL, hold_nothing, w_cond_timedwait, signal_cond, r_mutex, 0 },
	{ "w_cond_clockwait", NULL, hold_nothing, w_cond_clockwait, signal_cond, r_mutex, 0 },
	{ "w_cnd_wait", NULL, hold_nothing, w_cnd_wait, signal_cnd, r_mtx, thrd_success },
	{ "w_cnd_timedwait", NULL, hold_nothing, w_cnd_timedwait, signal_cnd, r_mtx, thrd_success },
};

/* Holds, says so, lets go when the other has had the time to wait. */
static void *holder(void *arg)
{
	const struct kind *k = arg;

	k->hold();
	__atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&flag, __ATOMIC_ACQUIRE) != 2)
		sched_yield();
	pass_ms(HOLD_MS);
	k->let_go();
	return NULL;
}

static int64_t delay(const char *profile, const char *function)
{
	return stack_sums(profile, function).values[1];
}

static int64_t count(const char *profile, const char *function)
{
	return stack_sums(profile, function).values[0];
}

static bool takes_thread(const struct kind *k)
{
	return strstr(k->waits, "join") != NULL;
}

static void one_kind(const struct kind *k)
{
	int64_t blocked = delay("block", k->waits), counted = count("block", k->waits);
	int64_t charged = k->releases ? delay("mutex", k->releases) : 0;
	int64_t took;

	flag = 0;
	real_soon = in_ms(CLOCK_REALTIME, 60000);
	mono_soon = in_ms(CLOCK_MONOTONIC, 60000);
	assert_int_equal(pthread_create(&sleeper, NULL, holder, (void *)(uintptr_t)k), 0);
	while (__atomic_load_n(&flag, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	if (k->let_go == signal_cond)
		pthread_mutex_lock(&mutex);
	if (k->let_go == signal_cnd)
		mtx_lock(&mtx);
	took = now_ns();
	__atomic_store_n(&flag, 2, __ATOMIC_RELEASE);
	errno = 77;
	assert_int_equal(k->wait(), k->result);
	assert_int_equal(errno, 77);
	took = now_ns() - took;
	if (k->after)
		k->after();
	if (!takes_thread(k))
		pthread_join(sleeper, NULL);
	blocked = delay("block", k->waits) - blocked;
	assert_in_range(blocked, HOLD_MS * MS / 2, took);
	assert_int_equal(count("block", k->waits) - counted, 1);
	if (!k->releases)
		return;
	charged = delay("mutex", k->releases) - charged;
	assert_in_range(charged, HOLD_MS * MS / 2, took);
}

static void waits_are_charged_to_both_sides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		one_kind(&kinds[i]);
}

VISIBLE unsigned w_sleep(void)
{
	unsigned left = sleep(1);

	__asm__ volatile("" : "+r"(left));
	return left;
}

VISIBLE void w_naps(void)
{
	struct timespec t = { 0, 20 * MS };
	struct timespec at = in_ms(CLOCK_MONOTONIC, 20);

	assert_int_equal(usleep(20000), 0);
	assert_int_equal(nanosleep(&t, NULL), 0);
	assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL), 0);
	assert_int_equal(thrd_sleep(&t, NULL), 0);
	t.tv_nsec = NS;
	assert_int_equal(clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL), EINVAL);
	errno = 0;
	assert_int_equal(nanosleep(&t, NULL), -1);
	assert_int_equal(errno, EINVAL);
}

static void sleeps_are_waits(void **state)
{
	(void)state;
	assert_int_equal(w_sleep(), 0);
	assert_true(delay("block", "w_sleep") >= 990 * MS);
	w_naps();
	assert_int_equal(count("block", "w_naps"), 4);
	assert_true(delay("block", "w_naps") >= 60 * MS);
}

/* What libc says of locks that cannot be had. */
static void results_are_libcs(void **state)
{
	struct timespec past = in_ms(CLOCK_REALTIME, -1000), bad = { 0, -1 };
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	(void)state;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	assert_int_equal(pthread_mutex_unlock(&m), EPERM);
	assert_int_equal(pthread_mutex_lock(&m), 0);
	assert_int_equal(pthread_mutex_lock(&m), EDEADLK);
	assert_int_equal(pthread_mutex_timedlock(&m, &past), EDEADLK);
	assert_int_equal(pthread_mutex_unlock(&m), 0);
	pthread_mutex_destroy(&m);

	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_mutex_lock(&m), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_mutex_unlock(&m), 0);
	assert_int_equal(pthread_mutex_unlock(&m), EPERM);
	pthread_mutex_destroy(&m);

	pthread_mutex_lock(&mutex);
	assert_int_equal(pthread_mutex_timedlock(&mutex, &past), ETIMEDOUT);
	assert_int_equal(pthread_mutex_timedlock(&mutex, &bad), EINVAL);
	assert_int_equal(pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
	assert_int_equal(pthread_mutex_timedlock(&mutex, &bad), 0); /* free: not looked at */
	pthread_mutex_unlock(&mutex);

	pthread_rwlock_wrlock(&rwlock);
	assert_int_equal(pthread_rwlock_wrlock(&rwlock), EDEADLK);
	assert_int_equal(pthread_rwlock_timedrdlock(&rwlock, &bad), EINVAL);
	pthread_rwlock_unlock(&rwlock);
	assert_int_equal(pthread_rwlock_timedwrlock(&rwlock, &bad), EINVAL);
	pthread_rwlock_rdlock(&rwlock);
	assert_int_equal(pthread_rwlock_timedwrlock(&rwlock, &past), ETIMEDOUT);
	assert_int_equal(pthread_rwlock_rdlock(&rwlock), 0);
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);

	errno = 0;
	assert_int_equal(sem_timedwait(&sem, &past), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sem_post(&sem);
	errno = 0;
	assert_int_equal(sem_timedwait(&sem, &bad), -1);
	assert_int_equal(errno, EINVAL);
	errno = 5;
	assert_int_equal(sem_wait(&sem), 0);
	assert_int_equal(errno, 5);

	pthread_mutex_lock(&mutex);
	assert_int_equal(pthread_cond_timedwait(&cond, &mutex, &past), ETIMEDOUT);
	assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(pthread_join(pthread_self(), NULL), EDEADLK);

	mtx_lock(&mtx);
	assert_int_equal(mtx_timedlock(&mtx, &past), thrd_timedout);
	assert_int_equal(cnd_timedwait(&cnd, &mtx, &past), thrd_timedout);
	mtx_unlock(&mtx);
	pthread_mutexattr_destroy(&attr);
}

static void *lock_and_die(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void robust_locks_tell_of_their_owners_death(void **state)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t thread;

	(void)state;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&m, &attr);
	pthread_create(&thread, NULL, lock_and_die, &m);
	pthread_join(thread, NULL);
	assert_int_equal(pthread_mutex_lock(&m), EOWNERDEAD);
	assert_int_equal(pthread_mutex_consistent(&m), 0);
	assert_int_equal(pthread_mutex_unlock(&m), 0);
	pthread_create(&thread, NULL, lock_and_die, &m);
	pthread_join(thread, NULL);
	assert_int_equal(pthread_mutex_lock(&m), EOWNERDEAD);
	assert_int_equal(pthread_mutex_unlock(&m), 0);
	assert_int_equal(pthread_mutex_lock(&m), ENOTRECOVERABLE);
	pthread_mutex_destroy(&m);
	pthread_mutexattr_destroy(&attr);
}

/* Kinds of mutex that the kernel has a hand in. */
static pthread_mutex_t special;

VISIBLE int w_special(void)
{
	int result = pthread_mutex_lock(&special);

	__asm__ volatile("" : "+r"(result));
	return result;
}

VISIBLE void r_special(void)
{
	int result = pthread_mutex_unlock(&special);

	__asm__ volatile("" : "+r"(result));
}

static void hold_special(void)
{
	pthread_mutex_lock(&special);
}

static void special_mutex(int protocol, int robust, int type)
{
	const struct kind k = { "w_special", "r_special", hold_special, w_special, r_special,
		r_special, 0 };
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_setrobust(&attr, robust);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutex_init(&special, &attr);
	one_kind(&k);
	pthread_mutex_destroy(&special);
	pthread_mutexattr_destroy(&attr);
}

static void all_kinds_of_mutex(void **state)
{
	(void)state;
	special_mutex(PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_NORMAL);
	special_mutex(PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_RECURSIVE);
	special_mutex(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_ERRORCHECK);
	special_mutex(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_RECURSIVE);
	special_mutex(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_ADAPTIVE_NP);
}

static void free_locks_are_no_contention(void **state)
{
	int64_t events = count("mutex", NULL), waits = count("block", NULL);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
		sem_post(&sem);
		sem_wait(&sem);
	}
	assert_int_equal(count("mutex", NULL), events);
	assert_int_equal(count("block", NULL), waits);
}

/* Cancellation: points stay points, and what is no point does not become one. */
static int cleaned;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void *cancelled_at(void *arg)
{
	int (*call)(void);

	memcpy(&call, arg, sizeof(call));
	pthread_cleanup_push(clean, NULL);
	call();
	pthread_cleanup_pop(0);
	return NULL;
}

static int c_sem(void)
{
	return sem_wait(&sem);
}

static int c_sem_free(void)
{
	pthread_cancel(pthread_self());
	sem_post(&sem);
	return sem_wait(&sem);
}

static int c_cond(void)
{
	int result;

	pthread_mutex_lock(&inner);
	pthread_cleanup_push((void (*)(void *))(uintptr_t)pthread_mutex_unlock, &inner);
	result = pthread_cond_wait(&cond, &inner);
	pthread_cleanup_pop(1);
	return result;
}

static int c_nanosleep(void)
{
	struct timespec t = { 100, 0 };

	return nanosleep(&t, NULL);
}

static int c_join(void)
{
	return pthread_join(sleeper, NULL);
}

static int no_point(void)
{
	pthread_cancel(pthread_self());
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return 0;
}

static void *forever(void *arg)
{
	while (!__atomic_load_n((int *)arg, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static void cancel_one(int (*call)(void), bool from_outside, bool ends)
{
	void *value;
	pthread_t thread;
	int before = cleaned;

	pthread_create(&thread, NULL, cancelled_at, &call);
	if (from_outside) {
		pass_ms(10);
		pthread_cancel(thread);
	}
	assert_int_equal(pthread_join(thread, &value), 0);
	assert_ptr_equal(value, ends ? PTHREAD_CANCELED : NULL);
	assert_int_equal(cleaned - before, ends);
}

static void cancellation_points_stay(void **state)
{
	int stop = 0;

	(void)state;
	cancel_one(c_sem, true, true);
	cancel_one(c_sem_free, false, true);
	assert_int_equal(sem_trywait(&sem), 0); /* it did not take it */
	cancel_one(c_cond, true, true);
	assert_int_equal(pthread_mutex_trylock(&inner), 0); /* the handler let it go */
	pthread_mutex_unlock(&inner);
	cancel_one(c_nanosleep, true, true);
	pthread_create(&sleeper, NULL, forever, &stop);
	cancel_one(c_join, true, true);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(sleeper, NULL);
	cancel_one(no_point, false, false);
}

/* Interrupted waits: the results and errno of libc, what was waited counted. */
static void nothing(int number)
{
	(void)number;
}

static int was_interrupted;

/* Again until it has happened: the first signal may come before the wait does. */
static void *interrupt(void *arg)
{
	do {
		pass_ms(HOLD_MS);
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
	} while (!__atomic_load_n(&was_interrupted, __ATOMIC_ACQUIRE));
	return NULL;
}

VISIBLE int w_interrupted(void)
{
	int result = sem_wait(&sem);

	__asm__ volatile("" : "+r"(result));
	return result;
}

static void interrupted_waits(void **state)
{
	struct sigaction action = { .sa_handler = nothing };
	pthread_t self = pthread_self(), thread;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, interrupt, &self);
	errno = 0;
	assert_int_equal(w_interrupted(), -1);
	assert_int_equal(errno, EINTR);
	__atomic_store_n(&was_interrupted, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	assert_true(delay("block", "w_interrupted") > 0);
}

/* Many threads on one lock: what the unlockers are charged with is what the waiters waited. */
static int shared_counter;
static int64_t waited_in_all;

VISIBLE void *contender(void *arg)
{
	(void)arg;
	for (int i = 0; i < 25; i++) {
		int64_t start = now_ns(), waited;

		pthread_mutex_lock(&mutex);
		waited = now_ns() - start;
		waited_in_all += waited;
		shared_counter++;
		pass_ms(1);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void sums_agree(void **state)
{
	int64_t blocked = delay("block", "contender"), charged = delay("mutex", "contender");
	pthread_t threads[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, contender, NULL);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared_counter, 150);
	blocked = delay("block", "contender") - blocked;
	charged = delay("mutex", "contender") - charged;
	/* The test's own measure has the fast path's time besides. */
	assert_in_range(blocked, waited_in_all / 2, waited_in_all);
	/* Not what passes between an unlock and the wake-up. */
	assert_in_range(charged, waited_in_all / 4, waited_in_all);
}

static void rates_can_be_changed(void **state)
{
	int64_t before;

	(void)state;
	assert_int_equal(pprof_set_mutex_fraction(-1), 1);
	assert_int_equal(pprof_set_mutex_fraction(0), 1);
	assert_int_equal(pprof_set_mutex_fraction(-1), 0);
	assert_int_equal(pprof_set_block_rate(0), 0);
	assert_int_equal(pprof_block_rate(), 0);
	before = count("block", NULL);
	w_naps();
	assert_int_equal(count("block", NULL), before);
	assert_int_equal(pprof_set_mutex_fraction(1), 0);
	assert_int_equal(pprof_set_block_rate(1), 0);
	assert_int_equal(pprof_block_rate(), 1);
	w_naps();
	assert_int_equal(count("block", NULL), before + 4);
}

static void a_child_goes_on(void **state)
{
	int64_t before = count("block", "w_naps");
	int status = 1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		w_naps();
		_exit(count("block", "w_naps") == before + 4 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(count("block", "w_naps"), before);
}

static int start(void **state)
{
	(void)state;
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_barrier_init(&barrier, NULL, 2);
	sem_init(&sem, 0, 0);
	mtx_init(&mtx, mtx_timed);
	cnd_init(&cnd);
	if (pprof_set_mutex_fraction(-1) != 0 || pprof_block_rate() != 0)
		return -1;
	pprof_set_block_rate(1);
	return pprof_set_mutex_fraction(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_charged_to_both_sides),
		cmocka_unit_test(sleeps_are_waits),
		cmocka_unit_test(results_are_libcs),
		cmocka_unit_test(robust_locks_tell_of_their_owners_death),
		cmocka_unit_test(all_kinds_of_mutex),
		cmocka_unit_test(free_locks_are_no_contention),
		cmocka_unit_test(cancellation_points_stay),
		cmocka_unit_test(interrupted_waits),
		cmocka_unit_test(sums_agree),
		cmocka_unit_test(rates_can_be_changed),
		cmocka_unit_test(a_child_goes_on),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
