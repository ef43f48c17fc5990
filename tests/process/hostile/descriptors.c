/*
 * Scenarios: what programs do to file descriptors that they think are theirs. A daemon closes all
 * numbers there are and uses them anew; nothing that is not its own may then be written to them,
 * read from them or closed.
 */
#include "process/hostile/hostile.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NUMBERS 40

static void close_everything_between(int first, int end)
{
	for (int fd = first; fd < end; fd++)
		close(fd);
}

static void close_everything(int first)
{
	close_everything_between(first, 1024);
}

static void nap_ms(long ms)
{
	poll(NULL, 0, (int)ms);
}

/* Numbers first..NUMBERS all become own files, each with its number in it. */
static int take_numbers(int first, ino_t *inodes)
{
	for (int fd = first; fd < NUMBERS; fd++) {
		int got = memfd_create("own", 0);
		struct stat st;
		char text[16];
		int n = snprintf(text, sizeof(text), "%d", got);

		HOSTILE_CHECK(got, fd);
		HOSTILE_CHECK(write(fd, text, (size_t)n), n);
		fstat(fd, &st);
		inodes[fd] = st.st_ino;
	}
	return 0;
}

static int numbers_are_untouched(int first, const ino_t *inodes)
{
	for (int fd = first; fd < NUMBERS; fd++) {
		char text[16], got[32] = "";
		int n = snprintf(text, sizeof(text), "%d", fd);
		struct stat st;

		HOSTILE_CHECK(fstat(fd, &st), 0);
		HOSTILE_CHECK(st.st_ino == inodes[fd], 1);
		HOSTILE_CHECK(pread(fd, got, sizeof(got), 0), n);
		HOSTILE_CHECK(strcmp(text, got), 0);
	}
	return 0;
}

/* What a program does that takes all numbers for its own; they are still open when it ends. */
static int reuse_numbers(void)
{
	ino_t inodes[NUMBERS] = { 0 };
	int status;

	close_everything(3);
	status = take_numbers(3, inodes);
	if (status != 0)
		return status;
	for (int i = 0; i < 200; i++)
		free(hostile_block(5000));
	nap_ms(100);
	return numbers_are_untouched(3, inodes);
}

/* The same with files that another process has too, and looks at when this one is gone. */
#define SHARED 100

static int reuse_numbers_for_shared(void)
{
	for (int fd = 3; fd < NUMBERS; fd++)
		HOSTILE_CHECK(dup2(SHARED + fd, fd), fd);
	close_everything(NUMBERS);
	free(hostile_block(5000));
	nap_ms(50);
	raise(SIGPROF); /* may be one that asks for a profile */
	nap_ms(50);
	return 0;
}

static int reuse_numbers_until_the_end(void)
{
	ino_t inodes[NUMBERS] = { 0 };
	pid_t pid;

	signal(SIGPROF, SIG_IGN); /* as it is for a program that has a use for it */
	close_everything(3);
	HOSTILE_CHECK(take_numbers(3, inodes), 0);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
		signal(SIGPROF, getenv("PPROF_DUMP_SIGNAL") ? SIG_DFL : SIG_IGN);
		/* Inherited under other numbers. */
		for (int fd = 3; fd < NUMBERS; fd++)
			dup2(fd, SHARED + fd);
		close_everything_between(3, SHARED);
		hostile_become("reuse_numbers_for_shared");
		_exit(100);
	}
	HOSTILE_CHECK(hostile_wait(pid), 0);
	return numbers_are_untouched(3, inodes);
}

/* A program that was just started gets the numbers that it would have got without us. */
static int numbers_at_start(void)
{
	int first = open("/dev/null", O_RDONLY | O_CLOEXEC);

	printf("%d\n", first);
	return 0;
}

/* Numbers below this one are as they would be without us: select() and many a test rely on it. */
static int numbers_are_the_lowest(void)
{
	int fd[4];

	close_everything(3);
	for (int i = 0; i < 4; i++) {
		fd[i] = dup(2);
		HOSTILE_CHECK(fd[i], 3 + i);
		free(hostile_block(100000));
	}
	return 0;
}

/* A listening socket that got a number which was closed: its clients are nobody else's. */
static int own_listener(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(sa_family_t) + 9;
	int clients[8];
	int at;

	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "h%07d", (int)getpid());
	close_everything(3);
	at = socket(AF_UNIX, SOCK_STREAM, 0);
	HOSTILE_CHECK(bind(at, (struct sockaddr *)&a, n), 0);
	HOSTILE_CHECK(listen(at, 8), 0);
	/* Every number that somebody may still be waiting at. */
	for (int fd = at + 1; fd < NUMBERS; fd++)
		dup2(at, fd);
	nap_ms(50);
	for (int i = 0; i < 8; i++) {
		clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		HOSTILE_CHECK(connect(clients[i], (struct sockaddr *)&a, n), 0);
	}
	nap_ms(50);
	for (int i = 0; i < 8; i++) {
		struct pollfd ready = { at, POLLIN, 0 };

		HOSTILE_CHECK(poll(&ready, 1, 60000), 1);
		HOSTILE_CHECK(accept(at, NULL, NULL) >= 0, 1);
	}
	return 0;
}

static void become_daemon(const char *path)
{
	ino_t inodes[NUMBERS] = { 0 };
	int fd, status;

	setsid();
	if (fork() != 0)
		_exit(0);
	if (chdir("/") != 0)
		_exit(1);
	close_everything(0);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 1);
	dup2(fd, 2);
	status = take_numbers(3, inodes);
	for (int i = 0; i < 300; i++)
		free(hostile_block(2000));
	nap_ms(50);
	if (status == 0)
		status = numbers_are_untouched(3, inodes);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (write(fd, status == 0 ? "good" : "bad!", 4) != 4)
		status = 1;
	exit(status);
}

static int daemon_by_the_book(void)
{
	char path[] = "/tmp/hostile-daemon-XXXXXX";
	char text[8] = "";
	int fd = mkstemp(path);
	pid_t pid = fork();

	if (pid == 0)
		become_daemon(path);
	HOSTILE_CHECK(hostile_wait(pid), 0);
	for (int i = 0; i < 6000 && pread(fd, text, 4, 0) != 4; i++)
		nap_ms(10);
	unlink(path);
	HOSTILE_CHECK(strcmp(text, "good"), 0);
	return 0;
}

/* The three standard streams closed before anything else: 0 to 2 are reused. */
static int standard_streams_closed(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		ino_t inodes[NUMBERS] = { 0 };
		int status;

		close_everything(0);
		status = take_numbers(0, inodes);
		free(hostile_block(100000));
		nap_ms(20);
		_exit(status ? status : numbers_are_untouched(0, inodes));
	}
	HOSTILE_CHECK(hostile_wait(pid), 0);
	return 0;
}

const struct hostile_scenario hostile_descriptors[] = {
	{ "reuse_numbers", reuse_numbers },
	{ "reuse_numbers_until_the_end", reuse_numbers_until_the_end },
	{ "numbers_at_start", numbers_at_start },
	{ "numbers_are_the_lowest", numbers_are_the_lowest },
	{ "own_listener", own_listener },
	{ "daemon", daemon_by_the_book },
	{ "standard_streams_closed", standard_streams_closed },
	{ NULL, NULL },
};

/* Parts that others become; of no use alone. */
const struct hostile_scenario hostile_parts[] = {
	{ "reuse_numbers_for_shared", reuse_numbers_for_shared },
	{ "ends_by_threads", hostile_ends_by_threads },
	{ NULL, NULL },
};
