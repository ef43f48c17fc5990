/*
 * Blocks by address against a plain search, and the mark against a plain breadth-first search: over
 * blocks of random sizes with random pointers in memory of this test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gen/builder.h"
#include "runtime/retain_mark.h"

#define BYTES     ((size_t)8 << 20)
#define SIDE      ((uint64_t)64 << 20)
#define MOST      20000
#define MOST_ROOT 64

struct heap {
	char *memory;
	struct retain_blocks b;
	uint32_t distance[MOST]; /* steps from a root; 0 not reached */
	uint64_t random;
};

/* A segment full of blocks of 32 to `most` bytes; each twentieth is free. */
static void fill(struct heap *h, uintptr_t from, uintptr_t to, uint32_t most)
{
	retain_blocks_begin(&h->b, from, to);
	for (uintptr_t at = from + 16 * gen_below(&h->random, 300); at + most < to;) {
		uint64_t size = 32 + 16 * (uint64_t)gen_below(&h->random, (most - 32) / 16 + 1);

		retain_blocks_chunk(&h->b, at + 16, size, gen_below(&h->random, 20) == 0);
		at += size;
		/* Damage that the walk had to skip. */
		if (gen_below(&h->random, 200) == 0)
			at += 16 * gen_below(&h->random, 500);
	}
	retain_blocks_end(&h->b);
}

static void begin(struct heap *h, uint64_t seed)
{
	uintptr_t start;

	*h = (struct heap){ .random = seed };
	h->memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(h->memory, MAP_FAILED);
	start = (uintptr_t)h->memory;
	assert_true(retain_blocks_init(&h->b, SIDE));
	/* Small blocks; few large ones; none; a mapping; what is at the very end. */
	fill(h, start, start + 400000, 96);
	fill(h, start + (1 << 20), start + (3 << 20), 200000);
	retain_blocks_begin(&h->b, start + (3 << 20), start + (4 << 20));
	retain_blocks_end(&h->b);
	retain_blocks_begin(&h->b, start + (4 << 20), start + (5 << 20));
	retain_blocks_mapping(&h->b, start + (4 << 20), start + (5 << 20));
	retain_blocks_end(&h->b);
	fill(h, start + (5 << 20), start + (5 << 20) + 1000000, 3000);
	assert_false(h->b.failed);
	assert_in_range(h->b.n, 1000, MOST);
}

static void end(struct heap *h)
{
	munmap(h->memory, BYTES);
}

/* The block in use that holds an address, by looking at all. */
static uint32_t look(const struct heap *h, uintptr_t address)
{
	for (uint32_t i = 0; i < h->b.n; i++)
		if (retain_block_holds(&h->b, i, address))
			return i;
	return RETAIN_NO_BLOCK;
}

static void test_find(void **state)
{
	struct heap *h = calloc(1, sizeof *h);

	(void)state;
	assert_non_null(h);
	begin(h, 7);
	for (unsigned i = 0; i < 4000; i++) {
		uintptr_t at = (uintptr_t)h->memory + gen_below(&h->random, BYTES);

		assert_int_equal(retain_blocks_find(&h->b, at), look(h, at));
	}
	for (uint32_t i = 0; i < h->b.n; i++) {
		uintptr_t at = h->b.start[i];
		uint64_t n = retain_block_bytes(&h->b, i);

		assert_int_equal(retain_blocks_at(&h->b, at), i);
		assert_int_equal(retain_blocks_at(&h->b, at + 8), RETAIN_NO_BLOCK);
		assert_int_equal(retain_blocks_find(&h->b, at), n ? i : RETAIN_NO_BLOCK);
		if (n)
			assert_int_equal(retain_blocks_find(&h->b, at + n - 1), i);
		assert_int_not_equal(retain_blocks_find(&h->b, at + n), i);
	}
	assert_int_equal(retain_blocks_find(&h->b, 0), RETAIN_NO_BLOCK);
	assert_int_equal(retain_blocks_find(&h->b, UINTPTR_MAX), RETAIN_NO_BLOCK);
	assert_int_equal(
	    retain_blocks_find(&h->b, (uintptr_t)h->memory + (3 << 20) + 5000), RETAIN_NO_BLOCK);
	end(h);
	free(h);
}

/* Blocks without headers touch each other and start at any multiple of 8. */
static void test_plain(void **state)
{
	struct heap *h = calloc(1, sizeof *h);
	uintptr_t start, at;

	(void)state;
	assert_non_null(h);
	h->random = 11;
	h->memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(h->memory, MAP_FAILED);
	start = at = (uintptr_t)h->memory;
	assert_true(retain_blocks_init(&h->b, SIDE));
	retain_blocks_plain(&h->b);
	retain_blocks_begin(&h->b, start, start + BYTES);
	while (h->b.n < MOST / 2) {
		uint64_t size = 8 + 8 * (uint64_t)gen_below(&h->random, 20);

		retain_blocks_chunk(&h->b, at, size, false);
		at += size + 8 * (uint64_t)gen_below(&h->random, 2);
	}
	retain_blocks_end(&h->b);
	assert_true(at < start + BYTES);
	for (uint32_t i = 0; i < h->b.n; i++) {
		uintptr_t end_of = h->b.start[i] + retain_block_bytes(&h->b, i);

		assert_int_equal(retain_blocks_at(&h->b, h->b.start[i]), i);
		assert_int_equal(retain_blocks_find(&h->b, end_of - 1), i);
		assert_int_not_equal(retain_blocks_find(&h->b, end_of), i);
	}
	for (unsigned i = 0; i < 4000; i++) {
		uintptr_t any = start + gen_below(&h->random, (uint32_t)(at - start));

		assert_int_equal(retain_blocks_find(&h->b, any), look(h, any));
	}
	end(h);
	free(h);
}

/* Any address in a block, one in ten behind it. */
static uintptr_t some_address(struct heap *h)
{
	uint32_t i = gen_below(&h->random, h->b.n);
	uint64_t n = retain_block_bytes(&h->b, i);

	return h->b.start[i] + gen_below(&h->random, (uint32_t)(n + n / 10 + 1));
}

/* A few pointers in each block, and many words that are none. */
static void point(struct heap *h)
{
	for (uint32_t i = 0; i < h->b.n; i++) {
		uint64_t words = retain_block_bytes(&h->b, i) / 8;
		uintptr_t *w = (uintptr_t *)h->b.start[i];

		if (retain_is_mapping(&h->b, i))
			continue;
		for (uint64_t k = 0; k < words; k++)
			w[k] = k * 0x1234567;
		for (unsigned k = gen_below(&h->random, 3); k > 0 && words; k--)
			w[gen_below(&h->random, (uint32_t)words)] = some_address(h);
	}
}

/* From words on: all blocks that are `steps` away. */
static void step(struct heap *h, const uintptr_t *w, uint64_t words, uint32_t steps)
{
	for (uint64_t k = 0; k < words; k++) {
		uint32_t i = retain_blocks_find(&h->b, w[k]);

		if (i != RETAIN_NO_BLOCK && h->distance[i] == 0)
			h->distance[i] = steps;
	}
}

static void search(struct heap *h, const uintptr_t *roots, size_t n)
{
	step(h, roots, n, 1);
	for (uint32_t steps = 1; steps < 200; steps++)
		for (uint32_t i = 0; i < h->b.n; i++)
			if (h->distance[i] == steps)
				step(h, (const uintptr_t *)h->b.start[i],
				    retain_block_bytes(&h->b, i) / 8, steps + 1);
}

static void check_block(
    const struct heap *h, const struct retain_mark *k, const uintptr_t *roots, uint32_t i)
{
	uint32_t parent = h->b.parent[i], steps = h->distance[i];
	const uintptr_t *from;

	if (steps == 0) {
		/* A mapping that nobody points to is a root of its own, and holds more. */
		return;
	}
	assert_int_not_equal(parent, 0);
	if (steps == 1) {
		assert_int_equal(parent, RETAIN_ROOT);
		from = roots;
	} else {
		assert_false(parent & RETAIN_ROOT);
		assert_int_equal(h->distance[parent - 1], steps - 1);
		from = (const uintptr_t *)h->b.start[parent - 1];
	}
	assert_int_equal(retain_blocks_find(k->b, from[h->b.offset[i]]), i);
}

static void check_mark(uint64_t seed)
{
	struct heap *h = calloc(1, sizeof *h);
	uintptr_t roots[MOST_ROOT];
	struct retain_root root = { (uintptr_t)roots, (uintptr_t)(roots + MOST_ROOT), 0,
		RETAIN_GLOBAL, 0 };
	struct retain_mark *k = calloc(1, sizeof *k);
	uint32_t reached = 0, known = 0;

	assert_non_null(h);
	assert_non_null(k);
	begin(h, seed);
	point(h);
	for (size_t i = 0; i < MOST_ROOT; i++)
		roots[i] = some_address(h);
	search(h, roots, MOST_ROOT);
	assert_true(retain_mark_init(k, &h->b));
	retain_mark_root(k, &root);
	retain_mark_run(k);
	retain_mark_mappings(k);
	assert_false(k->failed);
	for (uint32_t i = 0; i < h->b.n; i++) {
		check_block(h, k, roots, i);
		reached += h->b.parent[i] != 0;
		known += h->distance[i] != 0;
	}
	/* Nothing but what is reachable, and the mapping. */
	assert_in_range(reached, known, known + 1);
	assert_true(known > 100 && known < h->b.n);
	end(h);
	free(k);
	free(h);
}

static void test_mark(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		check_mark(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
