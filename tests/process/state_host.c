/*
 * A program that is killed: state_host COMMAND SHARED-FILE [ARGUMENT]. Run by test_state.c and
 * state.sh with the runtime preloaded; knows nothing of it.
 */
#include "process/state_host.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"

#define BLOCKS 2000

static struct state_shared *shared;
static void *kept[STATE_PARENT_BLOCKS + STATE_CHILD_BLOCKS];

static void tell_ready(void)
{
	atomic_store(&shared->ready, 1);
}

static _Noreturn void die(void)
{
	kill(getpid(), SIGKILL);
	_exit(99);
}

struct block {
	void *p;
	size_t size;
};

static void replace(struct block *b, size_t size, int thread)
{
	_Atomic int64_t *live = &shared->threads[thread].live_bytes;

	free(b->p);
	atomic_fetch_sub_explicit(live, (int64_t)b->size, memory_order_relaxed);
	b->p = malloc(size);
	b->size = size;
	if (!b->p)
		abort();
	memset(b->p, 1, size < 16 ? size : 16);
	atomic_fetch_add_explicit(live, (int64_t)size, memory_order_relaxed);
}

/* Different stacks for the same work. */
__attribute__((noinline)) static void deeper(int depth, struct block *b, size_t size, int thread)
{
	if (depth > 0)
		deeper(depth - 1, b, size, thread);
	else
		replace(b, size, thread);
	__asm__ volatile("" ::: "memory");
}

static void *churn(void *arg)
{
	static const size_t sizes[] = STATE_SIZES;
	int thread = (int)(intptr_t)arg;
	struct block *blocks = mmap(NULL, BLOCKS * sizeof(*blocks), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned x = 12345u * (unsigned)(thread + 1);

	if (blocks == MAP_FAILED)
		abort();
	for (unsigned n = 0;; n++) {
		x = x * 1103515245u + 12345u;
		deeper((int)(x >> 28), &blocks[(x >> 8) % BLOCKS], sizes[(x >> 20) % STATE_N_SIZES],
		    thread);
		atomic_fetch_add_explicit(&shared->threads[thread].pairs, 1, memory_order_relaxed);
		if (n == BLOCKS)
			tell_ready();
	}
	return NULL;
}

static int run(void)
{
	pthread_t threads[STATE_THREADS];

	for (intptr_t i = 0; i < STATE_THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)i) != 0)
			abort();
	pthread_join(threads[0], NULL);
	return 1;
}

static void keep(int from, int n, size_t size)
{
	for (int i = from; i < from + n; i++)
		kept[i] = malloc(size);
}

static _Noreturn void child(bool dies)
{
	for (int i = 0; i < STATE_PARENT_BLOCKS; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
	keep(STATE_PARENT_BLOCKS, STATE_CHILD_BLOCKS, STATE_CHILD_SIZE);
	if (dies)
		die();
	_exit(0);
}

static pid_t fork_by(const char *how)
{
	if (strcmp(how, "clone") == 0)
		return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	return fork();
}

static int do_fork(const char *how)
{
	pid_t pid;

	keep(0, STATE_PARENT_BLOCKS, STATE_PARENT_SIZE);
	pid = fork_by(how);
	if (pid == 0)
		child(strcmp(how, "die") == 0);
	atomic_store(&shared->child, pid);
	waitpid(pid, NULL, 0);
	tell_ready();
	die();
}

/* Blocks from a library that comes after the start, and maybe goes. */
static int do_plugin(const char *path, bool unload)
{
	void *library = dlopen(path, RTLD_NOW);
	void *(*allocate)(size_t);
	void *symbol = library ? dlsym(library, "plugin_allocate") : NULL;

	if (!symbol) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	memcpy(&allocate, &symbol, sizeof(symbol));
	for (int i = 0; i < 10; i++)
		kept[i] = allocate(STATE_PLUGIN_SIZE);
	if (unload)
		dlclose(library);
	tell_ready();
	die();
}

/* Blocks by a thread that says what it does, and some more a good second later. */
static int do_labels(void)
{
	static const struct pprof_label route = { "route", "/slow" };
	pprof_label_set (*add)(const struct pprof_label *, size_t);
	void *symbol = dlsym(RTLD_DEFAULT, "pprof_with_labels");

	if (!symbol)
		return 1;
	memcpy(&add, &symbol, sizeof(symbol));
	keep(0, 1, STATE_CHILD_SIZE);
	add(&route, 1);
	keep(1, STATE_PARENT_BLOCKS - 1, STATE_PARENT_SIZE);
	usleep(1200000);
	keep(STATE_PARENT_BLOCKS, STATE_CHILD_BLOCKS, STATE_CHILD_SIZE);
	tell_ready();
	die();
}

/* Very many different stacks and blocks, until some table is full. */
static void fill(void)
{
	struct block b = { NULL, 0 };

	for (unsigned i = 0; i < STATE_FILL_BLOCKS; i++) {
		b.p = NULL;
		b.size = 0;
		deeper((int)(i % 100), &b, 8 + i / 100 * 100, 0);
	}
	tell_ready();
}

static struct state_shared *map_shared(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct state_shared)) == 0)
		p = mmap(
		    NULL, sizeof(struct state_shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	const char *argument = argc > 3 ? argv[3] : "";

	/* Where files are limited there may be none to share. */
	shared = argc > 2 && strcmp(argv[2], "-") == 0
		     ? mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
		     : map_shared(argc > 2 ? argv[2] : "");
	if (!shared || shared == MAP_FAILED)
		return 2;
	if (strcmp(command, "run") == 0)
		return run();
	if (strcmp(command, "fork") == 0)
		return do_fork(argument);
	if (strcmp(command, "plugin") == 0)
		return do_plugin(argument, false);
	if (strcmp(command, "unload") == 0)
		return do_plugin(argument, true);
	if (strcmp(command, "labels") == 0)
		return do_labels();
	if (strcmp(command, "fill") == 0)
		fill();
	if (strcmp(command, "keep") == 0)
		keep(0, STATE_PARENT_BLOCKS, STATE_PARENT_SIZE);
	if (strcmp(argument, "die") == 0)
		die();
	return 0;
}
