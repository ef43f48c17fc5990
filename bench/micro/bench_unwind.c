/*
 * Nanoseconds per frame of unwind_stack on a stack of distinct functions without frame pointers,
 * beside libunwind and the C library's backtrace. Run by hand; prints the median of the rounds and
 * the least, judges nothing:
 *
 *	bench_unwind [DEPTH [ROUNDS]]
 *
 * libunwind is loaded at run time, as linking to it would replace backtrace as well.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unwind/regs_x86_64.h"
#include "unwind/unwind.h"

#define NOINLINE   __attribute__((noinline))
#define FRAMES_MAX 512
#define ROUNDS_MAX 64
#define WALKS      20000

static struct unwind_cache cache;
static struct unwind_memo memo;
static struct unwind_ctx ctx;
static int (*libunwind_backtrace)(void **buffer, int size);

static bool find_module(void *arg, uintptr_t pc, struct unwind_module *out)
{
	struct dl_find_object found;

	(void)arg;
	if (_dl_find_object((void *)pc, &found) != 0 || !found.dlfo_eh_frame)
		return false;
	out->start = (uintptr_t)found.dlfo_map_start;
	out->end = (uintptr_t)found.dlfo_map_end;
	out->eh_frame_hdr = found.dlfo_eh_frame;
	out->readable_start = found.dlfo_map_start;
	out->readable_end = found.dlfo_map_end;
	return true;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static NOINLINE size_t walk_ours(struct unwind_memo *with)
{
	struct unwind_regs regs;
	uintptr_t pcs[FRAMES_MAX];
	enum unwind_end end;

	ctx.memo = with;
	unwind_regs_here(&regs);
	return unwind_stack(&ctx, &regs, true, pcs, FRAMES_MAX, &end);
}

static size_t plain(void)
{
	return walk_ours(NULL);
}

static size_t same_place(void)
{
	return walk_ours(&memo);
}

/* Four frames that differ from walk to walk, over the rest that stays. */
#define TOP(name, call)                                                                            \
	static NOINLINE size_t name(size_t n)                                                      \
	{                                                                                          \
		volatile char pad[24 + sizeof(#name)];                                             \
		size_t frames;                                                                     \
		pad[0] = (char)n;                                                                  \
		frames = call;                                                                     \
		return frames + (size_t)(pad[0] & 0);                                              \
	}
TOP(leaf, walk_ours(&memo))
TOP(left, leaf(n))
TOP(right, leaf(n + 1))
TOP(west, left(n))
TOP(east, right(n))

static size_t other_top(void)
{
	static size_t turn;

	return turn++ & 1 ? east(turn) : west(turn);
}

static size_t cold(void)
{
	unwind_cache_flush(&cache);
	return walk_ours(NULL);
}

static size_t by_libunwind(void)
{
	void *pcs[FRAMES_MAX];

	return (size_t)libunwind_backtrace(pcs, FRAMES_MAX);
}

static size_t by_libc(void)
{
	void *pcs[FRAMES_MAX];

	return (size_t)backtrace(pcs, FRAMES_MAX);
}

struct contestant {
	const char *name;
	size_t (*walk)(void);
	unsigned share;        /* of WALKS, for the slow ones: divisor */
	double ns[ROUNDS_MAX]; /* per frame */
	size_t frames;
};

static struct contestant contestants[] = {
	{ .name = "rules, warm cache", .walk = plain, .share = 1 },
	{ .name = "reuse, same place", .walk = same_place, .share = 1 },
	{ .name = "reuse, 5 new frames", .walk = other_top, .share = 1 },
	{ .name = "rules, cache flushed", .walk = cold, .share = 20 },
	{ .name = "libunwind unw_backtrace", .walk = by_libunwind, .share = 1 },
	{ .name = "libc backtrace", .walk = by_libc, .share = 20 },
};
#define CONTESTANTS (sizeof(contestants) / sizeof(contestants[0]))

static void run_round(struct contestant *c, int round)
{
	unsigned walks = WALKS / c->share;
	double start;
	size_t frames = 0;

	if (c->walk == by_libunwind && !libunwind_backtrace)
		return;
	for (unsigned i = 0; i < 4; i++)
		c->walk();
	start = now_ns();
	for (unsigned i = 0; i < walks; i++)
		frames += c->walk();
	c->ns[round] = (now_ns() - start) / (double)frames;
	c->frames = frames / walks;
}

static int rounds = 15;

/* Distinct functions with frames of different sizes; each calls the one before it. */
static NOINLINE int descend(int depth);

#define FUNCTION(n)                                                                                \
	static NOINLINE int function_##n(int depth)                                                \
	{                                                                                          \
		volatile char pad[8 + (n)*24 % 200];                                               \
		int r;                                                                             \
		pad[0] = (char)depth;                                                              \
		r = descend(depth - 1);                                                            \
		return r + pad[0];                                                                 \
	}
#define EIGHT(M, d) M(d##0) M(d##1) M(d##2) M(d##3) M(d##4) M(d##5) M(d##6) M(d##7)
EIGHT(FUNCTION, 1)
EIGHT(FUNCTION, 2)
EIGHT(FUNCTION, 3)
EIGHT(FUNCTION, 4)
#define ENTRY(n) function_##n,
static int (*const functions[])(
    int) = { EIGHT(ENTRY, 1) EIGHT(ENTRY, 2) EIGHT(ENTRY, 3) EIGHT(ENTRY, 4) };

static NOINLINE int descend(int depth)
{
	if (depth > 0)
		return functions[(size_t)depth % (sizeof(functions) / sizeof(functions[0]))](depth);
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < CONTESTANTS; i++)
			run_round(&contestants[i], round);
	return 0;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_results(void)
{
	printf("%-26s %7s %10s %10s %10s\n", "", "frames", "ns/frame", "ns/stack", "least");
	for (size_t i = 0; i < CONTESTANTS; i++) {
		struct contestant *c = &contestants[i];

		if (c->frames == 0) {
			printf("%-26s not available\n", c->name);
			continue;
		}
		qsort(c->ns, (size_t)rounds, sizeof(c->ns[0]), order);
		printf("%-26s %7zu %10.2f %10.0f %10.2f\n", c->name, c->frames, c->ns[rounds / 2],
		    c->ns[rounds / 2] * (double)c->frames, c->ns[0]);
	}
}

static void find_own_stack(void)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		exit(1);
	pthread_attr_getstack(&attr, &start, &size);
	pthread_attr_destroy(&attr);
	ctx.stack_lo = (uintptr_t)start;
	ctx.stack_hi = (uintptr_t)start + size;
}

int main(int argc, char **argv)
{
	static const struct unwind_ops ops = { .find_module = find_module };
	int depth = argc > 1 ? atoi(argv[1]) : 30;
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	void *symbol = library ? dlsym(library, "unw_backtrace") : NULL;

	if (argc > 2)
		rounds = atoi(argv[2]);
	if (rounds < 1 || rounds > ROUNDS_MAX || depth < 0 || depth > FRAMES_MAX / 2) {
		fprintf(stderr, "usage: bench_unwind [DEPTH [ROUNDS]]\n");
		return 2;
	}
	memcpy(&libunwind_backtrace, &symbol, sizeof(symbol));
	ctx.ops = &ops;
	ctx.cache = &cache;
	find_own_stack();
	/* Each function is reached through descend: two frames a step. */
	descend(depth / 2);
	print_results();
	return 0;
}
