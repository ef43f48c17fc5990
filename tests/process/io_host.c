/*
 * Input and output as waits, from inside: with "on" (PPROF_BLOCK_IO=1) each kind of call is charged
 * with the time that it waited for, with "off" none is; the results are the same.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/stack_sums.h"

#define VISIBLE __attribute__((visibility("default"), noinline))
#define WAIT_MS 20
#define MS      1000000LL

static int on, failed;
static int ends[2]; /* of a pair of sockets: the test's, the writer's */
static int epoll;

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s: %s\n", what, strerror(errno));
	failed = 1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* True when the first thread sleeps. */
static int is_waiting(void)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (f)
		fclose(f);
	return state == 'S';
}

/* Sends a byte when the other has waited for it, however late it has begun to. */
static void *writer(void *arg)
{
	struct timespec t = { 0, WAIT_MS * MS };

	while (!is_waiting())
		sched_yield();
	nanosleep(&t, NULL);
	check(write(ends[1], "x", 1) == 1, "write");
	return arg;
}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define WAITS(name, call)                                                                          \
	VISIBLE long name(void)                                                                    \
	{                                                                                          \
		long result = (long)(call);                                                        \
                                                                                                   \
		__asm__ volatile("" : "+r"(result));                                               \
		return result;                                                                     \
	}

static char byte;
static struct iovec vector = { &byte, 1 };
static struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
static struct pollfd polled;
static struct epoll_event event;
static fd_set readable;

static fd_set *just_one(void)
{
	FD_ZERO(&readable);
	FD_SET(ends[0], &readable);
	return &readable;
}

WAITS(w_read, read(ends[0], &byte, 1))
WAITS(w_readv, readv(ends[0], &vector, 1))
WAITS(w_recv, recv(ends[0], &byte, 1, 0))
WAITS(w_recvfrom, recvfrom(ends[0], &byte, 1, 0, NULL, NULL))
WAITS(w_recvmsg, recvmsg(ends[0], &message, 0))
WAITS(w_poll, poll(&polled, 1, 10000))
WAITS(w_ppoll, ppoll(&polled, 1, NULL, NULL))
WAITS(w_select, select(ends[0] + 1, just_one(), NULL, NULL, NULL))
WAITS(w_pselect, pselect(ends[0] + 1, just_one(), NULL, NULL, NULL, NULL))
WAITS(w_epoll_wait, epoll_wait(epoll, &event, 1, 10000))
WAITS(w_epoll_pwait, epoll_pwait(epoll, &event, 1, 10000, NULL))

static const struct {
	const char *name;
	long (*wait)(void);
	int takes; /* the byte */
} kinds[] = {
	{ "w_read", w_read, 1 },
	{ "w_readv", w_readv, 1 },
	{ "w_recv", w_recv, 1 },
	{ "w_recvfrom", w_recvfrom, 1 },
	{ "w_recvmsg", w_recvmsg, 1 },
	{ "w_poll", w_poll, 0 },
	{ "w_ppoll", w_ppoll, 0 },
	{ "w_select", w_select, 0 },
	{ "w_pselect", w_pselect, 0 },
	{ "w_epoll_wait", w_epoll_wait, 0 },
	{ "w_epoll_pwait", w_epoll_pwait, 0 },
};

static void one_kind(size_t i)
{
	pthread_t thread;
	int64_t took = now_ns(), waited;

	pthread_create(&thread, NULL, writer, NULL);
	check(kinds[i].wait() == 1, kinds[i].name);
	took = now_ns() - took;
	pthread_join(thread, NULL);
	if (!kinds[i].takes)
		check(recv(ends[0], &byte, 1, MSG_DONTWAIT) == 1, "the byte is still there");
	waited = stack_sums("block", kinds[i].name).values[1];
	if (on ? waited >= WAIT_MS * MS / 2 && waited <= took : waited == 0)
		return;
	fprintf(stderr, "%s waited %ld of %ld ns\n", kinds[i].name, (long)waited, (long)took);
	failed = 1;
}

int main(int argc, char **argv)
{
	on = argc > 1 && strcmp(argv[1], "on") == 0;
	check(pprof_set_block_rate(1) == 0, "rate");
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	epoll = epoll_create1(0);
	event.events = EPOLLIN;
	check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0, "epoll_ctl");
	polled = (struct pollfd){ ends[0], POLLIN, 0 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		one_kind(i);
	errno = 0;
	check(read(-1, &byte, 1) == -1 && errno == EBADF, "read of nothing");
	check(send(ends[1], &byte, 1, MSG_DONTWAIT) == 1, "send");
	return failed;
}
