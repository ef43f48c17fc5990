/*
 * What the preloaded library adds to the linked one: it acts on the environment by itself. Starts
 * the endpoint when PPROF_ADDR is set, tells `pprof run` where, and writes a last heap profile
 * when the program ends. Says nothing to anybody else.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/fmt.h"
#include "pprof/pprof.h"
#include "runtime/coverage.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/state_file.h"

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
		fmt_c(&b, is_unix ? "\n" : "/debug/pprof/\n");
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

/* The pattern with %p replaced; true when there was one. */
static bool expand_pid(const char *pattern, struct fmt_buf *b)
{
	bool found = false;

	for (; *pattern; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			fmt_u64(b, (uint64_t)rt.pid);
			found = true;
			pattern++;
		} else {
			fmt_char(b, *pattern);
		}
	}
	fmt_end(b);
	return found;
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
	bool for_all = expand_pid(rt.options.addr, &b);

	if (!is_main && !for_all)
		return;
	if (rt.options.addr[0] && !b.failed && pprof_start(address) == 0 && !for_all)
		set_variable("PPROF_ADDR", pprof_address());
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
	if (rt.options.notify_fd == RT_NO_FD)
		return;
	/* The program's children must not write to whatever has this number by then. */
	set_variable("PPROF_NOTIFY_FD", NULL);
	if (rt.options.notify_fd <= INT32_MAX)
		notify((int)rt.options.notify_fd);
}

/*
 * PPROF_OUT for this process. Children write only when the name tells processes apart: a wrapper
 * script starts dozens, and nobody asked for their files.
 */
static bool out_path(struct fmt_buf *b)
{
	if (!expand_pid(rt.options.out, b) && (!is_main || rt.pid != started_pid))
		return false;
	return !b->failed;
}

/* Beside the target, so that the rename is atomic: a reader never sees half a profile. */
static void write_out(const char *path)
{
	char temporary[RT_OPTION_PATH + 64];
	struct fmt_buf b = fmt_buf_of(temporary, sizeof(temporary));
	bool good;
	int fd;

	fmt_c(&b, path);
	fmt_c(&b, ".tmp.");
	fmt_u64(&b, (uint64_t)rt.pid);
	fd = open(fmt_end(&b), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	good = pprof_write_heap_profile(fd) == 0;
	good = close(fd) == 0 && good;
	if (!good || rename(temporary, path) != 0)
		unlink(temporary);
}

__attribute__((destructor(102))) static void preload_end(void)
{
	char path[RT_OPTION_PATH + 32];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	if (rt.options.out[0] && rt_is_ready() && out_path(&b))
		write_out(path);
	pprof_stop();
}
