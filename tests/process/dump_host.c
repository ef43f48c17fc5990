/*
 * A program that is asked for heap profiles from outside or runs out of memory. Run by dump.sh:
 *
 *	dump_host signal FILE   raises SIGUSR2 and waits until FILE is there
 *	dump_host own           has a handler of its own for SIGUSR2
 *	dump_host plain         raises SIGUSR2, nothing else
 *	dump_host fork          raises SIGUSR2 in a child; prints how that ended
 *	dump_host default       as signal, for the default name
 *	dump_host grow N FILE   uses N MB, goes on growing slowly until FILE is there, and is killed
 *	dump_host busy FILE     as signal, with all threads in system calls
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static char *volatile kept;

static void handler(int number)
{
	seen = number;
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

__attribute__((noinline)) static void hold_megabytes(int n)
{
	for (int i = 0; i < n; i++) {
		kept = malloc(1 << 20);
		if (!kept)
			return;
		memset(kept, 1, 1 << 20);
	}
}

/* 1 when the file does not come. Meanwhile grows by a megabyte at a time, `most` of them. */
static int await_growing(const char *file, int most)
{
	for (int i = 0; i < 6000; i++, pause_ms(20)) {
		if (access(file, R_OK) == 0)
			return 0;
		if (i < most)
			hold_megabytes(1);
	}
	fprintf(stderr, "no %s\n", file);
	return 1;
}

static int await(const char *file)
{
	return await_growing(file, 0);
}

static int await_default(void)
{
	char name[64];

	snprintf(name, sizeof(name), "heap.%d.0001.pb.gz", (int)getpid());
	return await(name);
}

/* However slow the watcher is beside us: it is the last crossings that we wait for. */
static int grow(int megabytes, const char *file)
{
	for (int i = 0; i < megabytes; i += 4) {
		hold_megabytes(4);
		pause_ms(10);
	}
	if (await_growing(file, 300))
		return 1;
	return raise(SIGKILL);
}

static int in_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		raise(SIGUSR2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("child: %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return 0;
}

static void *sleeper(void *arg)
{
	sleep(1000);
	return arg;
}

static int busy(const char *file)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, sleeper, NULL);
	kill(getpid(), SIGUSR2);
	return await(file);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	hold_megabytes(3);
	if (strcmp(mode, "grow") == 0)
		return grow(atoi(argv[2]), argv[3]);
	if (strcmp(mode, "fork") == 0)
		return in_child();
	if (strcmp(mode, "busy") == 0)
		return busy(argv[2]);
	if (strcmp(mode, "own") == 0)
		signal(SIGUSR2, handler);
	raise(SIGUSR2);
	if (strcmp(mode, "signal") == 0)
		return await(argv[2]);
	if (strcmp(mode, "default") == 0)
		return await_default();
	pause_ms(300);
	printf("seen %d\n", (int)seen);
	return 0;
}
