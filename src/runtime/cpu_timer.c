/*
 * Timers of threads; see cpu_timer.h. Called by rt_cpu.c, and by cpu_signal.c for what is marked.
 *
 * System calls are made directly: libc's timer_create allocates. POSIX CPU timers are looked at by
 * the kernel's tick only, so with a tick of 4 ms they give 250 signals a second at most (what is
 * missed is counted by the clock, but has no stack of its own). Perf events have timers of high
 * resolution, want a descriptor a thread, and are often forbidden in containers.
 */
#include "runtime/cpu_timer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000u

const char rt_cpu_cookie = 'c';

/* The kernel's number of another thread's CPU clock; see clock_getcpuclockid. */
static clockid_t clock_of(int32_t tid)
{
	return (clockid_t)(~(uint32_t)tid << 3 | 6);
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };
}

uint64_t rt_cpu_time_of(int32_t tid)
{
	struct timespec t;

	if (syscall(SYS_clock_gettime, clock_of(tid), &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static bool attach_timer(struct rt_thread *t, uint64_t first_ns, uint64_t period_ns)
{
	int32_t tid = atomic_load(&t->tid);
	struct itimerspec when = { timespec_of(period_ns), timespec_of(first_ns) };
	struct sigevent how;
	int timer;

	memset(&how, 0, sizeof(how));
	how.sigev_notify = SIGEV_THREAD_ID;
	how.sigev_signo = SIGPROF;
	how.sigev_value.sival_ptr = (void *)(uintptr_t)&rt_cpu_cookie;
	how._sigev_un._tid = tid;
	if (syscall(SYS_timer_create, clock_of(tid), &how, &timer) != 0)
		return false;
	t->handle = timer;
	atomic_store_explicit(&t->source, RT_SOURCE_TIMER, memory_order_release);
	if (syscall(SYS_timer_settime, timer, 0, &when, NULL) == 0)
		return true;
	rt_cpu_timer_detach(t);
	return false;
}

/* With the kernel's part, when that is allowed: then a system call has its own samples. */
static int open_perf(int32_t tid, uint64_t period_ns)
{
	struct perf_event_attr attr;
	int fd = -1;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = period_ns;
	attr.wakeup_events = 1;
	attr.disabled = 1;
	attr.exclude_hv = 1;
	for (unsigned user_only = 0; fd < 0 && user_only < 2; user_only++) {
		attr.exclude_kernel = user_only & 1;
		fd = (int)syscall(
		    SYS_perf_event_open, &attr, tid, -1, -1, (unsigned long)PERF_FLAG_FD_CLOEXEC);
	}
	return fd;
}

static bool signal_thread(int fd, int32_t tid)
{
	struct f_owner_ex owner = { F_OWNER_TID, tid };

	return fcntl(fd, F_SETOWN_EX, &owner) == 0 && fcntl(fd, F_SETSIG, SIGURG) == 0 &&
	       fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
}

static bool attach_perf(struct rt_thread *t, uint64_t first_ns)
{
	int32_t tid = atomic_load(&t->tid);
	int fd = open_perf(tid, first_ns);

	if (fd < 0)
		return false;
	t->handle = fd;
	atomic_store(&t->first, true);
	atomic_store_explicit(&t->source, RT_SOURCE_PERF, memory_order_release);
	if (signal_thread(fd, tid) && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0)
		return true;
	rt_cpu_timer_detach(t);
	return false;
}

bool rt_cpu_perf_works(void)
{
	static _Atomic int answer; /* 0 not asked, 1 yes, 2 no */

	if (atomic_load(&answer) == 0) {
		int fd = open_perf(0, NS_PER_S);

		atomic_store(&answer, fd >= 0 ? 1 : 2);
		if (fd >= 0)
			close(fd);
	}
	return atomic_load(&answer) == 1;
}

bool rt_cpu_timer_attach(struct rt_thread *t, uint64_t first_ns, uint64_t period_ns, bool use_perf)
{
	return (use_perf && attach_perf(t, first_ns)) || attach_timer(t, first_ns, period_ns);
}

void rt_cpu_timer_detach(struct rt_thread *t)
{
	uint32_t source = atomic_load(&t->source);

	if (source == RT_SOURCE_TIMER)
		syscall(SYS_timer_delete, t->handle);
	if (source == RT_SOURCE_PERF) {
		/* A child that was cloned past us may hold the descriptor too. */
		ioctl(t->handle, PERF_EVENT_IOC_DISABLE, 0);
		fcntl(t->handle, F_SETFL, O_NONBLOCK);
		close(t->handle);
	}
	atomic_store(&t->source, RT_SOURCE_NONE);
}

void rt_cpu_timer_forget(struct rt_thread *t)
{
	if (atomic_load(&t->source) == RT_SOURCE_PERF)
		close(t->handle);
	atomic_store(&t->source, RT_SOURCE_NONE);
}

void rt_cpu_timer_settle(struct rt_thread *t, uint64_t period_ns)
{
	if (atomic_exchange_explicit(&t->first, false, memory_order_relaxed))
		ioctl(t->handle, PERF_EVENT_IOC_PERIOD, &period_ns);
}
