/*
 * A program that knows nothing of profiles and allocates at every awkward moment: in constructors,
 * TLS destructors, atexit functions and library destructors, then maybe in a program it becomes.
 * Run by preload.sh.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;
static pthread_key_t key;

__attribute__((constructor)) static void early(void)
{
	kept = malloc(1000003);
}

__attribute__((destructor)) static void late(void)
{
	free(malloc(1000));
}

static void at_exit(void)
{
	free(malloc(2000));
}

static void thread_end(void *p)
{
	free(p);
	free(malloc(3000));
}

static void *thread_main(void *arg)
{
	pthread_setspecific(key, malloc(4000));
	return arg;
}

__attribute__((noinline)) static void leak(void)
{
	for (int i = 0; i < 3000; i++) {
		kept = malloc(1024);
		if (kept)
			memset(kept, 1, 1024);
	}
}

static int child(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		leak();
		exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv)
{
	pthread_t threads[8];
	int started = 0;

	atexit(at_exit);
	pthread_key_create(&key, thread_end);
	/* Fewer under an address space limit. */
	while (started < 8 && pthread_create(&threads[started], NULL, thread_main, NULL) == 0)
		started++;
	while (started > 0)
		pthread_join(threads[--started], NULL);
	leak();
	if (argc > 1 && strcmp(argv[1], "exec") == 0)
		execl("/proc/self/exe", argv[0], "again", (char *)NULL);
	if (argc > 1 && strcmp(argv[1], "fork") == 0 && child() != 0)
		return 1;
	printf("done %s\n", getenv("PPROF_NOTIFY_FD") ? "with a descriptor" : "");
	return 0;
}
