/*
 * Three functions that use about 60, 30 and 10 % of the CPU time, for a check of whom a CPU profile
 * blames. The true shares are measured, by the thread's clock around each call. SAMPLES samples at
 * HZ; prints "NAME SHARE" for each function. Run by cpu.sh with libpprof preloaded.
 *
 *	split SAMPLES HZ PROFILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "preloaded.h"

static volatile double sink;

/* The functions differ in a constant, so that none is folded away. */
#define BURNER(name, factor)                                                                       \
	__attribute__((noinline)) static void name(long passes)                                    \
	{                                                                                          \
		double x = sink;                                                                   \
                                                                                                   \
		for (long i = 0; i < passes * 2000; i++)                                           \
			x = x * (factor) + 1;                                                      \
		sink = x;                                                                          \
	}

BURNER(burn_six, 1.0000001)
BURNER(burn_three, 1.0000002)
BURNER(burn_one, 1.0000003)

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double timed(void (*f)(long), long passes)
{
	double start = now_s();

	f(passes);
	return now_s() - start;
}

int main(int argc, char **argv)
{
	int (*set_rate)(int), (*start)(int), (*stop)(void);
	double six = 0, three = 0, one = 0, end;

	if (argc != 4) {
		fprintf(stderr, "usage: split SAMPLES HZ PROFILE\n");
		return 2;
	}
	preloaded_find("pprof_set_cpu_rate", &set_rate);
	preloaded_find("pprof_start_cpu_profile", &start);
	preloaded_find("pprof_stop_cpu_profile", &stop);
	if (set_rate(atoi(argv[2])) != 0 ||
	    start(open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0644)) != 0)
		return 1;
	end = now_s() + atof(argv[1]) / atof(argv[2]);
	while (now_s() < end) {
		six += timed(burn_six, 60);
		three += timed(burn_three, 30);
		one += timed(burn_one, 10);
	}
	if (stop() != 0)
		return 1;
	printf("burn_six %.6f\nburn_three %.6f\nburn_one %.6f\n", six / (six + three + one),
	    three / (six + three + one), one / (six + three + one));
	return 0;
}
