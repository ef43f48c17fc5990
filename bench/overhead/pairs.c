/*
 * Nanoseconds for one malloc+free pair, over many short segments in three loops: the same size
 * again and again, first in first out, and random sizes in random order. Prints the 5th percentile
 * of each, which a busy machine disturbs least. Run by pairs.sh under each allocator and profiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SEGMENTS 50
#define PAIRS    20000
#define BLOCKS   4096

static void *blocks[BLOCKS];

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void touch(void *p)
{
	*(volatile char *)p = 1;
}

static void same(void)
{
	for (int i = 0; i < PAIRS; i++) {
		void *p = malloc(64);

		touch(p);
		free(p);
	}
}

static void fifo(void)
{
	for (int i = 0; i < PAIRS; i++) {
		int k = i * 7 & 1023;

		free(blocks[k]);
		blocks[k] = malloc(64);
		touch(blocks[k]);
	}
}

static void mixed(void)
{
	static unsigned x = 12345;

	for (int i = 0; i < PAIRS; i++) {
		int k;

		x = x * 1103515245 + 12345;
		k = (int)(x >> 8 & (BLOCKS - 1));
		free(blocks[k]);
		blocks[k] = malloc(16 + (x >> 20 & 1023));
		touch(blocks[k]);
	}
}

static double measure(void (*loop)(void))
{
	static double segment[SEGMENTS];

	loop();
	for (int i = 0; i < SEGMENTS; i++) {
		double start = now_ns();

		loop();
		segment[i] = (now_ns() - start) / PAIRS;
	}
	qsort(segment, SEGMENTS, sizeof(segment[0]), compare);
	return segment[SEGMENTS / 20];
}

int main(void)
{
	double a, b, c;

	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(64);
	a = measure(same);
	b = measure(fifo);
	c = measure(mixed);
	printf("%.3f %.3f %.3f\n", a, b, c);
	return 0;
}
