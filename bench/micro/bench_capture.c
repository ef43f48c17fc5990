/*
 * Nanoseconds of what one signal of the CPU profile does after the kernel has delivered it: the
 * walk of a stack of DEPTH frames without frame pointers, and counting it. Run by hand; prints the
 * median of the rounds and the least, judges nothing:
 *
 *	bench_capture [DEPTH [ROUNDS]]
 *
 * "unchanged": the stack of the walk before; "changing": its inner half is another each time;
 *"cold": as that, after 8 MB of other memory have been written. "signal": a signal to oneself with
 *a handler that does nothing, which is the kernel's part and a system call. Sum of the last two, by
 *the number of samples a second, is what a CPU profile adds to a thread's time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/capture.h"
#include "runtime/init.h"
#include "runtime/stackbag.h"

#define NOINLINE   __attribute__((noinline))
#define ROUNDS_MAX 64
#define WALKS      2000
#define SIGNALS    100

#define OTHER_BYTES ((size_t)8 << 20)

static struct rt_stackbag bag;
static volatile char other[OTHER_BYTES];
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

enum kind { UNCHANGED, CHANGING, COLD };

/* Sorts the rounds; the least, which a busy machine disturbs least. */
static double show(const char *name, size_t frames, int n)
{
	qsort(rounds, (size_t)n, sizeof(rounds[0]), by_value);
	printf("%-10s %4zu frames  median %7.0f ns  least %7.0f ns\n", name, frames, rounds[n / 2],
	    rounds[0]);
	return rounds[0];
}

static void empty_caches(int i)
{
	for (size_t at = 0; at < OTHER_BYTES; at += 64)
		other[at] = (char)i;
}

static double measure(const char *name, int depth, int n, enum kind kind)
{
	int walks = kind == COLD ? WALKS / 50 : WALKS;

	for (int r = 0; r < n; r++) {
		double sum = 0;

		for (int i = 0; i < walks; i++) {
			if (kind == COLD)
				empty_caches(i);
			sum += outer(depth / 2, depth - depth / 2, kind == UNCHANGED ? 0 : i & 1);
		}
		rounds[r] = sum / walks;
	}
	return show(name, depth_seen, n);
}

static void nothing(int number)
{
	(void)number;
}

static double measure_signals(int n)
{
	pid_t pid = getpid();

	signal(SIGUSR1, nothing);
	for (int r = 0; r < n; r++) {
		double start = now_ns();

		for (int i = 0; i < SIGNALS; i++)
			syscall(SYS_tgkill, pid, pid, SIGUSR1);
		rounds[r] = (now_ns() - start) / SIGNALS;
	}
	return show("signal", 0, n);
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 36;
	int n = argc > 2 ? atoi(argv[2]) : 15;
	double ns;

	if (depth < 2 || depth > 120 || n < 1 || n > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_capture [DEPTH 2..120 [ROUNDS 1..64]]\n");
		return 2;
	}
	rt_init();
	if (!rt_stackbag_map(&bag))
		return 1;
	measure("unchanged", depth, n, UNCHANGED);
	measure("changing", depth, n, CHANGING);
	ns = measure("cold", depth, n, COLD);
	ns += measure_signals(n);
	printf("a sample: %.2f us; %.3f %% of a thread's time at 100 Hz, %.3f %% at 1000 Hz\n",
	    ns / 1e3, ns * 100 / 1e7, ns * 1000 / 1e7);
	return 0;
}
