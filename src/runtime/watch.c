/* The dumping thread; see watch.h. Called by preload.c, init.c (fork) and pages.c. */
#include "runtime/watch.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/fmt.h"
#include "runtime/busy.h"
#include "runtime/dump.h"
#include "runtime/memlimit.h"
#include "runtime/own_files.h"
#include "runtime/ownthread.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/rt_text.h"

#define PATH_ROOM     (2 * RT_OPTION_PATH)
/* The distance to the threshold is looked at again before memory could fill up at this speed. */
#define BYTES_PER_MS  ((uint64_t)4 << 20)
#define WAIT_MIN_MS   10u
#define WAIT_MAX_MS   1000u
#define FIND_EVERY_NS 10000000000u
#define NS_PER_S      1000000000u

static struct {
	_Atomic bool running;
	_Atomic bool expected; /* about to run, in a forked child */
	pthread_t thread;
	_Atomic uint32_t
	    woken; /* how often; a futex: a descriptor might be closed by the program */
	_Atomic bool stop, asked;
	const char *refused; /* why the signal is not ours; NULL: it is */
	char pattern[PATH_ROOM];
	_Atomic uint64_t written, failed;
	/* The thread's own: */
	struct rt_memlimit limits;
	uint64_t found_ns;  /* when the limits were looked up */
	uint64_t dumped_ns; /* when the last dump for want of memory was made; 0 never */
	uint64_t again_at;  /* bytes in use from which on there is another; 0 at the threshold */
} watch;

static void wake(void)
{
	watch.woken++;
	syscall(SYS_futex, &watch.woken, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Until woken more often than `seen` times, or for wait_ms; for ever when that is negative. */
static void wait_woken(uint32_t seen, int wait_ms)
{
	struct timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000l };

	syscall(
	    SYS_futex, &watch.woken, FUTEX_WAIT_PRIVATE, seen, wait_ms < 0 ? NULL : &t, NULL, 0);
}

/* Any thread of the program, at any point. Wakes, or does what the signal does without us. */
static void on_signal(int number)
{
	int saved = errno;

	if ((!watch.running && !watch.expected) || getpid() != rt.pid) {
		signal(number, SIG_DFL);
		raise(number);
	} else {
		watch.asked = true;
		wake();
	}
	errno = saved;
}

static void dump(void)
{
	char path[PATH_ROOM];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	rt_dump_name(watch.pattern, watch.written + watch.failed + 1, &b);
	if (!b.failed && rt_dump_write(path))
		watch.written++;
	else
		watch.failed++;
}

/* Bytes in use at which to dump. */
static uint64_t threshold(const struct rt_memuse *use)
{
	uint64_t at = rt.options.dump_at;

	/* The limit may be RT_MEMLIMIT_NONE. */
	return at <= RT_OPTION_PERCENT ? use->limit / 100 * at : at;
}

/*
 * One dump when the threshold is crossed, another for every 2 % of the limit above, none within
 * PPROF_DUMP_EVERY seconds of the last; and again when use has gone 5 % below in between.
 */
static void dump_when_due(const struct rt_memuse *use, uint64_t now)
{
	uint64_t at = threshold(use);

	if (use->used < at - at / 20)
		watch.again_at = 0;
	if (use->used < at || use->used < watch.again_at)
		return;
	if (watch.dumped_ns && now - watch.dumped_ns < rt.options.dump_every * NS_PER_S)
		return;
	watch.dumped_ns = now;
	watch.again_at = use->used + at / 50;
	dump();
}

/* Looks how much memory is left; milliseconds until the next look. */
static int look(void)
{
	uint64_t now = rt_routes_now();
	struct rt_memuse use;
	uint64_t at, wait;

	if (watch.found_ns == 0 || now - watch.found_ns > FIND_EVERY_NS) {
		rt_memlimit_find(&watch.limits, "");
		watch.found_ns = now;
	}
	use = rt_memlimit_use(&watch.limits);
	dump_when_due(&use, now);
	at = threshold(&use);
	wait = use.used < at ? (at - use.used) / BYTES_PER_MS : WAIT_MAX_MS / 10;
	if (wait < WAIT_MIN_MS)
		return WAIT_MIN_MS;
	return wait < WAIT_MAX_MS ? (int)wait : (int)WAIT_MAX_MS;
}

static void *thread_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "pprof-watch");
	rt_busy_for_ever(); /* nothing on this thread is the program's */
	rt_own_files(-1);   /* what it opens for moments takes no number from the program */
	while (!watch.stop) {
		uint32_t seen = watch.woken;

		if (!watch.asked)
			wait_woken(seen, rt.options.dump_at ? look() : -1);
		if (atomic_exchange(&watch.asked, false) && !watch.stop)
			dump();
	}
	return NULL;
}

/* A signal that somebody has a use for (or has ignored: nohup does) is not taken. */
static void take_signal(int number)
{
	struct sigaction old,
	    ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK };

	sigfillset(&ours.sa_mask);
	if (sigaction(number, NULL, &old) != 0)
		watch.refused = "there is no such signal";
	else if (old.sa_handler != SIG_DFL && old.sa_handler != on_signal)
		watch.refused = "the signal has a handler or is ignored";
	else if (sigaction(number, &ours, NULL) != 0)
		watch.refused = "the handler could not be installed";
}

/* The pattern as an absolute path: the program may change its directory. */
static bool set_pattern(void)
{
	struct fmt_buf b = fmt_buf_of(watch.pattern, sizeof(watch.pattern));
	char here[RT_OPTION_PATH];

	if (rt.options.dump[0] != '/') {
		if (!getcwd(here, sizeof(here)))
			return false;
		/* A % of the directory's is no pattern. */
		for (const char *p = here; *p; p++)
			fmt_c(&b, *p == '%' ? "%%" : (char[]){ *p, '\0' });
		fmt_char(&b, '/');
	}
	fmt_c(&b, rt.options.dump[0] ? rt.options.dump : "heap.%p.%n.pb.gz");
	fmt_end(&b);
	if (b.failed)
		watch.pattern[0] = '\0';
	return !b.failed;
}

static bool has_cause(void)
{
	return rt_is_ready() && (rt.options.dump_signal || rt.options.dump_at);
}

bool rt_watch_for_all(void)
{
	char path[PATH_ROOM];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	return has_cause() && rt_dump_name(watch.pattern, 1, &b) && !b.failed;
}

void rt_watch_expect(void)
{
	watch.expected = rt_watch_for_all();
}

/* A forked child goes on with its parent's pattern: the directory may have changed. */
void rt_watch_start(void)
{
	if (watch.running || !has_cause())
		return;
	watch.running =
	    (watch.pattern[0] || set_pattern()) && rt_ownthread_start(&watch.thread, thread_main);
	if (!watch.running)
		return;
	if (rt.options.dump_signal)
		take_signal((int)rt.options.dump_signal);
}

static void give_signal_back(void)
{
	int number = (int)rt.options.dump_signal;
	struct sigaction old;

	if (number && sigaction(number, NULL, &old) == 0 && old.sa_handler == on_signal)
		signal(number, SIG_IGN); /* one that comes now is too late, not deadly */
}

void rt_watch_stop(void)
{
	/* The thread is not in a child that was forked past the C library. */
	if (!watch.running || getpid() != rt.pid)
		return;
	give_signal_back();
	/* The program's last thread and exit in one that is not counted may both come here. */
	if (atomic_exchange(&watch.stop, true))
		return;
	wake();
	pthread_join(watch.thread, NULL);
	watch.running = false;
}

void rt_watch_after_fork(void)
{
	watch.running = false;
	watch.expected = false;
	watch.stop = false;
	watch.asked = false;
	watch.written = 0;
	watch.failed = 0;
	watch.found_ns = 0;
	watch.dumped_ns = 0;
	watch.again_at = 0;
}

static void line(struct rt_bytes *out, const char *name, uint64_t value, const char *meaning)
{
	rt_text_c(out, name);
	rt_text_u64(out, value);
	rt_text_c(out, meaning);
}

void rt_watch_print(struct rt_bytes *out)
{
	struct rt_memlimit limits; /* the thread's are its own */
	struct rt_memuse use;

	if (!watch.running)
		return;
	line(out, "dumps ", watch.written, "\t# heap profiles written to ");
	rt_text_c(out, watch.pattern);
	line(out, "\ndumps_failed ", watch.failed, "\t# that could not be written\n");
	if (rt.options.dump_signal && watch.refused) {
		rt_text_c(out, "dump_signal 0\t# ");
		rt_text_c(out, watch.refused);
		rt_text_c(out, "\n");
	} else if (rt.options.dump_signal) {
		line(out, "dump_signal ", rt.options.dump_signal, "\t# asks for one\n");
	}
	if (!rt.options.dump_at)
		return;
	rt_memlimit_find(&limits, "");
	use = rt_memlimit_use(&limits);
	line(out, "memory_used ", use.used, "\t# bytes that count towards the limit\n");
	line(out, "memory_limit ", use.limit, "\t# bytes, the nearest of all limits\n");
	line(out, "dump_at ", threshold(&use), "\t# bytes in use at which a profile is written\n");
}
