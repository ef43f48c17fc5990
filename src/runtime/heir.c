/* Serving in forked children; see heir.h. Called by hook_fork.c, preload.c, init.c, lastthread.c.
 */
#include "runtime/heir.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/fmt.h"
#include "runtime/busy.h"
#include "runtime/dump.h"
#include "runtime/endpoint.h"
#include "runtime/init.h"
#include "runtime/lastthread.h"
#include "runtime/own_files.h"
#include "runtime/ownthread.h"
#include "runtime/rt.h"
#include "runtime/watch.h"

#define STEP_MS    100
/* How long a daemon's parent may go on: some wait until the daemon says that it is up. */
#define STEPS_MOST 600

static struct {
	char address[RT_OPTION_PATH]; /* of the process that was started; "": that did not serve */
	pid_t pid, parent;            /* this process, and the one it was forked from */
	bool forked;                  /* in a child, of a process with one thread */
	bool detached;                /* it, or the one it was forked from, left the session */
	_Atomic bool took_over;
	bool running;
	pthread_t thread;
	_Atomic uint32_t stop; /* a futex */
} heir;

void rt_heir_serves(const char *address)
{
	struct fmt_buf b = fmt_buf_of(heir.address, sizeof(heir.address));

	fmt_c(&b, address);
	fmt_end(&b);
	heir.pid = rt.pid;
}

bool rt_heir_took_over(void)
{
	return heir.took_over;
}

/* The address for this process alone; false when PPROF_ADDR names one for all or none. */
static bool own_address(char out[static RT_OPTION_PATH])
{
	struct fmt_buf b = fmt_buf_of(out, RT_OPTION_PATH);
	bool for_all = rt_dump_name(rt.options.addr, 0, &b);

	return for_all && !b.failed;
}

static bool serve_at(const char *address)
{
	char text[256];
	struct fmt_buf why = fmt_buf_of(text, sizeof(text));
	bool good;

	rt_init_lock();
	good = rt_endpoint_start(address, &why);
	rt_init_unlock();
	return good;
}

/* False when the thread is to end. */
static bool wait_step(void)
{
	struct timespec t = { 0, STEP_MS * 1000000l };

	syscall(SYS_futex, &heir.stop, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0);
	return !heir.stop;
}

/*
 * A daemon's parent ends. The workers of a daemon have one that does not; and of two forks, the
 * first child's end is not yet that of the process that was started, whose address is taken.
 */
static void take_over(void)
{
	for (unsigned i = 0; i < STEPS_MOST; i++) {
		if (getppid() != heir.parent && serve_at(heir.address)) {
			heir.took_over = true;
			rt_watch_start();
			return;
		}
		if (!wait_step())
			return;
	}
}

static void *thread_main(void *arg)
{
	char address[RT_OPTION_PATH];

	(void)arg;
	pthread_setname_np(pthread_self(), "pprof-fork");
	rt_busy_for_ever(); /* nothing on this thread is the program's */
	rt_own_files(-1);   /* nor is what it opens */
	if (!wait_step())
		return NULL;
	if (rt_watch_for_all())
		rt_watch_start();
	if (own_address(address))
		serve_at(address);
	else if (heir.detached && heir.address[0])
		take_over();
	return NULL;
}

/* A program that counts on having one thread (unshare, setns) has it unless it asked for more. */
static bool is_asked_for(void)
{
	char address[RT_OPTION_PATH];

	return own_address(address) || (heir.detached && heir.address[0]) || rt_watch_for_all();
}

static void start(void)
{
	int saved = errno;

	if (heir.running || !rt_is_ready() || !is_asked_for())
		return;
	heir.stop = 0;
	rt_watch_expect();
	heir.running = rt_ownthread_start(&heir.thread, thread_main);
	errno = saved;
}

void rt_heir_forked(void)
{
	heir.forked = true;
	start();
}

/* A vforked child has its parent's memory, and no business to start threads in it. */
void rt_heir_detached(void)
{
	if (!heir.forked || getpid() != rt.pid || !rt_lastthread_alone())
		return;
	rt_heir_stop(); /* it may have been started for less than this */
	heir.detached = true;
	start();
}

void rt_heir_stop(void)
{
	if (!heir.running || getpid() != rt.pid)
		return;
	if (atomic_exchange(&heir.stop, 1))
		return;
	syscall(SYS_futex, &heir.stop, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(heir.thread, NULL);
	heir.running = false;
}

/* The children of a daemon that serves are what they would be had it not been a daemon. */
void rt_heir_after_fork(void)
{
	if (heir.took_over)
		heir.address[0] = '\0';
	heir.parent = heir.pid;
	heir.pid = rt.pid;
	heir.running = false;
	heir.forked = false;
	heir.took_over = false;
}
