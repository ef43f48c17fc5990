/* The CPU profile; see rt_cpu.h. Called by rt_routes.c, api_cpu.c, rt_threads.c and init.c (fork).
 */
#include "runtime/rt_cpu.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "runtime/busy.h"
#include "runtime/cpu_signal.h"
#include "runtime/cpu_timer.h"
#include "runtime/futexlock.h"
#include "runtime/own_files.h"
#include "runtime/ownthread.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/rt_text.h"
#include "runtime/sigtake.h"
#include "runtime/tls.h"
#include "runtime/weight.h"

#define NS_PER_S    1000000000u
/* Between two looks for threads: at least, and as a multiple of what a look takes. */
#define SCAN_MS     100u
#define SCAN_SHARE  50u
/* A handler that has not ended by then belongs to a thread that is stopped. */
#define PATIENCE_NS 1000000000u
/* A thread's last periods are where it was last seen, unless they are more than this. */
#define REST_MAX_NS 50000000u

struct rt_cpu rt_cpu;

const struct rt_shape rt_cpu_shape = { { { "samples", "count" }, { "cpu", "nanoseconds" } }, 2,
	{ "cpu", "nanoseconds" }, NULL, NULL };

static struct {
	_Atomic bool taken; /* a profile runs, starts or ends */
	bool perf;
	struct sigaction old; /* of SIGPROF */
	int64_t start_ns;     /* CLOCK_REALTIME */
	uint64_t start_mono_ns;
	uint64_t start_cpu_ns; /* of the process */
	/* Guarded by the threads' lock: */
	bool open;             /* threads may join */
	uint64_t accounted_ns; /* CPU time of threads that have left, from where they joined */
	uint64_t random;
	/* The scanning thread: */
	pthread_t thread;
	_Atomic uint32_t stop;
	_Atomic bool scanned; /* there is a thread to join */
	_Atomic bool stolen;  /* the program has installed a handler of its own meanwhile */
} cpu;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The random place of the first period's end: threads too short for a period have their chance. */
static uint64_t random_first(void)
{
	return 1 + rt_weight_random(&cpu.random) % rt_cpu.period_ns;
}

/*
 * True when the thread that this place is of has ended without a word (C11's, bare clone): there is
 * no clock of that number, or one that is behind what was counted, of a new thread. A count is at
 * most a period and a half ahead, half of which is perf's.
 */
static bool is_gone(const struct rt_thread *t, uint64_t now)
{
	return now == 0 || now + rt_cpu.period_ns + rt_cpu.period_ns / 2 < atomic_load(&t->next);
}

void rt_cpu_thread_begins(struct rt_thread *t, bool is_self)
{
	uint64_t now, next;

	if (!cpu.open || (atomic_load(&t->next) != 0 && !is_self))
		return;
	now = rt_cpu_time_of(atomic_load(&t->tid));
	if (atomic_load(&t->next) != 0 && !is_gone(t, now))
		return;
	rt_cpu_thread_ends(t);
	t->began = is_self ? 0 : now;
	t->last = 0;
	atomic_store(&t->periods, 0);
	next = t->began + random_first();
	atomic_store(&t->next, next);
	if (!rt_cpu_timer_attach(t, next > now ? next - now : 1, rt_cpu.period_ns, cpu.perf))
		rt_stats_add(RT_STAT_LOST_TIMERS, 1);
}

/* Periods that no signal has come for. */
static void count_unsampled(const struct rt_thread *t, uint64_t periods)
{
	uintptr_t pcs[] = { RT_PC_NOT_SAMPLED, t->start + 1 };

	rt_stats_add(RT_STAT_CPU_UNSAMPLED, periods);
	rt_stackbag_add(&rt_cpu.bag, pcs, t->start ? 2 : 1, 0, periods);
}

/* What the thread has used since its last sample. Its handler does not run any more. */
static void settle(struct rt_thread *t)
{
	uint64_t now = rt_cpu_time_of(atomic_load(&t->tid));
	uint64_t rest;

	/* What is known of it is what was counted; the rest is found as a thread's not seen. */
	if (is_gone(t, now)) {
		cpu.accounted_ns += atomic_load(&t->periods) * rt_cpu.period_ns;
		return;
	}
	rest = rt_cpu_passed(t, now, 0);
	if (now > t->began)
		cpu.accounted_ns += now - t->began;
	if (rest == 0)
		return;
	if (t->last && (rest <= 2 || rest * rt_cpu.period_ns <= REST_MAX_NS))
		rt_stackbag_more(&rt_cpu.bag, t->last, rest);
	else
		count_unsampled(t, rest);
	atomic_fetch_add(&t->periods, rest);
}

void rt_cpu_thread_ends(struct rt_thread *t)
{
	if (atomic_load(&t->next) == 0)
		return;
	rt_cpu_timer_detach(t);
	settle(t);
	atomic_store(&t->next, 0);
}

static void begin_each(struct rt_thread *t)
{
	rt_cpu_thread_begins(t, false);
}

/* Somebody else's handler must not get our signals. */
static void check_signals(void)
{
	if (rt_sigtake_holds(SIGPROF, rt_cpu_on_signal))
		return;
	rt_threads_lock();
	cpu.open = false;
	rt_threads_each(rt_cpu_timer_detach);
	rt_threads_unlock();
	atomic_store(&cpu.stolen, true);
}

/*
 * A descriptor is kept only where the program can neither see nor close it. Those of perf events
 * must be in the program's table, as other threads close them.
 */
static int own_directory(void)
{
	return !cpu.perf && rt_own_files(-1) ? rt_threads_directory() : -1;
}

static void *scan_threads(void *unused)
{
	int directory;

	(void)unused;
	pthread_setname_np(pthread_self(), "pprof-cpu");
	rt_busy_for_ever(); /* nothing that happens on this thread is the program's */
	directory = own_directory();
	while (!atomic_load(&cpu.stop)) {
		uint64_t start = rt_routes_now(), ms;

		check_signals();
		if (directory < 0 || !rt_threads_scan_directory(directory, begin_each))
			rt_threads_scan(begin_each);
		ms = (rt_routes_now() - start) * SCAN_SHARE / 1000000;
		rt_futex_wait(&cpu.stop, 0, ms > SCAN_MS ? (unsigned)ms : SCAN_MS);
	}
	if (directory >= 0)
		close(directory);
	return NULL;
}

/* NULL when SIGPROF is ours, else whose it is. */
static const char *take_signal(void)
{
	struct itimerval timer;

	if (getitimer(ITIMER_PROF, &timer) == 0 &&
	    (timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0))
		return "the program uses ITIMER_PROF itself";
	if (!rt_sigtake(SIGPROF, rt_cpu_on_signal, &cpu.old))
		return "the program has its own handler of SIGPROF";
	return NULL;
}

static void open_profile(uint32_t hz)
{
	rt_cpu.period_ns = NS_PER_S / hz;
	cpu.perf = hz > RT_CPU_TIMER_HZ && rt.options.cpu_perf != 0 && rt_cpu_perf_works() &&
		   rt_sigtake_urgent();
	cpu.start_ns = (int64_t)clock_ns(CLOCK_REALTIME);
	cpu.start_mono_ns = rt_routes_now();
	cpu.accounted_ns = 0;
	cpu.random = rt.seed ^ cpu.start_mono_ns;
	atomic_store(&cpu.stop, 0);
	atomic_store(&cpu.stolen, false);
	atomic_store(&rt_cpu.active, true);
	cpu.start_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	rt_threads_lock();
	cpu.open = true;
	rt_threads_unlock();
}

/* Threads join no more and have no timers; then handlers that are at work end. */
static bool quiesce(void)
{
	uint64_t give_up = rt_routes_now() + PATIENCE_NS;

	rt_threads_lock();
	cpu.open = false;
	rt_threads_each(rt_cpu_timer_detach);
	rt_threads_unlock();
	atomic_store(&rt_cpu.active, false);
	for (;;) {
		uint32_t inside = atomic_load(&rt_cpu.inside);

		if (inside == 0)
			return true;
		if (rt_routes_now() > give_up)
			return false;
		/* Handlers wake nobody: it is looked again after a millisecond. */
		rt_futex_wait(&rt_cpu.inside, inside, 1);
	}
}

/* CPU time of threads that came and went without being seen. */
static void count_unseen(void)
{
	uint64_t used = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu.start_cpu_ns;
	uintptr_t pc = RT_PC_UNSEEN_THREADS;
	uint64_t periods = 0;

	if (used > cpu.accounted_ns)
		periods = (used - cpu.accounted_ns + rt_cpu.period_ns / 2) / rt_cpu.period_ns;
	if (periods == 0)
		return;
	rt_stats_add(RT_STAT_CPU_UNSAMPLED, periods);
	rt_stackbag_add(&rt_cpu.bag, &pc, 1, 0, periods);
}

static void close_profile(void)
{
	rt_sigtake_give(SIGPROF, rt_cpu_on_signal, &cpu.old);
	if (cpu.perf)
		rt_sigtake_urgent_give();
}

static bool fill(struct rt_snapshot *s)
{
	rt_snapshot_begin(s);
	s->time_ns = cpu.start_ns;
	s->duration_ns = (int64_t)(rt_routes_now() - cpu.start_mono_ns);
	s->rate = rt_cpu.period_ns;
	rt_stackbag_snapshot(&rt_cpu.bag, (int64_t)rt_cpu.period_ns, s);
	return rt_snapshot_end(s);
}

const char *rt_cpu_start(uint32_t hz)
{
	const char *why;

	if (!rt_is_ready())
		return "no memory";
	if (hz == 0 || hz > RT_CPU_HZ_MAX)
		return "the rate must be 1 to 10000";
	if (atomic_exchange(&cpu.taken, true))
		return RT_CPU_IN_USE;
	why = rt_stackbag_map(&rt_cpu.bag) ? take_signal() : "no memory";
	if (!why) {
		open_profile(hz);
		if (rt_ownthread_start(&cpu.thread, scan_threads)) {
			atomic_store(&cpu.scanned, true);
			rt_threads_scan(begin_each);
			return NULL;
		}
		quiesce();
		close_profile();
		why = "no thread";
	}
	rt_stackbag_unmap(&rt_cpu.bag);
	atomic_store(&cpu.taken, false);
	return why;
}

void rt_cpu_end_scanner(void)
{
	if (!atomic_exchange(&cpu.scanned, false))
		return;
	atomic_store(&cpu.stop, 1);
	rt_futex_wake(&cpu.stop);
	pthread_join(cpu.thread, NULL);
}

bool rt_cpu_is_on(void)
{
	return atomic_load_explicit(&cpu.taken, memory_order_relaxed);
}

bool rt_cpu_stop(struct rt_snapshot *s)
{
	bool quiet, good;

	if (!atomic_load(&cpu.taken))
		return false;
	rt_cpu_end_scanner();
	quiet = quiesce();
	rt_threads_lock();
	rt_threads_each(rt_cpu_thread_ends);
	rt_threads_unlock();
	count_unseen();
	close_profile();
	rt_stats_add(RT_STAT_LOST_CPU, atomic_load(&rt_cpu.bag.lost));
	good = s && fill(s);
	if (quiet)
		rt_stackbag_unmap(&rt_cpu.bag);
	atomic_store(&cpu.taken, false);
	return good;
}

void rt_cpu_before_fork(void)
{
	sigset_t prof, old;

	if (!atomic_load(&rt_cpu.active))
		return;
	sigemptyset(&prof);
	sigaddset(&prof, SIGPROF);
	sigaddset(&prof, SIGURG);
	pthread_sigmask(SIG_BLOCK, &prof, &old);
	rt_tls.masked = !sigismember(&old, SIGPROF) && !sigismember(&old, SIGURG);
}

void rt_cpu_after_fork(void)
{
	sigset_t prof;

	if (!rt_tls.masked)
		return;
	rt_tls.masked = false;
	sigemptyset(&prof);
	sigaddset(&prof, SIGPROF);
	sigaddset(&prof, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &prof, NULL);
}

static void forget(struct rt_thread *t)
{
	rt_cpu_timer_forget(t);
	atomic_store(&t->next, 0);
}

void rt_cpu_after_fork_child(void)
{
	if (atomic_exchange(&cpu.taken, false)) {
		atomic_store(&cpu.scanned, false);
		cpu.open = false;
		rt_threads_each(forget);
		atomic_store(&rt_cpu.active, false);
		atomic_store(&rt_cpu.inside, 0);
		rt_sigtake_give(SIGPROF, rt_cpu_on_signal, &cpu.old);
		rt_stackbag_unmap(&rt_cpu.bag);
	}
	rt_cpu_after_fork();
}

void rt_cpu_print(struct rt_bytes *out)
{
	if (!atomic_load(&rt_cpu.active))
		return;
	rt_text_c(out, "cpu_hz ");
	rt_text_u64(out, (NS_PER_S + rt_cpu.period_ns / 2) / rt_cpu.period_ns);
	rt_text_c(out,
	    cpu.perf ? "\t# CPU profile, by perf events\n" : "\t# CPU profile, by POSIX timers\n");
	if (atomic_load(&cpu.stolen))
		rt_text_c(out, "cpu_stopped 1\t# the program has installed a handler of SIGPROF\n");
}
