/*
 * Nanoseconds of what one signal of the CPU profile does after the kernel has delivered it: the
 * walk of a stack of DEPTH frames without frame pointers, and counting it. Run by hand; prints the
 * median of the rounds and the least, judges nothing:
 *
 *	bench_capture [DEPTH [ROUNDS]]
 *
 * "unchanged": the stack of the walk before; "changing": its inner half is another each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

#include "runtime/capture.h"
#include "runtime/init.h"
#include "runtime/stackbag.h"

#define NOINLINE   __attribute__((noinline))
#define ROUNDS_MAX 64
#define WALKS      2000

static struct rt_stackbag bag;
static size_t depth_seen;
static double rounds[ROUNDS_MAX];

static void count(void *ctx, const uintptr_t *pcs, size_t depth)
{
	(void)ctx;
	depth_seen = depth;
	rt_stackbag_add(&bag, pcs, depth, 0, 1);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static NOINLINE double walk_here(void)
{
	ucontext_t uc;
	double start;

	getcontext(&uc);
	start = now_ns();
	rt_capture_interrupted(&uc, count, NULL);
	return now_ns() - start;
}

static NOINLINE double left(int frames);

static NOINLINE double right(int frames)
{
	double ns = frames > 1 ? left(frames - 1) : walk_here();

	__asm__ volatile("" ::: "memory");
	return ns;
}

static NOINLINE double left(int frames)
{
	double ns = frames > 1 ? right(frames - 1) : walk_here();

	__asm__ volatile("" ::: "memory");
	return ns;
}

static NOINLINE double outer(int frames, int inner, int turn)
{
	double ns = 0;

	if (frames > 0)
		ns = outer(frames - 1, inner, turn);
	else if (turn)
		ns = left(inner);
	else
		ns = right(inner);
	__asm__ volatile("" ::: "memory");
	return ns;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, int depth, int n, int changing)
{
	for (int r = 0; r < n; r++) {
		double sum = 0;

		for (int i = 0; i < WALKS; i++)
			sum += outer(depth / 2, depth - depth / 2, changing ? i & 1 : 0);
		rounds[r] = sum / WALKS;
	}
	qsort(rounds, (size_t)n, sizeof(rounds[0]), by_value);
	printf("%-10s %4zu frames  median %7.0f ns  least %7.0f ns\n", name, depth_seen,
	    rounds[n / 2], rounds[0]);
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 36;
	int n = argc > 2 ? atoi(argv[2]) : 15;

	if (depth < 2 || depth > 120 || n < 1 || n > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_capture [DEPTH 2..120 [ROUNDS 1..64]]\n");
		return 2;
	}
	rt_init();
	if (!rt_stackbag_map(&bag))
		return 1;
	measure("unchanged", depth, n, 0);
	measure("changing", depth, n, 1);
	return 0;
}
