/*
 * `pprof run`: a command with the runtime in it. What is hard: being invisible. The command has our
 * terminal, its signals, its exit status; what we add is an environment and, while it starts, one
 * pipe. Programs into which nothing can be loaded are refused with a reason, because LD_PRELOAD is
 * ignored for them without a word.
 */
#include "fetch/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "fetch/run_check.h"

/* Longest line the runtime writes. */
#define LINE_MAX_BYTES 4096

/* The running command, as its parent sees it. */
struct child {
	const struct run_options *o;
	const struct ui *ui;
	pid_t pid;
	int notify;   /* read end of the runtime's pipe, -1 when done */
	int signals;  /* signalfd */
	bool started; /* the profiler, in the command */
	sigset_t old_mask;
	struct sigaction old_chld; /* ignored signals are inherited */
	char out[PATH_MAX];        /* of its last profile, absolute; "" when none is wanted */
	char line[LINE_MAX_BYTES];
	size_t n_line;
};

static void set_or_keep(const char *name, struct str value)
{
	char text[PATH_MAX];

	if (value.n && fs_path(text, value))
		setenv(name, text, 1);
}

/* The runtime goes first, so that another preloaded malloc lies behind it. */
static void set_preload(const char *library)
{
	const char *before = getenv("LD_PRELOAD");
	char text[2 * PATH_MAX];
	int n = snprintf(text, sizeof text, "%s%s%s", library, before && *before ? ":" : "",
	    before ? before : "");

	if (n > 0 && (size_t)n < sizeof text)
		setenv("LD_PRELOAD", text, 1);
}

/* In the child: never returns. The errno of a failed exec goes through `report`. */
static _Noreturn void become(
    const struct child *c, const char *path, const char *library, int notify, int report)
{
	const struct run_options *o = c->o;
	char number[16];
	int failed;

	snprintf(number, sizeof number, "%d", notify);
	set_preload(library);
	setenv("PPROF_NOTIFY_FD", number, 1);
	/* Who serves; also when we ourselves run under the library. */
	snprintf(number, sizeof number, "%d", (int)getpid());
	setenv("PPROF_PID", number, 1);
	if (!o->addr.n && !getenv("PPROF_ADDR"))
		setenv("PPROF_ADDR", "127.0.0.1:0", 1);
	set_or_keep("PPROF_ADDR", o->addr);
	set_or_keep("PPROF_OUT", str_c(c->out));
	set_or_keep("PPROF_HEAP_RATE", o->heap_rate);
	set_or_keep("PPROF_BORN", o->born ? STR("1") : STR(""));
	set_or_keep("PPROF_STATE", o->state);
	sigaction(SIGCHLD, &c->old_chld, NULL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	execv(path, o->argv);
	failed = errno;
	if (write(report, &failed, sizeof failed) < 0)
		_exit(126);
	_exit(127);
}

static MUST_USE enum err_code await_exec(int report, const char *path, pid_t pid, struct err *e)
{
	int sys = 0;
	ssize_t n;

	do
		n = read(report, &sys, sizeof sys);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof sys)
		return OK;
	waitpid(pid, NULL, 0);
	return FAIL_SYS(e, sys, "fork/exec %s", path);
}

/* Two pipes: the runtime's, inherited by the command, and one that closes when exec succeeds. */
static MUST_USE enum err_code start(
    struct child *c, const char *path, const char *library, struct err *e)
{
	int notify[2] = { -1, -1 };
	int report[2] = { -1, -1 };
	enum err_code rc = OK;

	if (pipe2(notify, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) {
		err_set_sys(e, errno, "pipe");
		close(notify[0]);
		close(notify[1]);
		return ERR_IO;
	}
	c->pid = fork();
	if (c->pid == 0) {
		fcntl(notify[1], F_SETFD, 0);
		become(c, path, library, notify[1], report[1]);
	}
	if (c->pid < 0) {
		err_set_sys(e, errno, "fork");
		rc = ERR_IO;
	}
	close(notify[1]);
	close(report[1]);
	if (rc == OK)
		rc = await_exec(report[0], path, c->pid, e);
	close(report[0]);
	if (rc == OK)
		c->notify = notify[0];
	else
		close(notify[0]);
	return rc;
}

static void tell_line(const struct child *c, struct str line)
{
	if (str_starts(line, STR("error: ")))
		ui_error(c->ui, "pprof: %.*s", STR_ARG(str_skip(line, 7)));
	else if (str_starts(line, STR("warning: ")))
		ui_error(c->ui, "pprof: %.*s", STR_ARG(line));
	else if (!c->o->quiet)
		ui_print(c->ui, "pprof: serving %.*s", STR_ARG(line));
}

/* What the runtime wrote: its address, or why it has none; then what else is wrong. */
static void tell(struct child *c)
{
	struct str rest = str_trim((struct str){ c->line, c->n_line });
	struct str line;

	close(c->notify);
	c->notify = -1;
	c->started = rest.n > 0;
	if (!rest.n)
		ui_error(c->ui,
		    "pprof: the profiler did not start in this program (is it statically "
		    "linked, or does it clear its environment?)");
	while (rest.n && str_split(&rest, '\n', &line))
		tell_line(c, line);
}

static void take_notice(struct child *c)
{
	size_t room = sizeof c->line - c->n_line;
	ssize_t n = read(c->notify, c->line + c->n_line, room);

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0)
		c->n_line += (size_t)n;
	if (n <= 0 || (size_t)n == room || memchr(c->line, '\n', c->n_line))
		tell(c);
}

/* True when the child has ended. Signals from the terminal have reached it already. */
static bool take_signal(struct child *c, int *status)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return false;
	if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
		kill(c->pid, (int)info.ssi_signo);
	return info.ssi_signo == SIGCHLD && waitpid(c->pid, status, WNOHANG) == c->pid;
}

static int await_end(struct child *c)
{
	int status = 0;

	for (;;) {
		struct pollfd v[2] = { { c->signals, POLLIN, 0 }, { c->notify, POLLIN, 0 } };

		if (poll(v, 2, -1) < 0 && errno != EINTR)
			return status;
		/* The notice first: a short program may have ended already. */
		if (c->notify >= 0 && v[1].revents) {
			take_notice(c);
			continue;
		}
		if (v[0].revents && take_signal(c, &status))
			return status;
	}
}

static MUST_USE enum err_code hold_signals(struct child *c, struct err *e)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		sigaddset(&mask, held[i]);
	c->signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (c->signals < 0)
		return FAIL_SYS(e, errno, "signalfd");
	sigprocmask(SIG_BLOCK, &mask, &c->old_mask);
	/* Who started us may ignore it: then nobody would tell that the command has ended, nor how.
	 */
	sigaction(SIGCHLD, &standard, &c->old_chld);
	return OK;
}

/*
 * Says it when the wanted profile was not written, which the command's own status does not show.
 * The runtime puts a new file in place of the old.
 */
static void tell_missing(const struct child *c, const struct stat *before)
{
	struct stat now;

	if (!c->started || !c->out[0] || strstr(c->out, "%p"))
		return;
	if (stat(c->out, &now) == 0 && now.st_ino != before->st_ino)
		return;
	ui_error(c->ui,
	    "pprof: no heap profile was written to %s: the command was killed or ended by _exit",
	    c->out);
}

enum err_code run_command(
    const struct run_options *o, const struct ui *ui, int *status, struct err *e)
{
	struct child c = { .o = o, .ui = ui, .notify = -1 };
	char library[PATH_MAX];
	char path[PATH_MAX];
	struct stat before = { 0 };
	enum err_code rc;
	int ended;

	if (!o->argv || !o->argv[0])
		return FAIL(e, ERR_USAGE, "no command to run");
	TRY(run_find_command(path, o->argv[0], e));
	TRY(run_check_loadable(path, e));
	TRY(run_find_preload(library, sizeof library, e));
	if (o->out.n) {
		TRY(run_check_output(c.out, o->out, e));
		(void)stat(c.out, &before);
	}
	TRY(hold_signals(&c, e));
	rc = start(&c, path, library, e);
	if (rc == OK) {
		ended = await_end(&c);
		*status = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
		if (c.notify >= 0)
			close(c.notify);
		tell_missing(&c, &before);
	}
	close(c.signals);
	sigaction(SIGCHLD, &c.old_chld, NULL);
	sigprocmask(SIG_SETMASK, &c.old_mask, NULL);
	return rc;
}
