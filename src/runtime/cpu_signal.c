/*
 * One signal of the CPU profile; see cpu_signal.h. Installed by rt_cpu.c, for SIGURG by sigtake.c.
 * It takes no lock and allocates nothing: the thread's place is found by its thread-local storage,
 * where it is noted, or by its id; the stack goes into the bag that rt_cpu.c has mapped.
 */
#include "runtime/cpu_signal.h"

#include <errno.h>
#include <time.h>

#include "runtime/capture.h"
#include "runtime/rt_cpu.h"
#include "runtime/cpu_timer.h"
#include "runtime/rt.h"

struct sample {
	struct rt_thread *thread;
	uint64_t periods;
};

uint64_t rt_cpu_passed(struct rt_thread *t, uint64_t now_ns, uint64_t early_ns)
{
	uint64_t next = atomic_load_explicit(&t->next, memory_order_relaxed);
	uint64_t period = rt_cpu.period_ns, n;

	if (now_ns + early_ns < next)
		return 0;
	n = (now_ns + early_ns - next) / period + 1;
	atomic_store_explicit(&t->next, next + n * period, memory_order_relaxed);
	return n;
}

static void count(void *ctx, const uintptr_t *pcs, size_t depth)
{
	const struct sample *s = ctx;
	struct rt_thread *t = s->thread;

	t->last = rt_stackbag_add(&rt_cpu.bag, pcs, depth, rt_labels_current(), s->periods);
	atomic_fetch_add_explicit(&t->periods, s->periods, memory_order_relaxed);
}

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * A timer runs on the clock that periods are of, and tells how often it has run out: that clock
 * need not be asked, which is a system call of microseconds when nothing is in the caches. What the
 * end of a profile finds by the clock corrects a signal too many.
 */
static uint64_t passed_by_timer(struct rt_thread *t, const siginfo_t *info)
{
	uint64_t next = atomic_load_explicit(&t->next, memory_order_relaxed);
	uint64_t n = 1 + (info->si_overrun > 0 ? (uint64_t)info->si_overrun : 0);

	atomic_store_explicit(&t->next, next + n * rt_cpu.period_ns, memory_order_relaxed);
	return n;
}

static uint64_t passed_by_perf(struct rt_thread *t)
{
	rt_cpu_timer_settle(t, rt_cpu.period_ns);
	return rt_cpu_passed(t, own_cpu_ns(), rt_cpu.period_ns / 2);
}

static void sample(struct rt_thread *t, const siginfo_t *info, const void *ucontext)
{
	bool perf = atomic_load_explicit(&t->source, memory_order_acquire) == RT_SOURCE_PERF;
	struct sample s = { t, perf ? passed_by_perf(t) : passed_by_timer(t, info) };

	if (s.periods)
		rt_capture_interrupted(ucontext, count, &s);
	else
		rt_stats_add(RT_STAT_CPU_EARLY, 1);
}

/* By whom the signal is: one of another sender must not count as time. Each timer and event has one
 * thread. */
static bool is_ours(const struct rt_thread *t, const siginfo_t *info)
{
	uint32_t source = atomic_load_explicit(&t->source, memory_order_acquire);

	if (source == RT_SOURCE_TIMER)
		return info->si_code == SI_TIMER && info->si_timerid == t->handle &&
		       info->si_ptr == (const void *)&rt_cpu_cookie;
	return source == RT_SOURCE_PERF && info->si_code > 0 && info->si_fd == t->handle;
}

/* The thread's place; NULL when the signal is not ours. */
static struct rt_thread *whose(const siginfo_t *info)
{
	struct rt_thread *t = rt_threads_noted();

	if (t && is_ours(t, info))
		return t;
	t = rt_threads_find(rt_threads_tid());
	if (!t || !is_ours(t, info))
		return NULL;
	rt_threads_note(t);
	return t;
}

void rt_cpu_on_signal(int number, siginfo_t *info, void *ucontext)
{
	int saved = errno;
	struct rt_thread *t;

	(void)number;
	/* A child cloned past the fork handlers has our memory's copy, but is not profiled. */
	atomic_fetch_add(&rt_cpu.inside, 1);
	if (atomic_load(&rt_cpu.active)) {
		t = whose(info);
		if (t) {
			rt_stats_add(RT_STAT_CPU_SIGNALS, 1);
			sample(t, info, ucontext);
		} else {
			rt_stats_add(RT_STAT_CPU_FOREIGN, 1);
		}
	}
	atomic_fetch_sub(&rt_cpu.inside, 1);
	errno = saved;
}
