/*
 * What the preloaded library adds to the linked one: it acts on the environment by itself. Starts
 * the endpoint when PPROF_ADDR is set, tells `pprof run` where, writes heap profiles when asked to
 * by a signal or when memory runs short, and a last one when the program ends. Says nothing to
 * anybody else.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/fmt.h"
#include "pprof/pprof.h"
#include "runtime/coverage.h"
#include "runtime/dump.h"
#include "runtime/heir.h"
#include "runtime/init.h"
#include "runtime/ownstack.h"
#include "runtime/rt.h"
#include "runtime/state_file.h"
#include "runtime/watch.h"

/* Set by the constructor: the process it ran in, and whether that is the one that was started. */
static int32_t started_pid;
static bool is_main;

/* A pipe that nobody reads any more must not kill the program. */
static void write_quietly(int fd, const char *line, size_t n)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_signal, old;
	ssize_t put;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
	put = write(fd, line, n);
	if (put < 0 && !sigismember(&old, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void warn_no_state(struct fmt_buf *b)
{
	if (!rt.options.state[0] || rt_state_file_path()[0])
		return;
	fmt_c(b, "warning: no state file: ");
	rt_state_file_why(b);
	fmt_c(b, "\n");
}

/* The URL, and what is wrong besides, a line each, into the pipe that `pprof run` reads. */
static void notify(int fd)
{
	char line[2 * RT_OPTION_PATH];
	struct fmt_buf b = fmt_buf_of(line, sizeof(line));
	struct stat st;

	/* Only a pipe: the number may come from elsewhere and mean something to the program. */
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return;
	if (pprof_address()[0]) {
		bool is_unix = strncmp(pprof_address(), "unix:", 5) == 0;

		fmt_c(&b, is_unix ? "" : "http://");
		fmt_c(&b, pprof_address());
		fmt_c(&b, is_unix ? ":" : "");
		fmt_c(&b, "/debug/pprof/\n");
	} else {
		fmt_c(&b, "error: ");
		fmt_c(&b, pprof_error());
		fmt_c(&b, "\n");
	}
	if (rt_coverage_bypass()) {
		fmt_c(&b, "warning: ");
		fmt_c(&b, rt_coverage_bypass());
		fmt_c(&b, " has a malloc of its own: its allocations are not seen\n");
	}
	warn_no_state(&b);
	write_quietly(fd, line, b.n);
	close(fd);
}

/*
 * The C library's own functions: some programs (shells) have setenv and unsetenv of their own,
 * which must not run before their main.
 */
static void set_variable(const char *name, const char *value)
{
	int (*set)(const char *, const char *, int);
	int (*unset)(const char *);
	void *f = dlsym(RTLD_NEXT, "setenv");
	void *g = dlsym(RTLD_NEXT, "unsetenv");

	memcpy(&set, &f, sizeof(f));
	memcpy(&unset, &g, sizeof(g));
	if (!value && unset)
		unset(name);
	else if (value && set)
		set(name, value, 1);
}

/*
 * Serves, if this process is the one to. Its children get to know that they are not; what it may
 * become by exec (a wrapper script does that) serves at the same port.
 */
static void serve(void)
{
	char address[RT_OPTION_PATH], pid[24];
	struct fmt_buf b = fmt_buf_of(address, sizeof(address));
	struct fmt_buf p = fmt_buf_of(pid, sizeof(pid));
	bool for_all = rt_dump_name(rt.options.addr, 0, &b);

	if (!is_main && !for_all)
		return;
	if (rt.options.addr[0] && !b.failed && pprof_start(address) == 0 && !for_all) {
		set_variable("PPROF_ADDR", pprof_address());
		rt_heir_serves(pprof_address());
	}
	fmt_u64(&p, (uint64_t)rt.pid);
	if (rt.options.main_pid == 0 && (rt.options.addr[0] || rt.options.out[0]))
		set_variable("PPROF_PID", fmt_end(&p));
}

__attribute__((constructor(102))) static void preload_start(void)
{
	rt_init();
	started_pid = rt.pid;
	is_main = rt.options.main_pid == 0 || rt.options.main_pid == (uint64_t)rt.pid;
	serve();
	rt_watch_start();
	if (rt.options.notify_fd == RT_NO_FD)
		return;
	/* The program's children must not write to whatever has this number by then. */
	set_variable("PPROF_NOTIFY_FD", NULL);
	if (rt.options.notify_fd <= INT32_MAX)
		notify((int)rt.options.notify_fd);
}

/*
 * PPROF_OUT for this process. Children write only when the name tells processes apart: a wrapper
 * script starts dozens, and nobody asked for their files. A daemon is what was started.
 */
static bool out_path(struct fmt_buf *b)
{
	bool is_the_one = rt_heir_took_over() || (is_main && rt.pid == started_pid);

	if (!rt_dump_name(rt.options.out, 0, b) && !is_the_one)
		return false;
	return !b->failed;
}

static void write_out(void)
{
	char path[RT_OPTION_PATH + 32];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	if (out_path(&b))
		rt_dump_write(path);
}

__attribute__((destructor(102))) static void preload_end(void)
{
	rt_heir_stop();
	if (rt.options.out[0] && rt_is_ready())
		rt_ownstack_run(write_out);
	rt_watch_stop();
	pprof_stop();
}
