/*
 * What a CPU profile adds to a program's CPU time, finely enough for parts of a thousand: one
 * process does the same work again and again, in rounds of one block for each rate, in random
 * order. A block's time is the median of its segments, so that a burst of other work on the machine
 * does not matter; a round gives the ratio of each block to one without a profile. The work is a
 * chain of dependent operations, which is hardly slower while the other half of the core is busy.
 * Starting and stopping the profile is not in the ratio, but printed. Run by cpu.sh with libpprof
 * preloaded.
 *
 *	cpu_added ROUNDS HZ...		a rate of 0 is no profile: shows what chance makes of it
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "preloaded.h"

#define SEGMENTS   8
#define RATES      8
#define ROUNDS_MAX 4000
/* One is about 1.6 ns. */
#define STEPS      16000000L
#define DEPTH      30

static volatile double sink;
static int (*set_rate)(int), (*start)(int), (*stop)(void);
static int null_fd;

__attribute__((noinline)) static void work(int depth, long n)
{
	double x = sink;

	if (depth > 0) {
		work(depth - 1, n);
		__asm__ volatile("" ::: "memory");
		return;
	}
	for (long i = 0; i < n; i++)
		x = x * 1.0000001 + 1;
	sink = x;
}

/* Of all threads, the profiler's own too. */
static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A block at this rate; *around is the time that starting and stopping took. */
static double block(int hz, double *around)
{
	double segment[SEGMENTS], before = cpu_s(), begin, end;

	if (hz > 0 && (set_rate(hz) != 0 || start(null_fd) != 0))
		exit(1);
	*around = cpu_s() - before;
	for (int i = 0; i < SEGMENTS; i++) {
		begin = cpu_s();
		work(DEPTH, STEPS);
		segment[i] = cpu_s() - begin;
	}
	end = cpu_s();
	if (hz > 0 && stop() != 0)
		exit(1);
	*around += cpu_s() - end;
	qsort(segment, SEGMENTS, sizeof(segment[0]), compare);
	return (segment[SEGMENTS / 2 - 1] + segment[SEGMENTS / 2]) / 2;
}

/* Median with its interval of 95 % (of ranks: no assumption about what noise looks like). */
static void print(const char *name, double *v, int n)
{
	int half = (int)ceil(0.98 * sqrt(n));
	int low = n / 2 - half, high = n / 2 + half;

	qsort(v, (size_t)n, sizeof(v[0]), compare);
	printf("%-10s added %+.3f %%, 95 %%: %+.3f to %+.3f %%", name, 100 * (v[n / 2] - 1),
	    100 * (v[low < 0 ? 0 : low] - 1), 100 * (v[high < n ? high : n - 1] - 1));
}

int main(int argc, char **argv)
{
	static double ratio[RATES][ROUNDS_MAX], around[RATES][ROUNDS_MAX];
	int rounds = argc > 2 ? atoi(argv[1]) : 0, rates = argc - 2, order[RATES + 1];
	double took[RATES + 1], spare;

	if (rounds < 1 || rounds > ROUNDS_MAX || rates > RATES) {
		fprintf(stderr, "usage: cpu_added ROUNDS HZ...\n");
		return 2;
	}
	null_fd = open("/dev/null", O_WRONLY);
	preloaded_find("pprof_set_cpu_rate", &set_rate);
	preloaded_find("pprof_start_cpu_profile", &start);
	preloaded_find("pprof_stop_cpu_profile", &stop);
	for (int i = 0; i <= rates; i++)
		order[i] = i;
	for (int r = 0; r < rounds; r++) {
		for (int i = rates; i > 0; i--) {
			int j = rand() % (i + 1), t = order[i];

			order[i] = order[j];
			order[j] = t;
		}
		for (int i = 0; i <= rates; i++) {
			int k = order[i];

			/* The last one is what the others are compared with. */
			took[k] =
			    k == rates ? block(0, &spare) : block(atoi(argv[k + 2]), &around[k][r]);
		}
		for (int k = 0; k < rates; k++)
			ratio[k][r] = took[k] / took[rates];
	}
	for (int k = 0; k < rates; k++) {
		char name[32];

		snprintf(name, sizeof(name), "%s Hz", argv[k + 2]);
		print(name, ratio[k], rounds);
		qsort(around[k], (size_t)rounds, sizeof(around[k][0]), compare);
		printf("; started and stopped in %.2f ms\n", 1e3 * around[k][rounds / 2]);
	}
	return 0;
}
