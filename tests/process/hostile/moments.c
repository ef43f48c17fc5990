/*
 * Scenarios: allocations at moments when little can be relied on: before the first constructor,
 * while a thread's storage is torn down, in exit handlers, in the program's own signal handlers.
 */
#include "process/hostile/hostile.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define EARLY 5

static void *early[EARLY];

static void allocate_before_all(void)
{
	early[0] = malloc(601);
	early[1] = realloc(calloc(3, 200), 5000);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(
    void) = allocate_before_all;

__attribute__((constructor(101))) static void allocate_first(void)
{
	early[2] = malloc(602);
	early[0] = realloc(early[0], 70000);
}

__attribute__((constructor)) static void allocate_in_constructor(void)
{
	early[3] = malloc(603);
	if (posix_memalign(&early[4], 4096, 604) != 0)
		early[4] = NULL;
}

/* Blocks from before anything ran are blocks like all. */
static int constructors(void)
{
	for (int i = 0; i < EARLY; i++) {
		HOSTILE_CHECK(early[i] != NULL, 1);
		memset(early[i], i, 600);
		early[i] = realloc(early[i], 9000);
		HOSTILE_CHECK(((char *)early[i])[599], i);
		free(early[i]);
	}
	return 0;
}

#define KEYS 8

static pthread_key_t keys[KEYS];
static _Atomic int torn_down;

/* Comes back until the C library gives up, and allocates each time. */
static void tear_down(void *block)
{
	for (int i = 0; i < KEYS; i++)
		if (!pthread_getspecific(keys[i]) && torn_down % 3 != 2) {
			pthread_setspecific(keys[i], hostile_block(1900));
			break;
		}
	free(block);
	torn_down++;
}

static void *set_keys(void *arg)
{
	for (int i = 0; i < KEYS; i++)
		pthread_setspecific(keys[i], hostile_block(1800));
	return arg;
}

static void free_value(void *block)
{
	free(block);
}

static int thread_keys(void)
{
	pthread_key_t plain;

	pthread_key_create(&plain, free_value);
	for (int i = 0; i < KEYS; i++)
		pthread_key_create(&keys[i], tear_down);
	for (int i = 0; i < 60; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, set_keys, NULL);
		pthread_join(thread, NULL);
	}
	HOSTILE_CHECK(hostile_in_use(1800, 0), 0);
	return 0;
}

static void at_exit(void)
{
	char *p = hostile_block(150000);

	free(realloc(p, 300000));
	puts("at exit");
}

static void register_more(void)
{
	atexit(at_exit);
	free(hostile_block(100));
}

static void on_exit_with_block(int status, void *block)
{
	printf("on exit %d\n", status);
	free(block);
}

static void *late;

/* After the library's own destructor may have run. */
__attribute__((destructor(101))) static void allocate_last(void)
{
	if (!late)
		return;
	free(late);
	for (int i = 0; i < 1000; i++)
		free(hostile_block(3000));
	if (write(1, "last\n", 5) != 5)
		_exit(9);
}

static int exit_handlers(void)
{
	late = hostile_block(777);
	for (int i = 0; i < 40; i++)
		atexit(at_exit);
	atexit(register_more);
	on_exit(on_exit_with_block, hostile_block(888));
	return 0;
}

static int quick_exits(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		at_quick_exit(at_exit);
		free(hostile_block(20000));
		quick_exit(31);
	}
	HOSTILE_CHECK(hostile_wait(pid), 31);
	return 0;
}

static volatile sig_atomic_t in_allocator, signals_seen;
static void *volatile swapped;

/* libc's malloc must not be entered twice: the program sees to that, not to what we are doing. */
static void allocate_in_handler(int number)
{
	signals_seen++;
	if (in_allocator)
		return;
	free(swapped);
	swapped = hostile_block(4700);
	free(hostile_block(200 + (size_t)number));
}

static int signal_handlers(void)
{
	struct sigaction act = { .sa_handler = allocate_in_handler, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { 0 };
	unsigned long spent = 0;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	while (signals_seen < 200) {
		void *p;

		in_allocator = 1;
		p = hostile_block(2900);
		in_allocator = 0;
		for (volatile int i = 0; i < 1000; i++)
			spent++;
		in_allocator = 1;
		free(p);
		in_allocator = 0;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	free(swapped);
	HOSTILE_CHECK(hostile_in_use(4700, 0), 0);
	HOSTILE_CHECK(hostile_in_use(2900, 0), 0);
	return 0;
}

/* A program's interrupted system calls are interrupted as before. */
static int interrupted_calls(void)
{
	struct sigaction act = { .sa_handler = allocate_in_handler };
	int fds[2];
	char c;

	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGALRM, &act, NULL);
	HOSTILE_CHECK(pipe(fds), 0);
	for (int i = 0; i < 3; i++) {
		/* Again and again, as the first may come before the call does. */
		struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
		int got;

		setitimer(ITIMER_REAL, &often, NULL);
		got = (int)read(fds[0], &c, 1);
		HOSTILE_CHECK(errno, EINTR);
		setitimer(ITIMER_REAL, &never, NULL);
		HOSTILE_CHECK(got, -1);
	}
	HOSTILE_CHECK(signals_seen >= 3, 1);
	return 0;
}

const struct hostile_scenario hostile_moments[] = {
	{ "constructors", constructors },
	{ "thread_keys", thread_keys },
	{ "exit_handlers", exit_handlers },
	{ "quick_exits", quick_exits },
	{ "signal_handlers", signal_handlers },
	{ "interrupted_calls", interrupted_calls },
	{ NULL, NULL },
};
