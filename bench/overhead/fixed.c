/*
 * What the runtime costs before anything is sampled, and for each live sample:
 *
 *	fixed start PRELOAD-LIBRARY	microseconds to start and end a program, without and with it
 *	fixed memory BLOCKS		kilobytes of private memory at main, and after so many
 *blocks
 *
 * The second is run with the library preloaded, at PPROF_HEAP_RATE=1 (every block sampled) and 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 400

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run(char *self, const char *preload)
{
	char *argv[] = { self, NULL };
	char variable[4200];
	char *envp[] = { preload ? variable : NULL, NULL };
	double start;
	pid_t pid;

	snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload ? preload : "");
	start = now_us();
	pid = vfork();
	if (pid == 0) {
		execve(self, argv, envp);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return now_us() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static int start_up(char *self, const char *preload)
{
	static double without[RUNS], with[RUNS];

	for (int i = 0; i < RUNS; i++) {
		without[i] = run(self, NULL);
		with[i] = run(self, preload);
	}
	qsort(without, RUNS, sizeof(*without), compare);
	qsort(with, RUNS, sizeof(*with), compare);
	printf("start and end: 10th percentile %.0f us, with the runtime %.0f; median %.0f, %.0f\n",
	    without[RUNS / 10], with[RUNS / 10], without[RUNS / 2], with[RUNS / 2]);
	return 0;
}

/* Kilobytes that only this process has. */
static long private_kb(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb, sum = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %ld", &kb) == 1)
			sum += kb;
	if (f)
		fclose(f);
	return sum;
}

static int memory(size_t blocks)
{
	long at_main = private_kb();

	for (size_t i = 0; i < blocks; i++) {
		char *p = malloc(100);

		if (!p)
			return 1;
		*(volatile char *)p = 1;
	}
	printf("%ld %ld\n", at_main, private_kb());
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "start") == 0)
		return start_up(argv[0], argv[2]);
	if (argc == 3 && strcmp(argv[1], "memory") == 0)
		return memory(strtoul(argv[2], NULL, 10));
	return argc > 1;
}
