/* See job.h. The report's process tells its parent by lines on a pipe: 'T' a temporary file, 'E'
 * the error. */
#include "shell/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	int told[2];  /* pipe: from the report to us */
	int paged[2]; /* pipe: from the report to the pager; -1 without one */
	pid_t report, pager;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct job *j)
{
	for (size_t i = 0; i < 2; i++) {
		close_end(&j->told[i]);
		close_end(&j->paged[i]);
	}
}

static void default_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
}

static void tell(int fd, char kind, struct str text)
{
	struct buf line = { 0 };

	buf_char(&line, kind);
	buf_add_str(&line, text);
	buf_char(&line, '\n');
	(void)!write(fd, buf_c(&line), line.n);
	buf_release(&line);
}

/* The report's process. */
static void report(struct driver *d, const struct shell_command *c, const struct job *j)
{
	size_t had = d->temporaries.n;
	struct err e = { 0 };

	default_signals();
	if (j->paged[1] >= 0) {
		dup2(j->paged[1], STDOUT_FILENO);
		close(j->paged[0]); /* else a pager that left would go unnoticed */
		signal(SIGPIPE, SIG_DFL);
	}
	if (driver_report(d, c->command, c->param, &c->config, &e) != OK)
		tell(j->told[1], 'E', str_c(e.msg));
	for (size_t i = had; i < d->temporaries.n; i++)
		tell(j->told[1], 'T', d->temporaries.p[i]);
	fflush(stdout);
	_exit(0);
}

static void page(const char *command, const struct job *j)
{
	default_signals();
	dup2(j->paged[0], STDIN_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static MUST_USE enum err_code start(struct job *j, struct driver *d, const struct shell_command *c,
    const char *pager, struct err *e)
{
	if (pipe2(j->told, O_CLOEXEC) != 0 || (*pager && pipe2(j->paged, O_CLOEXEC) != 0))
		return FAIL_SYS(e, errno, "pipe");
	fflush(NULL);
	j->report = fork();
	if (j->report == 0)
		report(d, c, j);
	if (j->report < 0)
		return FAIL_SYS(e, errno, "fork");
	if (*pager)
		j->pager = fork();
	if (*pager && j->pager == 0)
		page(pager, j);
	return OK;
}

/* Reads what the report tells until it ends. */
static void listen_to(int fd, struct buf *told)
{
	ssize_t n = 1;

	while ((n > 0 || (n < 0 && errno == EINTR)) && buf_reserve(told, 4096)) {
		n = read(fd, told->p + told->n, told->cap - told->n);
		if (n > 0)
			told->n += (size_t)n;
	}
}

static MUST_USE enum err_code obey(struct driver *d, struct str told, struct err *e)
{
	enum err_code code = OK;
	struct str line;

	while (told.n > 0 && str_split(&told, '\n', &line)) {
		struct str text = str_skip(line, 1);

		if (line.n > 0 && line.p[0] == 'E') {
			code = FAIL(e, ERR_USAGE, "%.*s", STR_ARG(text));
		} else if (line.n > 0) {
			struct str name = arena_str(&d->arena, text);

			if (!name.p || !VEC_PUSH(&d->temporaries, name))
				return FAIL_NOMEM(e);
		}
	}
	return code;
}

static bool wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
}

static MUST_USE enum err_code finish(struct job *j, struct driver *d, struct err *e)
{
	struct buf told = { 0 };
	enum err_code code;

	close_end(&j->told[1]);
	close_end(&j->paged[0]);
	close_end(&j->paged[1]);
	listen_to(j->told[0], &told);
	if (wait_for(j->report))
		fputc('\n', stderr); /* behind the ^C of the terminal */
	if (j->pager > 0)
		wait_for(j->pager);
	code = buf_failed(&told) ? FAIL_NOMEM(e) : obey(d, buf_str(&told), e);
	buf_release(&told);
	return code;
}

enum err_code job_run(
    struct driver *d, const struct shell_command *command, struct str pager, struct err *e)
{
	struct job j = { .told = { -1, -1 }, .paged = { -1, -1 } };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	struct buf shell_line = { 0 };
	enum err_code code;

	buf_add_str(&shell_line, pager);
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	code = start(&j, d, command, buf_c(&shell_line), e);
	if (code == OK)
		code = finish(&j, d, e);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	close_all(&j);
	buf_release(&shell_line);
	return code;
}
