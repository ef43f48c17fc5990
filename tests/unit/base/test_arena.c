/* The arena: alignment, zeroing, sticky failure, adoption; and the allocation hook itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/vec.h"

static void memory_is_aligned_and_zeroed(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4000, 70000, 3000000 };
	struct arena a = { 0 };

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			unsigned char *p = arena_alloc(&a, sizes[i]);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k += 1 + sizes[i] / 7)
				assert_int_equal(p[k], 0);
			memset(p, 0xee, sizes[i]); /* the next block must not show this */
		}
	}
	assert_false(arena_failed(&a));
	arena_release(&a);
	assert_int_equal(a.total, 0);
}

static void pieces_do_not_overlap(void **state)
{
	struct arena a = { 0 };
	uint32_t *pieces[2000];

	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		pieces[i] = ARENA_ARRAY(&a, uint32_t, 1 + i % 97);
		assert_non_null(pieces[i]);
		for (uint32_t k = 0; k < 1 + i % 97; k++)
			pieces[i][k] = i;
	}
	for (uint32_t i = 0; i < 2000; i++)
		for (uint32_t k = 0; k < 1 + i % 97; k++)
			assert_int_equal(pieces[i][k], i);
	arena_release(&a);
}

static void strings_are_copied_and_terminated(void **state)
{
	struct arena a = { 0 };
	char text[] = "leaky";
	struct str s = arena_str(&a, str_c(text));
	struct str printed = arena_printf(&a, "%s:%d", "file.c", 42);

	(void)state;
	text[0] = 'x';
	assert_true(str_is(s, "leaky"));
	assert_int_equal(s.p[s.n], '\0');
	assert_true(str_is(printed, "file.c:42"));
	s = arena_str(&a, (struct str){ NULL, 0 });
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	arena_release(&a);
}

static void impossible_sizes_fail(void **state)
{
	struct arena a = { 0 };

	(void)state;
	assert_null(arena_alloc_array(&a, SIZE_MAX / 8, 16));
	assert_true(arena_failed(&a));
	arena_release(&a);
	assert_false(arena_failed(&a));
	assert_null(arena_alloc(&a, SIZE_MAX - 3));
	assert_true(arena_failed(&a));
	arena_release(&a);
}

static void failure_is_sticky(void **state)
{
	struct arena a = { 0 };

	(void)state;
	alloc_fail_at(1);
	assert_null(arena_alloc(&a, 8));
	alloc_fail_at(0);
	assert_true(arena_failed(&a));
	assert_null(arena_alloc(&a, 8));
	arena_release(&a);
	assert_non_null(arena_alloc(&a, 8));
	arena_release(&a);
}

static void the_hook_counts_and_fails_from_the_nth_on(void **state)
{
	void *p;

	(void)state;
	alloc_fail_at(3);
	p = alloc_get(1);
	assert_non_null(p);
	p = alloc_resize(p, 2);
	assert_non_null(p);
	assert_null(alloc_get(1));
	assert_null(alloc_get(1));
	assert_int_equal(alloc_fail_at(0), 4);
	alloc_put(p);
}

/* The address sanitizer's leak check watches this one too. */
static void adopted_storage_goes_with_the_arena(void **state)
{
	struct arena a = { 0 };
	VEC(int) v = { 0 };
	int *kept;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(VEC_PUSH(&v, i));
	v.p = vec_trim(v.p, v.n, sizeof *v.p);
	kept = arena_adopt(&a, v.p);
	assert_non_null(kept);
	assert_int_equal(kept[999], 999);
	assert_null(arena_adopt(&a, NULL));
	assert_false(arena_failed(&a));
	arena_release(&a);
}

static void adoption_that_fails_frees(void **state)
{
	struct arena a = { 0 };
	void *p = alloc_get(100);

	(void)state;
	alloc_fail_at(1);
	assert_null(arena_adopt(&a, p));
	alloc_fail_at(0);
	assert_true(arena_failed(&a));
	arena_release(&a);
}

/* Whether one mapping of the process holds the bytes from p to p + n. */
static bool in_one_mapping(const char *p, size_t n)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long long from, to;
	bool found = false;
	char line[512];

	assert_non_null(maps);
	while (!found && fgets(line, sizeof line, maps))
		found = sscanf(line, "%llx-%llx", &from, &to) == 2 && from <= (uintptr_t)p &&
			(uintptr_t)p + n <= to;
	fclose(maps);
	return found;
}

/* Else realloc has to copy it, and twice its size is in memory meanwhile. */
static void large_blocks_stay_one_mapping(void **state)
{
	const size_t n = (size_t)33 << 20;
	char *p = alloc_get(n);

	(void)state;
	assert_non_null(p);
	assert_true(in_one_mapping(p, n));
	p = alloc_resize(p, 2 * n);
	assert_non_null(p);
	assert_true(in_one_mapping(p, 2 * n));
	alloc_put(p);
}

/* After that call blocks of all sizes still hold what was written, grown and freed in turns. */
static void a_large_heap_keeps_what_it_holds(void **state)
{
	unsigned char *block[24];

	(void)state;
	alloc_expect_large();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 24; i++) {
			size_t n = (size_t)1 << (i % 12 + 11); /* to 4 MiB */

			block[i] = alloc_get(n);
			assert_non_null(block[i]);
			memset(block[i], (int)i + 1, n);
			block[i] = alloc_resize(block[i], n + n / 2);
			assert_non_null(block[i]);
			assert_int_equal(block[i][0], i + 1);
			assert_int_equal(block[i][n - 1], i + 1);
			memset(block[i] + n, 0xff, n / 2);
		}
		for (unsigned i = 0; i < 24; i++) {
			assert_int_equal(block[i][0], i + 1);
			alloc_put(block[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_zeroed),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(strings_are_copied_and_terminated),
		cmocka_unit_test(impossible_sizes_fail),
		cmocka_unit_test(failure_is_sticky),
		cmocka_unit_test(the_hook_counts_and_fails_from_the_nth_on),
		cmocka_unit_test(adopted_storage_goes_with_the_arena),
		cmocka_unit_test(adoption_that_fails_frees),
		cmocka_unit_test(large_blocks_stay_one_mapping),
		cmocka_unit_test(a_large_heap_keeps_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
