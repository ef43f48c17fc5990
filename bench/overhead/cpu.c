/*
 * A fixed amount of work for CPU profilers: THREADS threads do PASSES passes in three functions,
 * under calls some frames deep. Prints the CPU seconds that the process has used, and what the
 * profile that it took of itself (HZ above 0, with libpprof preloaded) says.
 *
 *	cpu THREADS PASSES HZ [PROFILE]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "preloaded.h"

#define DEPTH 30

static volatile double sink;
static long passes;

__attribute__((noinline)) static void work(long n)
{
	double x = sink;

	for (long i = 0; i < n; i++)
		x = x * 1.0000001 + 1;
	sink = x;
}

__attribute__((noinline)) static void deeper(int depth, long n)
{
	if (depth > 0)
		deeper(depth - 1, n);
	else
		work(n);
	__asm__ volatile("" ::: "memory");
}

static void *run(void *unused)
{
	for (long i = 0; i < passes; i++)
		deeper(DEPTH, 20000);
	return unused;
}

static double used(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	int (*set_rate)(int), (*start)(int), (*stop)(void);
	int threads = argc > 3 ? atoi(argv[1]) : 0, hz = argc > 3 ? atoi(argv[3]) : 0;
	pthread_t ids[64];
	int fd;

	if (threads < 1 || threads > 64) {
		fprintf(stderr, "usage: cpu THREADS PASSES HZ [PROFILE]\n");
		return 2;
	}
	passes = atol(argv[2]);
	if (hz > 0) {
		fd = open(argc > 4 ? argv[4] : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		preloaded_find("pprof_set_cpu_rate", &set_rate);
		preloaded_find("pprof_start_cpu_profile", &start);
		preloaded_find("pprof_stop_cpu_profile", &stop);
		if (set_rate(hz) != 0 || start(fd) != 0)
			return 1;
	}
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, run, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	if (hz > 0 && stop() != 0)
		return 1;
	printf("%.6f\n", used());
	return 0;
}
