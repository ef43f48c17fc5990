/* Scenarios: making processes in every way there is. */
#include "process/hostile/hostile.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void churn(int rounds)
{
	for (int i = 0; i < rounds; i++) {
		void *kept = hostile_block(100 + (size_t)i);

		free(hostile_block(3000));
		free(kept);
	}
}

/* A child of a child of a child, each ending another way. */
static int fork_chain(int depth)
{
	void *block = hostile_block(4000);
	pid_t pid = depth > 0 ? fork() : -1;

	if (pid == 0) {
		churn(50);
		free(block);
		exit(fork_chain(depth - 1));
	}
	churn(50);
	free(block);
	if (pid > 0 && hostile_wait(pid) != depth - 1)
		return 99;
	return depth;
}

static int forks(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			churn(100);
			if (i % 2)
				exit(i);
			_exit(i);
		}
		HOSTILE_CHECK(hostile_wait(pid), i);
	}
	HOSTILE_CHECK(fork_chain(6), 6);
	return 0;
}

static _Atomic int stop;

static void *allocate_until_stopped(void *arg)
{
	while (!stop)
		churn(10);
	return arg;
}

/* What other threads were in the middle of must not hold the child up. */
static int fork_beside_threads(void)
{
	pthread_t threads[6];

	for (int i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, allocate_until_stopped, NULL);
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct reader_profile p;

			churn(100);
			if (i % 10 == 0 && hostile_profile(&p))
				reader_close(&p);
			exit(i);
		}
		HOSTILE_CHECK(hostile_wait(pid), i);
	}
	stop = 1;
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/*
 * A process made past libc's fork, as container tools and browsers do: nothing that was
 * registered for forks has run, and no thread but this one is there when it exits.
 */
static int fork_raw(void)
{
	void *block = hostile_block(5000);

	for (int i = 0; i < 10; i++) {
		pid_t pid = (pid_t)(i % 2 ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : _Fork());

		if (pid == 0) {
			alarm(60);
			churn(100);
			free(block);
			exit(i);
		}
		HOSTILE_CHECK(hostile_wait(pid), i);
	}
	free(block);
	return 0;
}

static int vforks(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	for (volatile int i = 0; i < 50; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			/* On the parent's memory, and more than the standard allows. */
			free(malloc(700));
			if (i % 2)
				execv("/bin/true", argv);
			_exit(i % 2 ? 127 : 3);
		}
		HOSTILE_CHECK(hostile_wait(pid), i % 2 ? 0 : 3);
		churn(10);
	}
	return 0;
}

static int spawns(void)
{
	char *const argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "exit 5" }, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	for (int i = 0; i < 20; i++) {
		HOSTILE_CHECK(posix_spawnp(&pid, "sh", &actions, NULL, argv, environ), 0);
		HOSTILE_CHECK(hostile_wait(pid), 5);
	}
	posix_spawn_file_actions_destroy(&actions);
	HOSTILE_CHECK(posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, environ), ENOENT);
	return 0;
}

static int shells(void)
{
	char line[64] = "";
	FILE *f;

	for (int i = 0; i < 10; i++)
		HOSTILE_CHECK(WEXITSTATUS(system("exit 3")), 3);
	f = popen("echo from the shell; cat", "r");
	if (!f || !fgets(line, sizeof(line), f))
		return 1;
	HOSTILE_CHECK(strcmp(line, "from the shell\n"), 0);
	HOSTILE_CHECK(pclose(f), 0);
	return 0;
}

/* exec_chain replaces itself; the number of times is in the environment. */
static int exec_chain(void)
{
	char number[16];
	const char *left = getenv("HOSTILE_EXECS");
	long n = left ? strtol(left, NULL, 10) : 12;
	char *const argv[] = { (char[]){ "hostile" }, (char[]){ "exec_chain" }, NULL };

	churn(50);
	if (n == 0)
		return 0;
	snprintf(number, sizeof(number), "%ld", n - 1);
	setenv("HOSTILE_EXECS", number, 1);
	execv(hostile_self, argv);
	return 1;
}

static void *exec_from_here(void *arg)
{
	exec_chain();
	return arg;
}

/* From a thread, while others allocate. */
static int exec_from_thread(void)
{
	pthread_t threads[4];

	setenv("HOSTILE_EXECS", "1", 1);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, allocate_until_stopped, NULL);
	pthread_create(&threads[3], NULL, exec_from_here, NULL);
	pthread_join(threads[3], NULL);
	return 1;
}

static int exits_while_threads_allocate(void)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();
		pthread_t thread;

		if (pid == 0) {
			for (int t = 0; t < 4; t++)
				pthread_create(&thread, NULL, allocate_until_stopped, NULL);
			churn(200);
			exit(i);
		}
		HOSTILE_CHECK(hostile_wait(pid), i);
	}
	return 0;
}

const struct hostile_scenario hostile_processes[] = {
	{ "forks", forks },
	{ "fork_beside_threads", fork_beside_threads },
	{ "fork_raw", fork_raw },
	{ "vforks", vforks },
	{ "spawns", spawns },
	{ "shells", shells },
	{ "exec_chain", exec_chain },
	{ "exec_from_thread", exec_from_thread },
	{ "exits_while_threads_allocate", exits_while_threads_allocate },
	{ NULL, NULL },
};
