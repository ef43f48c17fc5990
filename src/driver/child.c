/*
 * Starting programs, see child.h. posix_spawn is used because the web face has threads. The input
 * of a filter lies in a memory file rather than a pipe, so that reading its output cannot deadlock.
 */
#include "driver/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

/* Words of one command. */
#define MAX_WORDS 32

static MUST_USE enum err_code spawn(
    const char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *pid, struct err *e)
{
	sigset_t none;
	posix_spawnattr_t attr;
	char *const *args;
	int failed;

	/* argv is not written through; the prototype is older than const. */
	memcpy(&args, &argv, sizeof args);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawnp(pid, argv[0], actions, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	if (failed == ENOENT && !strchr(argv[0], '/'))
		return FAIL(
		    e, ERR_NOT_FOUND, "exec: \"%s\": executable file not found in $PATH", argv[0]);
	if (failed)
		return FAIL_SYS(e, failed, "fork/exec %s", argv[0]);
	return OK;
}

enum err_code child_wait(pid_t pid, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno == ECHILD)
			return OK; /* SIGCHLD is ignored: how it ended is not told */
		if (errno != EINTR)
			return FAIL_SYS(e, errno, "wait");
	}
	if (WIFSIGNALED(status))
		return FAIL(e, ERR_IO, "signal: %s", strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return FAIL(e, ERR_IO, "exit status %d", WEXITSTATUS(status));
	return OK;
}

/* A descriptor from which `input` can be read from its start. */
static MUST_USE enum err_code input_file(struct str input, int *fd, struct err *e)
{
	int file = memfd_create("pprof-input", MFD_CLOEXEC);

	if (file < 0)
		return FAIL_SYS(e, errno, "memfd_create");
	while (input.n > 0) {
		ssize_t n = write(file, input.p, input.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(file);
			return FAIL_SYS(e, errno, "write");
		}
		input = str_skip(input, (size_t)n);
	}
	lseek(file, 0, SEEK_SET);
	*fd = file;
	return OK;
}

static MUST_USE enum err_code read_all(int fd, struct buf *out, struct err *e)
{
	for (;;) {
		ssize_t n;

		if (!buf_reserve(out, 1 << 16))
			return FAIL_NOMEM(e);
		n = read(fd, out->p + out->n, out->cap - out->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL_SYS(e, errno, "read");
		if (n == 0)
			return OK;
		out->n += (size_t)n;
	}
}

/* Starts argv between the two descriptors. */
static MUST_USE enum err_code spawn_between(
    const char *const argv[], int in, int out, pid_t *pid, struct err *e)
{
	posix_spawn_file_actions_t actions;
	enum err_code code;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	code = spawn(argv, &actions, pid, e);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static MUST_USE enum err_code filter_through(
    const char *const argv[], int in, struct buf *out, struct err *e)
{
	enum err_code code;
	enum err_code ended;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return FAIL_SYS(e, errno, "pipe2");
	code = spawn_between(argv, in, ends[1], &pid, e);
	close(ends[1]);
	if (code != OK) {
		close(ends[0]);
		return code;
	}
	code = read_all(ends[0], out, e);
	close(ends[0]);
	ended = child_wait(pid, e);
	return code != OK ? code : ended;
}

enum err_code child_filter(
    const char *const argv[], struct str input, struct buf *out, struct err *e)
{
	enum err_code code;
	int in;

	TRY(input_file(input, &in, e));
	code = filter_through(argv, in, out, e);
	close(in);
	return code;
}

enum err_code child_start(struct str command, struct str argument, pid_t *pid, struct err *e)
{
	const char *words[MAX_WORDS + 1];
	struct arena arena = { 0 };
	enum err_code code;
	struct str word;
	size_t n = 0;

	while (n + 2 < MAX_WORDS && str_split(&command, ' ', &word))
		words[n++] = arena_str(&arena, word).p;
	words[n++] = arena_str(&arena, argument).p;
	words[n] = NULL;
	if (arena_failed(&arena))
		code = FAIL_NOMEM(e);
	else
		code = spawn(words, NULL, pid, e);
	arena_release(&arena);
	return code;
}

enum err_code child_browse(struct str address, pid_t *pid, struct err *e)
{
	static const char *const usual[] = { "chrome", "google-chrome", "chromium", "firefox",
		"sensible-browser" };
	const char *browser = getenv("BROWSER");
	enum err_code code = ERR_NOT_FOUND;

	if (browser && *browser)
		code = child_start(str_c(browser), address, pid, e);
	for (size_t i = 0; code != OK && i < sizeof usual / sizeof usual[0]; i++)
		code = child_start(str_c(usual[i]), address, pid, e);
	if (code != OK && getenv("DISPLAY"))
		code = child_start(STR("xdg-open"), address, pid, e);
	return code;
}
