/*
 * The fd profile from inside: everything that opens and closes descriptors. With "off" instead of
 * "on" there is no such profile, and everything works the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/stack_sums.h"

#define VISIBLE __attribute__((visibility("default"), noinline))

static int on, failed;

/* Descriptors open by that function (or under that frame). */
static void expect(const char *function, int64_t wanted, const char *what)
{
	int64_t n;

	if (!on)
		return;
	n = stack_sums("fd", function).values[0];
	if (n == wanted)
		return;
	fprintf(
	    stderr, "%s: %ld descriptors of %s, not %ld\n", what, (long)n, function, (long)wanted);
	failed = 1;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s: %s\n", what, strerror(errno));
	failed = 1;
}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* A function that opens one with each call. */
#define OPENER(name, call)                                                                         \
	VISIBLE int name(void)                                                                     \
	{                                                                                          \
		int fd = (call);                                                                   \
                                                                                                   \
		check(fd >= 0, #name);                                                             \
		return fd;                                                                         \
	}

static sigset_t no_signals;

/* A pattern for a temporary file, whose last one is gone. */
static char *temporary(void)
{
	static char path[64];

	unlink(path);
	return strcpy(path, "/tmp/pprof-fd-host-XXXXXX");
}

OPENER(o_open, open("/dev/null", O_RDONLY))
OPENER(o_create, open("/tmp", O_TMPFILE | O_RDWR, 0600))
OPENER(o_openat, openat(AT_FDCWD, "/dev/null", O_RDONLY))
OPENER(o_creat, creat("/dev/null", 0600))
OPENER(o_socket, socket(AF_UNIX, SOCK_STREAM, 0))
OPENER(o_dup, dup(0))
OPENER(o_dup2, dup2(0, 90))
OPENER(o_dup3, dup3(0, 91, O_CLOEXEC))
OPENER(o_fcntl, fcntl(0, F_DUPFD, 20))
OPENER(o_fcntl_cloexec, fcntl(0, F_DUPFD_CLOEXEC, 20))
OPENER(o_epoll, epoll_create1(EPOLL_CLOEXEC))
OPENER(o_epoll_old, epoll_create(1))
OPENER(o_eventfd, eventfd(0, 0))
OPENER(o_timerfd, timerfd_create(CLOCK_MONOTONIC, 0))
OPENER(o_signalfd, signalfd(-1, &no_signals, 0))
OPENER(o_inotify, inotify_init1(0))
OPENER(o_inotify_old, inotify_init())
OPENER(o_memfd, memfd_create("test", 0))
OPENER(o_mkstemp, mkstemp(temporary()))
OPENER(o_mkostemp, mkostemp(temporary(), O_CLOEXEC))
OPENER(o_mkstemps, mkstemps(temporary(), 0))
OPENER(o_mkostemps, mkostemps(temporary(), 0, O_CLOEXEC))
OPENER(o_shm_open, shm_open("/pprof-fd-host", O_CREAT | O_RDWR, 0600))
OPENER(o_openpt, posix_openpt(O_RDWR | O_NOCTTY))
OPENER(o_pidfd, pidfd_open(getpid(), 0))

static const struct {
	const char *name;
	int (*open)(void);
} openers[] = {

#define ROW(f)                                                                                     \
	{                                                                                          \
#f, f                                                                              \
	}
	ROW(o_open),
	ROW(o_create),
	ROW(o_openat),
	ROW(o_creat),
	ROW(o_socket),
	ROW(o_dup),
	ROW(o_dup2),
	ROW(o_dup3),
	ROW(o_fcntl),
	ROW(o_fcntl_cloexec),
	ROW(o_epoll),
	ROW(o_epoll_old),
	ROW(o_eventfd),
	ROW(o_timerfd),
	ROW(o_signalfd),
	ROW(o_inotify),
	ROW(o_inotify_old),
	ROW(o_memfd),
	ROW(o_mkstemp),
	ROW(o_mkostemp),
	ROW(o_mkstemps),
	ROW(o_mkostemps),
	ROW(o_shm_open),
	ROW(o_openpt),
	ROW(o_pidfd),
};

static void everything_that_opens(void)
{
	for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
		int fd = openers[i].open();

		expect(openers[i].name, 1, "after it");
		check(close(fd) == 0, "close");
		expect(openers[i].name, 0, "after the close");
	}
	temporary();
	shm_unlink("/pprof-fd-host");
}

VISIBLE FILE *o_tmpfile(void)
{
	FILE *f = tmpfile();

	check(f != NULL, "tmpfile");
	return f;
}

VISIBLE void o_freopen(FILE *f)
{
	check(freopen("/dev/null", "r", f) == f, "freopen");
}

VISIBLE FILE *o_popen(void)
{
	FILE *f = popen("exit 3", "r");

	check(f != NULL, "popen");
	return f;
}

VISIBLE void o_openpty(int *here, int *there)
{
	check(openpty(here, there, NULL, NULL, NULL) == 0, "openpty");
}

static void streams_and_terminals_of_libc(void)
{
	FILE *f = o_tmpfile();
	int here = -1, there = -1;

	expect("o_tmpfile", 1, "a temporary file");
	o_freopen(f);
	expect("o_tmpfile", 0, "is another file now");
	expect("o_freopen", 1, "opened in its place");
	check(fclose(f) == 0, "fclose");
	expect("o_freopen", 0, "closed");
	f = o_popen();
	expect("o_popen", 1, "a command");
	check(WEXITSTATUS(pclose(f)) == 3, "its status");
	expect("o_popen", 0, "ended");
	o_openpty(&here, &there);
	expect("o_openpty", 2, "a terminal");
	close(here);
	close(there);
	expect("o_openpty", 0, "closed");
}

static void send_descriptors(int to, const int *fds, size_t n)
{
	char byte = 0;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	check(sendmsg(to, &m, 0) == 1, "sendmsg");
}

VISIBLE void o_recvmsg(int from, int *fds, size_t n)
{
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
	struct iovec part = { &byte, 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	check(recvmsg(from, &m, 0) == 1, "recvmsg");
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&m)), n * sizeof(int));
}

static void through_a_socket(void)
{
	int ends[2], sent[2] = { 0, o_open() }, came[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	send_descriptors(ends[0], sent, 2);
	o_recvmsg(ends[1], came, 2);
	expect("o_recvmsg", 2, "came through a socket");
	for (int i = 0; i < 2; i++) {
		close(came[i]);
		close(ends[i]);
	}
	close(sent[1]);
	expect("o_recvmsg", 0, "closed");
}

VISIBLE void o_pairs(int *fds)
{
	check(pipe(fds) == 0, "pipe");
	check(pipe2(fds + 2, O_CLOEXEC) == 0, "pipe2");
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds + 4) == 0, "socketpair");
}

VISIBLE FILE *o_fopen(void)
{
	FILE *f = fopen("/dev/null", "r");

	check(f != NULL, "fopen");
	return f;
}

VISIBLE DIR *o_opendir(void)
{
	DIR *d = opendir("/");

	check(d != NULL, "opendir");
	return d;
}

static void pairs_streams_and_ranges(void)
{
	int fds[6], low;
	FILE *f;
	DIR *d;

	o_pairs(fds);
	expect("o_pairs", 6, "pairs");
	close(fds[0]);
	expect("o_pairs", 5, "half a pipe closed");
	for (int i = 1; i < 6; i++)
		close(fds[i]);
	expect("o_pairs", 0, "pairs closed");
	f = o_fopen();
	d = o_opendir();
	expect("o_fopen", 1, "a stream");
	expect("o_opendir", 1, "a directory");
	check(fclose(f) == 0 && closedir(d) == 0, "fclose, closedir");
	expect("o_fopen", 0, "a stream closed");
	expect("o_opendir", 0, "a directory closed");
	low = o_dup2();
	check(dup2(0, low) == low, "dup2 over an open one");
	expect("o_dup2", 0, "replaced by dup2");
	o_dup2();
	o_dup3();
	check(close_range(90, 91, CLOSE_RANGE_CLOEXEC) == 0, "close_range of no close");
	expect("o_dup3", 1, "close-on-exec only");
	check(close_range(90, 90, 0) == 0, "close_range");
	expect("o_dup2", 0, "close_range");
	expect("o_dup3", 1, "not in the range");
	closefrom(50);
	expect("o_dup3", 0, "closefrom");
	errno = 0;
	check(close(90) == -1 && errno == EBADF, "close of what is not open");
	check(open("/nonexistent/x", O_RDONLY) == -1 && errno == ENOENT, "open of nothing");
}

VISIBLE int o_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	check(fd >= 0, "accept");
	return fd;
}

VISIBLE int o_accept4(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	check(fd >= 0, "accept4");
	return fd;
}

static void accepted(void)
{
	int listener = o_socket(), clients[2], servers[2];

	struct sockaddr_un_short {
		sa_family_t family;
		char path[6];
	} any = { AF_UNIX, "" };
	struct sockaddr_storage name;
	socklen_t n = sizeof(name);

	check(bind(listener, (struct sockaddr *)&any, sizeof(sa_family_t)) == 0, "bind");
	check(listen(listener, 2) == 0, "listen");
	check(getsockname(listener, (struct sockaddr *)&name, &n) == 0, "getsockname");
	for (int i = 0; i < 2; i++) {
		clients[i] = o_socket();
		check(connect(clients[i], (struct sockaddr *)&name, n) == 0, "connect");
	}
	servers[0] = o_accept(listener);
	servers[1] = o_accept4(listener);
	expect("o_socket", 3, "sockets");
	expect("o_accept", 1, "accepted");
	expect("o_accept4", 1, "accepted");
	for (int i = 0; i < 2; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	close(listener);
	expect("o_accept", 0, "closed");
}

/* What nobody was seen opening is there by type, even under a number that was known. */
static void unknown_ones_by_type(void)
{
	int64_t devices = on ? stack_sums("fd", "[fd: device]").values[0] : 0;
	int64_t sockets = on ? stack_sums("fd", "[fd: socket]").values[0] : 0;
	int64_t events = on ? stack_sums("fd", "[fd: eventfd]").values[0] : 0;
	int known = o_open(), fd;

	syscall(SYS_close, known);
	expect("o_open", 0, "closed behind our back");
	fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	check(fd == known, "the number again");
	expect("[fd: socket]", sockets + 1, "a socket behind our back");
	expect("o_open", 0, "is not what it was");
	close(fd);
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/zero", O_RDONLY);
	expect("[fd: device]", devices + 1, "a device behind our back");
	close(fd);
	fd = (int)syscall(SYS_eventfd2, 0, 0);
	expect("[fd: eventfd]", events + 1, "an eventfd behind our back");
	close(fd);
}

/* The leak that all this is for. */
VISIBLE void leak(void)
{
	check(open("/dev/null", O_RDONLY) >= 0, "open");
}

static void a_leak_shows(void)
{
	for (int i = 0; i < 100; i++)
		leak();
	expect("leak", 100, "a leak");
}

static void forks(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		expect("leak", 100, "in the child");
		close(o_open());
		closefrom(3);
		expect("leak", 0, "closed in the child");
		_exit(failed);
	}
	check(waitpid(pid, &status, 0) == pid && status == 0, "child");
	expect("leak", 100, "not in the parent");
	/* A vforked child has descriptors of its own, but its parent's memory. */
	pid = vfork();
	if (pid == 0) {
		closefrom(3);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && status == 0, "vforked child");
	expect("leak", 100, "not by a vforked child");
}

int main(int argc, char **argv)
{
	on = argc > 1 && strcmp(argv[1], "on") == 0;
	sigemptyset(&no_signals);
	check((pprof_lookup("fd") != NULL) == on, "the profile is there when asked for");
	everything_that_opens();
	pairs_streams_and_ranges();
	streams_and_terminals_of_libc();
	through_a_socket();
	accepted();
	unknown_ones_by_type();
	a_leak_shows();
	forks();
	return failed;
}
