/* Scenarios: threads that come and go, and blocks that outlive or change them. */
#include "process/hostile/hostile.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 64

static void *allocate_a_little(void *arg)
{
	for (size_t i = 0; i < 12; i++)
		free(hostile_block(1000 + i));
	return arg;
}

/* 64 at a time, ended and made anew as fast as it goes. */
static int thread_churn(void)
{
	for (int round = 0; round < 25; round++) {
		pthread_t threads[THREADS];

		for (int i = 0; i < THREADS; i++)
			HOSTILE_CHECK(
			    pthread_create(&threads[i], NULL, allocate_a_little, NULL), 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
	HOSTILE_CHECK(hostile_in_use(1000, 0), 0);
	return 0;
}

static _Atomic int detached_done;

static void *allocate_and_tell(void *arg)
{
	allocate_a_little(arg);
	detached_done++;
	return arg;
}

/* Nobody waits for them: their stacks go while they still run. */
static int thread_churn_detached(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int made = 0; made < 600; made++) {
		while (made - detached_done >= THREADS)
			usleep(100);
		HOSTILE_CHECK(pthread_create(&thread, &attr, allocate_and_tell, NULL), 0);
	}
	while (detached_done < 600)
		usleep(1000);
	pthread_attr_destroy(&attr);
	return 0;
}

/* Little stack: the least that there may be, and what the thread's storage takes. */
static int threads_of_little_stack(void)
{
	size_t bytes = (size_t)PTHREAD_STACK_MIN;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	for (int i = 0; i < 50; i++) {
		pthread_t thread;

		HOSTILE_CHECK(pthread_attr_setstacksize(&attr, bytes + 4096), 0);
		if (pthread_create(&thread, &attr, allocate_a_little, NULL) != 0)
			bytes += 4096;
		else
			pthread_join(thread, NULL);
	}
	HOSTILE_CHECK(bytes < 262144, 1);
	pthread_attr_destroy(&attr);
	return 0;
}

/* Blocks on their way from those who make them to those who free them. */
#define SLOTS       256
#define MAKERS      4
#define EACH        4000
#define PASSED_SIZE 1711

static void *_Atomic slots[SLOTS];
static _Atomic int freed;

static void *make_blocks(void *arg)
{
	for (unsigned i = 0; i < EACH; i++) {
		void *p = hostile_block(PASSED_SIZE);
		void *none = NULL;

		for (unsigned at = i; !atomic_compare_exchange_strong(&slots[at % SLOTS], &none, p);
		     at++)
			none = NULL;
	}
	return arg;
}

static void *free_blocks(void *arg)
{
	for (unsigned at = 0; freed < MAKERS * EACH; at++) {
		void *p = atomic_exchange(&slots[at % SLOTS], NULL);

		free(p);
		freed += p != NULL;
	}
	return arg;
}

/* Each free is seen, whichever thread it comes from. */
static int frees_from_other_threads(void)
{
	pthread_t threads[2 * MAKERS];

	for (int i = 0; i < 2 * MAKERS; i++)
		pthread_create(&threads[i], NULL, i % 2 ? free_blocks : make_blocks, NULL);
	for (int i = 0; i < 2 * MAKERS; i++)
		pthread_join(threads[i], NULL);
	HOSTILE_CHECK(freed, MAKERS * EACH);
	HOSTILE_CHECK(hostile_in_use(PASSED_SIZE, 0), 0);
	return 0;
}

#define LEFT_SIZE 2411

static void *leave_blocks(void *arg)
{
	void **to = arg;

	for (int i = 0; i < 100; i++)
		to[i] = hostile_block(LEFT_SIZE);
	return NULL;
}

/* Threads are gone, what they made is not; then it is. */
static int frees_after_threads(void)
{
	static void *left[40][100];
	pthread_t threads[40];

	for (int i = 0; i < 40; i++)
		pthread_create(&threads[i], NULL, leave_blocks, left[i]);
	for (int i = 0; i < 40; i++)
		pthread_join(threads[i], NULL);
	HOSTILE_CHECK(hostile_in_use(LEFT_SIZE, 4000), 4000);
	for (int i = 0; i < 40; i++)
		for (int k = 0; k < 100; k += 2)
			free(left[i][k]);
	HOSTILE_CHECK(hostile_in_use(LEFT_SIZE, 2000), 2000);
	for (int i = 0; i < 40; i++)
		for (int k = 1; k < 100; k += 2)
			free(left[i][k]);
	HOSTILE_CHECK(hostile_in_use(LEFT_SIZE, 0), 0);
	return 0;
}

static void clean_up(void *block)
{
	free(block);
}

static void *wait_for_cancel(void *arg)
{
	void *block = hostile_block(3333);

	pthread_cleanup_push(clean_up, block);
	/* A request that is pending must not take effect in an allocation. */
	for (;;) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		allocate_a_little(arg);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		allocate_a_little(arg);
		pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return arg;
}

static int cancelled_threads(void)
{
	for (int i = 0; i < 30; i++) {
		pthread_t thread;
		void *result;

		pthread_create(&thread, NULL, wait_for_cancel, NULL);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		HOSTILE_CHECK(result == PTHREAD_CANCELED, 1);
	}
	HOSTILE_CHECK(hostile_in_use(3333, 0), 0);
	return 0;
}

static void *outlive_main(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	allocate_a_little(NULL);
	exit(23);
}

/* The first thread ends; another ends the process. */
static int main_thread_first(void)
{
	static pthread_t main_thread;
	pthread_t thread;
	pid_t pid = fork();

	if (pid == 0) {
		main_thread = pthread_self();
		pthread_create(&thread, NULL, outlive_main, &main_thread);
		allocate_a_little(NULL);
		pthread_exit(NULL);
	}
	HOSTILE_CHECK(hostile_wait(pid), 23);
	return 0;
}

static void *start_next(void *left)
{
	pthread_t thread;
	intptr_t n = (intptr_t)left;

	allocate_a_little(NULL);
	printf("%d left\n", (int)n); /* written by exit */
	if (n > 0 && pthread_create(&thread, NULL, start_next, (void *)(n - 1)) == 0)
		pthread_detach(thread);
	return NULL;
}

/* Nobody ends the process: it ends by itself, with status 0, when its last thread has ended. */
int hostile_ends_by_threads(void)
{
	pthread_t thread;

	HOSTILE_CHECK(pthread_create(&thread, NULL, start_next, (void *)(intptr_t)0), 0);
	pthread_join(thread, NULL);
	HOSTILE_CHECK(pthread_create(&thread, NULL, start_next, (void *)(intptr_t)2), 0);
	pthread_detach(thread);
	pthread_exit(NULL);
}

/* As a process that serves: nothing of the runtime may keep it from ending. */
static int last_thread_ends(void)
{
	pid_t pid = fork();

	if (pid == 0)
		hostile_become("ends_by_threads");
	HOSTILE_CHECK(hostile_wait(pid), 0);
	return 0;
}

static void *take_signals(void *set)
{
	int number = 0;

	for (int i = 0; i < 100; i++) {
		sigwait(set, &number);
		allocate_a_little(set);
	}
	return set;
}

/* Signals that a program blocks and waits for come to nobody else. */
static int sigwait_gets_all(void)
{
	pthread_t thread;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&thread, NULL, take_signals, &set);
	for (int i = 0; i < 100; i++)
		kill(getpid(), SIGRTMIN);
	pthread_join(thread, NULL);
	return 0;
}

const struct hostile_scenario hostile_threads[] = {
	{ "thread_churn", thread_churn },
	{ "thread_churn_detached", thread_churn_detached },
	{ "threads_of_little_stack", threads_of_little_stack },
	{ "frees_from_other_threads", frees_from_other_threads },
	{ "frees_after_threads", frees_after_threads },
	{ "cancelled_threads", cancelled_threads },
	{ "main_thread_first", main_thread_first },
	{ "last_thread_ends", last_thread_ends },
	{ "sigwait_gets_all", sigwait_gets_all },
	{ NULL, NULL },
};
