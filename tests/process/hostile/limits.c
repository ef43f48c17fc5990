/*
 * Scenarios: limits that the program sets itself or is started under, and a system that lacks what
 * one expects. What needs a new start is done by exec of this program; `after_exec` is what it
 * does then.
 */
#include "process/hostile/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a program does that knows nothing of limits. */
static int after_exec(void)
{
	void *blocks[50];

	for (int i = 0; i < 50; i++) {
		blocks[i] = malloc(3000 + (size_t)i);
		if (blocks[i])
			memset(blocks[i], i, 3000);
	}
	for (int i = 0; i < 50; i++)
		free(blocks[i]);
	return 0;
}

/* Output is a file where the tests run, so it may have its limit too. */
static void be_silent(void)
{
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
}

static void become_limited(int which, rlim_t value, const char *part)
{
	struct rlimit limit = { value, value };

	be_silent();
	closefrom(3); /* whatever the test's own parents left open takes room */
	setrlimit(which, &limit);
	hostile_become(part);
	_exit(100);
}

static int start_as(const char *part, int which, rlim_t value)
{
	pid_t pid = fork();

	if (pid == 0)
		become_limited(which, value, part);
	return hostile_wait(pid);
}

static int start_limited(int which, rlim_t value)
{
	return start_as("after_exec", which, value);
}

/* Most of the room that the limits below leave. */
static int uses_most(void)
{
	for (int i = 0; i < 36; i++)
		HOSTILE_CHECK(hostile_block(1 << 20) != NULL, 1);
	return after_exec();
}

/* The program itself needs some 6 MB to start. */
static int little_address_space(void)
{
	for (rlim_t mb = 10; mb < 300; mb = mb * 5 / 4)
		HOSTILE_CHECK(start_limited(RLIMIT_AS, mb << 20), 0);
	return 0;
}

static int little_data(void)
{
	for (rlim_t mb = 2; mb < 200; mb = mb * 3 / 2)
		HOSTILE_CHECK(start_limited(RLIMIT_DATA, mb << 20), 0);
	return 0;
}

/* What a limit leaves is the program's, but for a small share. */
static int limit_is_used(void)
{
	HOSTILE_CHECK(start_as("uses_most", RLIMIT_AS, 54 << 20), 0);
	HOSTILE_CHECK(start_as("uses_most", RLIMIT_DATA, 42 << 20), 0);
	return 0;
}

static int few_files(void)
{
	for (rlim_t n = 4; n < 12; n++)
		HOSTILE_CHECK(start_limited(RLIMIT_NOFILE, n), 0);
	return 0;
}

static int no_more_files(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_NOFILE, &none);
	HOSTILE_CHECK(dup(1), -1);
	HOSTILE_CHECK(errno, EMFILE);
	return after_exec();
}

/* A file made longer than the limit is a deadly signal: ours must not cause it. */
static int no_file_size(void)
{
	HOSTILE_CHECK(start_limited(RLIMIT_FSIZE, 0), 0);
	HOSTILE_CHECK(start_limited(RLIMIT_FSIZE, 100), 0);
	HOSTILE_CHECK(start_limited(RLIMIT_FSIZE, 1 << 20), 0);
	return 0;
}

static int no_file_size_from_now(void)
{
	struct rlimit none = { 0, 0 };
	pid_t pid = fork();

	if (pid == 0) {
		be_silent();
		setrlimit(RLIMIT_FSIZE, &none);
		exit(after_exec());
	}
	HOSTILE_CHECK(hostile_wait(pid), 0);
	return 0;
}

static int own_file_size_signal(void)
{
	char path[] = "/tmp/hostile-limit-XXXXXX";
	int fd = mkstemp(path);
	pid_t pid;

	unlink(path);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_FSIZE, &none);
		after_exec();
		_exit(write(fd, "x", 1) == 1 ? 1 : 2);
	}
	HOSTILE_CHECK(hostile_wait(pid), 1000 + SIGXFSZ);
	close(fd);
	return 0;
}

static int little_stack(void)
{
	HOSTILE_CHECK(start_limited(RLIMIT_STACK, 128 << 10), 0);
	HOSTILE_CHECK(start_limited(RLIMIT_STACK, 64 << 10), 0);
	HOSTILE_CHECK(start_limited(RLIMIT_STACK, RLIM_INFINITY), 0);
	return 0;
}

static int no_processes(void)
{
	/* Root may make more; then this says that nothing else breaks. */
	HOSTILE_CHECK(start_limited(RLIMIT_NPROC, 0), 0);
	return 0;
}

/* Memory runs out while the program runs, and comes back. */
static int memory_ends(void)
{
	struct rlimit limit, all;
	void *first = NULL;

	getrlimit(RLIMIT_AS, &all);
	limit = all;
	limit.rlim_cur = 0; /* what is mapped stays */
	setrlimit(RLIMIT_AS, &limit);
	for (int i = 0; i < 5000; i++) {
		void **p = malloc(64 + (size_t)i % 512);

		if (!p)
			continue;
		*p = first;
		first = p;
	}
	setrlimit(RLIMIT_AS, &all);
	while (first) {
		void *next = *(void **)first;

		free(first);
		first = next;
	}
	return after_exec();
}

/* Nothing is there any more: no /proc, no /dev, no /tmp. */
static int empty_root(void)
{
	char path[] = "/tmp/hostile-root-XXXXXX";
	struct reader_profile p;
	pid_t pid;

	if (!mkdtemp(path))
		return 1;
	pid = fork();
	if (pid == 0) {
		if (chroot(path) != 0 || chdir("/") != 0)
			_exit(77);
		after_exec();
		if (hostile_profile(&p))
			reader_close(&p);
		exit(access("/proc/self", F_OK) == 0);
	}
	int status = hostile_wait(pid);
	HOSTILE_CHECK(rmdir(path), 0);
	return status;
}

/* Another user from here on, as servers do; the files of before are another's. */
static int other_user(void)
{
	if (getuid() != 0)
		return 77;
	HOSTILE_CHECK(setgid(65534), 0);
	HOSTILE_CHECK(setuid(65534), 0);
	after_exec();
	HOSTILE_CHECK(setuid(0), -1);
	return 0;
}

/* setuid of one thread is setuid of all: glibc asks each by a signal, ours too. */
static void *wait_and_ask(void *arg)
{
	after_exec();
	*(int *)arg = (int)getuid();
	return NULL;
}

static int other_user_in_threads(void)
{
	pthread_t thread;
	int uid = -1;

	if (getuid() != 0)
		return 77;
	HOSTILE_CHECK(setuid(65534), 0);
	pthread_create(&thread, NULL, wait_and_ask, &uid);
	pthread_join(thread, NULL);
	HOSTILE_CHECK(uid, 65534);
	return 0;
}

const struct hostile_scenario hostile_limits[] = {
	{ "after_exec", after_exec },
	{ "uses_most", uses_most },
	{ "limit_is_used", limit_is_used },
	{ "little_address_space", little_address_space },
	{ "little_data", little_data },
	{ "few_files", few_files },
	{ "no_more_files", no_more_files },
	{ "no_file_size", no_file_size },
	{ "no_file_size_from_now", no_file_size_from_now },
	{ "own_file_size_signal", own_file_size_signal },
	{ "little_stack", little_stack },
	{ "no_processes", no_processes },
	{ "memory_ends", memory_ends },
	{ "empty_root", empty_root },
	{ "other_user", other_user },
	{ "other_user_in_threads", other_user_in_threads },
	{ NULL, NULL },
};
