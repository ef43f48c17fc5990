/* Flattening of ranges against a plain search, also for ranges that do not nest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "object/dwarf_index.h"

static void check_owners(struct dwarf_range *ranges, size_t n, const char *want)
{
	struct dwarf_segments s = { 0 };
	struct dwarf_ranges spare = { 0 };

	assert_true(dwarf_flatten(&s, ranges, n, &spare));
	for (uint64_t a = 0; want[a]; a++) {
		uint32_t owner = dwarf_segment_owner(&s, a);
		char got = owner == DWARF_NO_OWNER ? '.' : (char)('a' + owner);

		assert_int_equal(got, want[a]);
	}
	VEC_RELEASE(&s.v);
	VEC_RELEASE(&spare.v);
}

static void test_nested(void **state)
{
	struct dwarf_range r[] = {
		{ 6, 8, 3, 2 },
		{ 1, 10, 0, 0 },
		{ 2, 4, 1, 1 },
		{ 5, 9, 2, 1 },
		{ 10, 12, 4, 0 },
	};

	(void)state;
	check_owners(r, 5, ".abbacddcaee..");
}

static void test_same_range(void **state)
{
	struct dwarf_range r[] = { { 2, 5, 1, 1 }, { 2, 5, 0, 0 }, { 2, 5, 2, 2 } };

	(void)state;
	check_owners(r, 3, "..ccc..");
}

static void test_sticking_out(void **state)
{
	struct dwarf_range inlined[] = { { 1, 5, 0, 0 }, { 3, 9, 1, 1 } };
	struct dwarf_range functions[] = { { 1, 5, 0, 0 }, { 3, 9, 1, 0 } };

	(void)state;
	check_owners(inlined, 2, ".aabb.....");
	check_owners(functions, 2, ".aabbbbbb.");
}

static void test_empty(void **state)
{
	(void)state;
	check_owners(NULL, 0, "....");
}

/* Properly nested random ranges: the innermost that holds an address owns it. */
static void test_random_nesting(void **state)
{
	uint64_t seed = 1;
	struct dwarf_range r[64];

	(void)state;
	for (int round = 0; round < 200; round++) {
		char want[128];
		size_t n = 1;

		r[0] = (struct dwarf_range){ 1, 100, 0, 0 };
		memset(want, '.', sizeof want);
		for (size_t i = 1; i < 26; i++) {
			const struct dwarf_range *p;

			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			p = &r[(seed >> 33) % n];
			/* The two halves of a range are never both made parents of overlaps. */
			if (p->high - p->low < 4)
				continue;
			r[n] = (struct dwarf_range){ p->low + 1, p->high - 1, (uint32_t)i,
				p->depth + 1 };
			if (p->owner != r[n - 1].owner)
				continue;
			n++;
		}
		for (size_t i = 0; i < n; i++)
			memset(want + r[i].low, 'a' + (char)r[i].owner, r[i].high - r[i].low);
		want[127] = 0;
		check_owners(r, n, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_same_range),
		cmocka_unit_test(test_sticking_out),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_random_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
