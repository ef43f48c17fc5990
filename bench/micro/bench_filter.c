/*
 * What the filter that free asks (runtime/heap_live.h) costs in caches, and how often it is wrong:
 * 64 KiB of hashed counters beside 1 MiB by address. A simulation: caches of 32 KiB and 512 KiB, a
 * program that touches three lines at each block it frees, nine in ten of them in a window of 1 MiB
 * that moves. Run by hand; prints a row for each size of heap and mean interval, judges nothing:
 *
 *	bench_filter
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/heap_live.h"

#define LINE        64u
#define WAYS        8u
#define FREES       2000000u
#define WINDOW      ((uint64_t)1 << 20)
#define STAY        20000u /* frees until the window moves */
#define BASE        0x555500000000u
#define FILTER_AT   0x7f0000000000u
#define HASHED_BITS 16

struct cache {
	uint64_t *lines; /* a set's WAYS, the latest first; 0: none */
	size_t sets;
};

static uint64_t state = 88172645463325252u;

/* xorshift64 (Marsaglia 2003). */
static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct cache cache_of(size_t bytes)
{
	struct cache c = { calloc(bytes / LINE, sizeof(uint64_t)), bytes / LINE / WAYS };

	if (!c.lines)
		abort();
	return c;
}

static bool misses(struct cache *c, uint64_t address)
{
	uint64_t line = address / LINE + 1;
	uint64_t *set = c->lines + line % c->sets * WAYS;
	unsigned at = 0;

	while (at < WAYS - 1 && set[at] != line)
		at++;
	if (set[at] == line) {
		memmove(set + 1, set, at * sizeof(*set));
		set[0] = line;
		return false;
	}
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	set[0] = line;
	return true;
}

static size_t hashed(uintptr_t p)
{
	return (size_t)((uint64_t)(p >> 4) * 0x9e3779b97f4a7c15u >> (64 - HASHED_BITS));
}

static uintptr_t block_in(uint64_t start, uint64_t bytes, uint64_t heap)
{
	return (uintptr_t)(BASE + (start + next_random() % bytes) % heap / 16 * 16);
}

static double share(uint64_t n)
{
	return (double)n / FREES;
}

static void run(uint64_t heap, uint64_t mean, const char *name, size_t (*slot)(uintptr_t))
{
	static uint8_t counters[RT_FILTER_SLOTS];
	struct cache l1 = cache_of(32 << 10), l2 = cache_of(512 << 10);
	uint64_t n1 = 0, n2 = 0, wrong = 0, window = 0;

	memset(counters, 0, sizeof(counters));
	for (uint64_t i = 0; i < heap / mean; i++)
		counters[slot(block_in(0, heap, heap))] = 1;
	for (unsigned i = 0; i < FREES; i++) {
		uintptr_t p;

		if (i % STAY == 0)
			window = next_random() % heap;
		p = next_random() % 10 ? block_in(window, WINDOW, heap) : block_in(0, heap, heap);
		for (unsigned k = 0; k < 3; k++)
			if (misses(&l1, p + k * LINE))
				(void)misses(&l2, p + k * LINE);
		if (misses(&l1, FILTER_AT + slot(p))) {
			n1++;
			n2 += misses(&l2, FILTER_AT + slot(p));
		}
		wrong += counters[slot(p)];
	}
	printf("%5" PRIu64 " MiB, 1 in %3" PRIu64 " KiB, %-18s %6.3f %7.3f %8.4f\n", heap >> 20,
	    mean >> 10, name, share(n1), share(n2), share(wrong));
	free(l1.lines);
	free(l2.lines);
}

int main(void)
{
	static const uint64_t heaps[] = { 2, 32, 512, 4096 }, means[] = { 512, 64 };

	printf("%-39s %6s %7s %8s\n", "a free", "L1", "L2", "in vain");
	for (size_t h = 0; h < sizeof(heaps) / sizeof(heaps[0]); h++)
		for (size_t m = 0; m < sizeof(means) / sizeof(means[0]); m++) {
			run(heaps[h] << 20, means[m] << 10, "64 KiB, hashed", hashed);
			run(heaps[h] << 20, means[m] << 10, "1 MiB, by address", rt_filter_slot);
		}
	return 0;
}
