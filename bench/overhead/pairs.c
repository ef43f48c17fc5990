/*
 * Nanoseconds for one malloc+free pair, over many short segments in three loops: the same size
 * again and again, first in first out, and random sizes in random order. Prints every segment, with
 * the slower of the probes before and after it (quiet.h). Run by pairs.sh under each allocator and
 * profiler.
 */
#include <stdio.h>
#include <stdlib.h>

#include "quiet.h"

#define SEGMENTS 50
#define PAIRS    20000
#define BLOCKS   4096

static void *blocks[BLOCKS];

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

/* "LOOP NS PROBE" for each segment. */
static void measure(const char *name, void (*loop)(void))
{
	static double ns[SEGMENTS], probe[SEGMENTS];
	double before, after;

	loop();
	before = quiet_probe();
	for (int i = 0; i < SEGMENTS; i++) {
		double start = quiet_cpu_ns();

		loop();
		ns[i] = (quiet_cpu_ns() - start) / PAIRS;
		after = quiet_probe();
		probe[i] = before > after ? before : after;
		before = after;
	}
	for (int i = 0; i < SEGMENTS; i++)
		printf("%s %.3f %.0f\n", name, ns[i], probe[i]);
}

int main(void)
{
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(64);
	measure("same", same);
	measure("fifo", fifo);
	measure("mixed", mixed);
	return 0;
}
