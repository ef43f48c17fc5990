/*
 * A program that does nothing but allocate and free: what a heap profiler costs where it costs
 * most. One thread; sizes from 16 to 4096 bytes, evenly on a logarithmic scale, with tails to
 * 68 KiB and 1 MiB (mean about 940); random lifetimes; every 256 operations another way of 20 calls
 * down to malloc. Run by micro.sh under each allocator and profiler, compiled with and without
 * frame pointers:
 *
 *	micro LIVE-BLOCKS SEGMENTS
 *
 * Prints one line a segment of 4096: nanoseconds for a free and a malloc, of the thread's CPU time,
 * and for the slower of the probes before and after it (quiet.h). A
 * quarter as many segments go before these to warm up. A first line "# BYTES SHARE" says the mean
 * size of a block, and how many of them are sampled at a mean interval of 512 KiB.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "quiet.h"

#define NOINLINE __attribute__((noinline, noclone))
#define DEPTH    20
#define BATCH    256
#define BATCHES  16
#define LIVE_MAX 1000000
#define DRAWS    1000000 /* of sizes, for the first line */

struct work {
	uint64_t random;
	void **blocks;
	uint64_t live;
};

/* xorshift64 (Marsaglia 2003). */
static uint64_t next_random(struct work *w)
{
	uint64_t x = w->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return w->random = x;
}

static size_t pick_size(struct work *w)
{
	uint64_t r = next_random(w);
	size_t base = (size_t)16 << (r >> 10) % 8;

	if ((r >> 40) % 16384 == 0)
		return 65536 + (r >> 20) % 983040;
	if (r % 1024 < 4)
		return 4096 + (r >> 20) % 65536;
	return base + ((r >> 20) & (base - 1));
}

/* The ends of the ways: eight places that allocate. */
#define LEAF(n)                                                                                    \
	static NOINLINE void *leaf_##n(size_t size)                                                \
	{                                                                                          \
		void *p = malloc(size);                                                            \
                                                                                                   \
		if (!p)                                                                            \
			abort();                                                                   \
		*(volatile char *)p = (n);                                                         \
		return p;                                                                          \
	}
LEAF(0)
LEAF(1)
LEAF(2)
LEAF(3)
LEAF(4)
LEAF(5)
LEAF(6)
LEAF(7)

static void *(*const leaves[])(
    size_t) = { leaf_0, leaf_1, leaf_2, leaf_3, leaf_4, leaf_5, leaf_6, leaf_7 };

static NOINLINE void work_batch(struct work *w)
{
	for (unsigned i = 0; i < BATCH; i++) {
		uint64_t r = next_random(w);
		void **slot = &w->blocks[(r >> 8) % w->live];

		free(*slot);
		*slot = leaves[r % 8](pick_size(w));
	}
}

/* The ways: at every second step one of three functions with frames of different sizes. */
static NOINLINE void descend(struct work *w, int left);

#define STEP(name, bytes)                                                                          \
	static NOINLINE void name(struct work *w, int left)                                        \
	{                                                                                          \
		volatile char frame[bytes];                                                        \
                                                                                                   \
		frame[0] = (char)left;                                                             \
		descend(w, left);                                                                  \
		frame[1] = (char)left;                                                             \
	}
STEP(step_small, 24)
STEP(step_middle, 72)
STEP(step_large, 136)

static NOINLINE void descend(struct work *w, int left)
{
	static void (*const steps[])(struct work *, int) = { step_small, step_middle, step_large };
	volatile char here = 0;

	if (left <= 0)
		work_batch(w);
	else
		steps[next_random(w) % 3](w, left - 2);
	here = 1; /* so that neither call above is the function's last act */
	(void)here;
}

static double segment(struct work *w)
{
	double start = quiet_cpu_ns();

	/* main, segment, descend, work_batch, leaf: five, and two a step. */
	for (unsigned i = 0; i < BATCHES; i++)
		descend(w, DEPTH - 5);
	return (quiet_cpu_ns() - start) / (BATCHES * BATCH);
}

/* What of the blocks is sampled: the sizes again, without the blocks. */
static void describe(struct work *w)
{
	double bytes = 0;
	double sampled = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		double size = (double)pick_size(w);

		bytes += size;
		sampled -= expm1(-(size + 1) / (512 << 10));
	}
	printf("# %.0f %.6f\n", bytes / DRAWS, sampled / DRAWS);
}

int main(int argc, char **argv)
{
	struct work w = { .random = 0x9e3779b97f4a7c15 };
	size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	double *ns, *probe;
	double before, after;

	w.live = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	if (w.live < 1 || w.live > LIVE_MAX || n < 1 || n > 1000000) {
		fprintf(stderr, "usage: micro LIVE-BLOCKS SEGMENTS\n");
		return 2;
	}
	w.blocks = calloc(w.live, sizeof(*w.blocks));
	ns = calloc(n, sizeof(*ns));
	probe = calloc(n, sizeof(*probe));
	if (!w.blocks || !ns || !probe)
		return 1;
	describe(&w);
	for (size_t i = 0; i < n / 4; i++)
		segment(&w);
	before = quiet_probe();
	for (size_t i = 0; i < n; i++) {
		ns[i] = segment(&w);
		after = quiet_probe();
		probe[i] = before > after ? before : after;
		before = after;
	}
	for (size_t i = 0; i < n; i++)
		printf("%.2f %.0f\n", ns[i], probe[i]);
	return 0;
}
