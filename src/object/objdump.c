/*
 * llvm-objdump or objdump as a child process, see objdump.h. What is hard: the file is not trusted
 * and neither is what another program makes of it: the child gets limits, reads the very file that
 * is open here (by its descriptor, so nobody can put another one in its place), and of its output
 * only lines that are an address of the range and a text count.
 */
#include "object/objdump.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "object/object_impl.h"

#define MAX_OUTPUT  ((size_t)64 << 20)
#define MAX_SECONDS 20
#define MAX_MEMORY  ((rlim_t)2 << 30)

extern char **environ;

/* The pipe's end to read from; -1 when the program is not there. */
static int start_program(
    const char *program, const char *const *rest, size_t n, char *path, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *argv[8] = { 0 };
	int ends[2];
	int failed;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	/* posix_spawn takes char * and only reads. */
	memcpy(&argv[0], &program, sizeof argv[0]);
	for (size_t i = 0; i < n && i < 5; i++)
		memcpy(&argv[i + 1], &rest[i], sizeof argv[0]);
	argv[n + 1] = path;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	failed = posix_spawnp(pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (!failed)
		return ends[0];
	close(ends[0]);
	return -1;
}

static void bound(pid_t pid)
{
	const struct rlimit seconds = { MAX_SECONDS, MAX_SECONDS };
	const struct rlimit memory = { MAX_MEMORY, MAX_MEMORY };

	(void)prlimit(pid, RLIMIT_CPU, &seconds, NULL);
	(void)prlimit(pid, RLIMIT_AS, &memory, NULL);
}

/* What a program prints; false when it is not there or fails. */
static bool run(const char *program, const char *const *rest, size_t n, char *path, struct buf *out)
{
	struct err e;
	pid_t pid;
	int status = 0;
	const int fd = start_program(program, rest, n, path, &pid);
	bool ok;

	if (fd < 0)
		return false;
	bound(pid);
	ok = fs_read_fd(fd, str_c(program), MAX_OUTPUT, out, &e) == OK;
	close(fd); /* one that still writes ends by SIGPIPE */
	while (waitpid(pid, &status, 0) < 0)
		;
	return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* "   103f4:      \taddi\tsp, sp, -16": an address and what is there. */
static bool parse_line(struct str line, uint64_t *address, struct str *text)
{
	struct str head;

	line = str_trim(line);
	if (!str_split(&line, ':', &head) || !head.n || !str_to_u64(head, 16, address))
		return false;
	*text = str_trim(line);
	return text->n > 0;
}

static size_t add_lines(struct str rest, uint64_t start, uint64_t end,
    void (*add)(void *ctx, uint64_t address, struct str text), void *ctx)
{
	struct str line, text;
	uint64_t address, next = start;
	size_t n = 0;

	while (rest.n && str_split(&rest, '\n', &line)) {
		if (!parse_line(line, &address, &text) || address < next || address >= end)
			continue;
		add(ctx, address, text);
		next = address + 1;
		n++;
	}
	return n;
}

bool objdump_list(const struct object *o, uint64_t start, uint64_t end,
    void (*add)(void *ctx, uint64_t address, struct str text), void *ctx)
{
	/* In google/pprof's order; the last is what Debian calls those of cross compilers. */
	static const char *const programs[] = { "llvm-objdump", "objdump",
		"riscv64-linux-gnu-objdump" };
	char from[48], to[48], path[48];
	const char *const rest[] = { "--disassemble", "--no-show-raw-insn", "--demangle", from,
		to };
	size_t n = 0;

	if (o->fd < 0 || start >= end)
		return false;
	snprintf(from, sizeof from, "--start-address=0x%llx", (unsigned long long)start);
	snprintf(to, sizeof to, "--stop-address=0x%llx", (unsigned long long)end);
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), o->fd);
	for (size_t i = 0; i < sizeof programs / sizeof *programs && !n; i++) {
		struct buf out = { 0 };

		if (run(programs[i], rest, sizeof rest / sizeof *rest, path, &out))
			n = add_lines(buf_str(&out), start, end, add, ctx);
		buf_release(&out);
	}
	return n > 0;
}
