/*
 * Scenarios: the stack ends, and a signal comes in the middle of what we do. The program's own
 * signal is what it gets, its own handler runs, and when that jumps away from the middle of an
 * allocation, later allocations are still counted.
 */
#include "process/hostile/hostile.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static void *volatile last;
static volatile long levels;

/* The stack may end anywhere: nothing is freed twice for that. */
static void last_free(void)
{
	void *p = last;

	last = NULL;
	free(p);
}

/* Small blocks of one size: libc keeps them in a list of the thread's, and takes no lock. */
__attribute__((noinline)) static void recurse(int step)
{
	char *volatile room = __builtin_alloca((size_t)step);

	room[0] = 1;
	levels++;
	last_free();
	last = malloc(24);
	if (levels > 0) /* always: compilers should not know */
		recurse(step);
	room[step - 1] = 2;
}

static void small_stack(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_STACK, &limit);
}

static int overflow_is_deadly(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	for (int step = 64; step < 20000; step *= 5) {
		pid_t pid = fork();

		if (pid == 0) {
			small_stack(512 << 10);
			recurse(step);
		}
		HOSTILE_CHECK(hostile_wait(pid), 1000 + SIGSEGV);
	}
	return 0;
}

static void tell_and_exit(int number, siginfo_t *info, void *context)
{
	(void)context;
	_exit(info->si_addr && info->si_code == SEGV_ACCERR ? 40 + number : 39);
}

static sigjmp_buf above;

static void jump_above(int number)
{
	siglongjmp(above, number);
}

static void take_overflows(struct sigaction act)
{
	static _Thread_local char room[65536];
	stack_t alternate = { .ss_sp = room, .ss_size = sizeof(room) };

	sigaltstack(&alternate, NULL);
	act.sa_flags |= SA_ONSTACK;
	sigaction(SIGSEGV, &act, NULL);
}

static void *overflow_thread(void *arg)
{
	take_overflows((struct sigaction){ .sa_sigaction = tell_and_exit, .sa_flags = SA_SIGINFO });
	recurse(*(int *)arg);
	return arg;
}

/* A thread's guard page is hit where it would have been: the address is in it. */
static int overflow_has_own_handler(void)
{
	for (int step = 100; step < 4000; step *= 3) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t thread;

			pthread_create(&thread, NULL, overflow_thread, &step);
			pthread_join(thread, NULL);
			_exit(1);
		}
		HOSTILE_CHECK(hostile_wait(pid), 40 + SIGSEGV);
	}
	return 0;
}

#define AFTER_SIZE 5150

/* What languages' run times do: the overflow is an error of the program's program. */
static int overflow_and_on(void)
{
	static void *kept[50];

	take_overflows((struct sigaction){ .sa_handler = jump_above });
	small_stack(256 << 10);
	for (volatile int i = 0; i < 200; i++)
		if (sigsetjmp(above, 1) == 0)
			recurse(48 + i);
	HOSTILE_CHECK(levels > 200, 1);
	for (int i = 0; i < 100; i++)
		free(hostile_block(3000));
	for (int i = 0; i < 50; i++)
		kept[i] = hostile_block(AFTER_SIZE);
	HOSTILE_CHECK(hostile_in_use(AFTER_SIZE, 50), 50);
	for (int i = 0; i < 50; i++)
		free(kept[i]);
	HOSTILE_CHECK(hostile_in_use(AFTER_SIZE, 0), 0);
	return 0;
}

static volatile sig_atomic_t jumps;

static void jump_somewhen(int number)
{
	jumps++;
	siglongjmp(above, number);
}

/*
 * A time-out that jumps away from wherever the program is. Only right with an allocator that may be
 * left anywhere: scenario.sh preloads one.
 */
static int jumps_out_of_malloc(void)
{
	struct sigaction act = { .sa_handler = jump_somewhen };
	struct itimerval never = { 0 };
	void *volatile kept[50], *volatile before = malloc(3000);

	if (!getenv("HOSTILE_BUMP"))
		return 77;
	sigaction(SIGALRM, &act, NULL);
	while (jumps < 400) {
		struct itimerval soon = { { 0, 0 }, { 0, 100 + jumps } };

		if (sigsetjmp(above, 1) == 0) {
			setitimer(ITIMER_REAL, &soon, NULL);
			for (;;)
				free(malloc(3000));
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	/* Some may be missed until the last jump is noticed, by a free at the latest. */
	free(before);
	for (int i = 0; i < 200; i++)
		free(malloc(3000));
	for (int i = 0; i < 50; i++)
		kept[i] = hostile_block(AFTER_SIZE);
	HOSTILE_CHECK(hostile_in_use(AFTER_SIZE, 50), 50);
	HOSTILE_CHECK(kept[49] != NULL, 1);
	return 0;
}

static void allocate_on_signal(int number)
{
	jumps++;
	free(hostile_block(300 + (size_t)number));
}

/* Handlers that allocate, come in the middle of allocations. */
static int allocates_inside_malloc(void)
{
	struct sigaction act = { .sa_handler = allocate_on_signal, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { 0 };

	if (!getenv("HOSTILE_BUMP"))
		return 77;
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (jumps < 1000) {
		void *p = hostile_block(3100);

		free(realloc(p, 3200));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	HOSTILE_CHECK(hostile_in_use(3100, 0), 0);
	HOSTILE_CHECK(hostile_in_use(3200, 0), 0);
	return 0;
}

const struct hostile_scenario hostile_overflows[] = {
	{ "overflow_is_deadly", overflow_is_deadly },
	{ "overflow_has_own_handler", overflow_has_own_handler },
	{ "overflow_and_on", overflow_and_on },
	{ "jumps_out_of_malloc", jumps_out_of_malloc },
	{ "allocates_inside_malloc", allocates_inside_malloc },
	{ NULL, NULL },
};
