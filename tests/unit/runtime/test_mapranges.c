/* Mapped ranges against a model that has a word for every page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "runtime/init.h"
#include "runtime/mapranges.h"
#include "runtime/rt.h"

#define PAGES 512
#define BASE  ((uintptr_t)1 << 40)
#define PAGE  ((uintptr_t)4096)

struct sums {
	int64_t values[RT_VALUES];
	size_t n;
};

static struct sums sums(void)
{
	struct rt_snapshot s;
	struct sums t = { { 0 }, 0 };

	assert_true(rt_mapranges_snapshot(&s));
	for (size_t i = 0; i < s.n; i++) {
		const struct rt_row *row = rt_snapshot_row(&s, i);

		for (unsigned v = 0; v < RT_VALUES; v++) {
			assert_true(row->values[v] >= 0);
			t.values[v] += row->values[v];
		}
	}
	t.n = s.n;
	rt_snapshot_release(&s);
	return t;
}

/* Different callers are different stacks. */
static void map(uintptr_t page, uintptr_t n, unsigned caller)
{
	rt_mapranges_mapped(BASE + page * PAGE, n * PAGE, (void *)(uintptr_t)(4096 + caller));
}

static void unmap(uintptr_t page, uintptr_t n)
{
	struct rt_map_cut cut;

	rt_mapranges_cut(BASE + page * PAGE, n * PAGE, &cut);
	rt_mapranges_unmapped(&cut);
}

static int setup(void **state)
{
	(void)state;
	rt_mapranges_reset();
	return 0;
}

static void parts_go_by_bytes(void **state)
{
	struct sums s;

	(void)state;
	map(0, 8, 1);
	unmap(2, 2); /* a hole */
	s = sums();
	assert_int_equal(s.values[RT_ALLOC_OBJECTS], 1);
	assert_int_equal(s.values[RT_ALLOC_BYTES], 8 * PAGE);
	assert_int_equal(s.values[RT_INUSE_BYTES], 6 * PAGE);
	assert_int_equal(s.values[RT_INUSE_OBJECTS], 1); /* 0.75 of it */
	unmap(0, 2);
	unmap(4, 3);
	assert_int_equal(sums().values[RT_INUSE_BYTES], PAGE);
	unmap(0, 100);
	s = sums();
	assert_int_equal(s.values[RT_INUSE_BYTES], 0);
	assert_int_equal(s.values[RT_INUSE_OBJECTS], 0);
	assert_int_equal(s.n, 1);
}

static void a_failed_call_changes_nothing(void **state)
{
	struct rt_map_cut cut;
	struct sums before, after;

	(void)state;
	map(0, 4, 1);
	map(4, 4, 2);
	before = sums();
	rt_mapranges_cut(BASE + PAGE, 6 * PAGE, &cut);
	assert_int_equal(cut.n, 2);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 8 * PAGE); /* not counted yet */
	rt_mapranges_restore(&cut);
	after = sums();
	assert_memory_equal(&before, &after, sizeof(before));
	unmap(0, 8);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 0);
}

/* What was unmapped past us is replaced by what is mapped there next. */
static void later_mappings_put_it_right(void **state)
{
	(void)state;
	map(0, 10, 1);
	map(5, 10, 2);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 15 * PAGE);
	map(0, 20, 3);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 20 * PAGE);
}

static void nonsense_is_left_alone(void **state)
{
	struct rt_map_cut cut;

	(void)state;
	map(0, 4, 1);
	rt_mapranges_cut(BASE, 0, &cut);
	assert_int_equal(cut.n, 0);
	rt_mapranges_cut(BASE, SIZE_MAX, &cut);
	assert_int_equal(cut.n, 0);
	rt_mapranges_mapped(BASE + 99 * PAGE, 0, NULL);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 4 * PAGE);
}

static void it_is_as_the_model(void **state)
{
	static unsigned char model[PAGES];

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		uintptr_t page = hash_u64(2 * i) % PAGES;
		uintptr_t n = 1 + hash_u64(2 * i + 1) % 24;
		bool fill = hash_u64(i) % 2;
		int64_t used = 0;
		struct sums s;

		n = page + n > PAGES ? PAGES - page : n;
		if (fill)
			map(page, n, (unsigned)(i % 13));
		else
			unmap(page, n);
		memset(model + page, fill, n);
		for (unsigned p = 0; p < PAGES; p++)
			used += model[p];
		s = sums();
		assert_int_equal(s.values[RT_INUSE_BYTES], used * (int64_t)PAGE);
		assert_true(s.values[RT_INUSE_OBJECTS] <= s.values[RT_ALLOC_OBJECTS]);
	}
	unmap(0, PAGES);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 0);
	assert_int_equal(sums().values[RT_INUSE_OBJECTS], 0);
}

/* More stacks and more ranges than there is room for. */
static void full_tables_keep_the_totals(void **state)
{
	uint64_t lost = rt_stats_get(RT_STAT_LOST_MAPS);
	struct sums s;

	(void)state;
	for (unsigned i = 0; i < 7000; i++)
		map(2 * i, 1, i);
	s = sums();
	assert_int_equal(s.values[RT_ALLOC_OBJECTS], 7000);
	assert_int_equal(s.values[RT_INUSE_BYTES], 7000 * PAGE);
	assert_true(s.n < 7000);
	for (unsigned i = 7000; i < 70000; i++)
		map(2 * i, 1, i % 100);
	s = sums();
	assert_int_equal(s.values[RT_ALLOC_OBJECTS], 70000);
	assert_int_equal(s.values[RT_INUSE_BYTES], 65536 * PAGE);
	assert_int_equal(rt_stats_get(RT_STAT_LOST_MAPS) - lost, 70000 - 65536);
	unmap(0, 200000);
	assert_int_equal(sums().values[RT_INUSE_BYTES], 0);
}

static void *worker(void *arg)
{
	uintptr_t base = (uintptr_t)arg * 1000;

	for (unsigned i = 0; i < 2000; i++) {
		map(base, 10, i % 5);
		unmap(base + 3, 2);
		unmap(base, 10);
	}
	return NULL;
}

static void threads(void **state)
{
	uint64_t lost = rt_stats_get(RT_STAT_LOST_MAPS);
	pthread_t t[4];
	struct sums s;

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, worker, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	s = sums();
	/* A lock that was not to be had in time is a counted loss. */
	if (rt_stats_get(RT_STAT_LOST_MAPS) != lost)
		return;
	assert_int_equal(s.values[RT_ALLOC_OBJECTS], 8000);
	assert_int_equal(s.values[RT_INUSE_BYTES], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parts_go_by_bytes, setup),
		cmocka_unit_test_setup(a_failed_call_changes_nothing, setup),
		cmocka_unit_test_setup(later_mappings_put_it_right, setup),
		cmocka_unit_test_setup(nonsense_is_left_alone, setup),
		cmocka_unit_test_setup(it_is_as_the_model, setup),
		cmocka_unit_test_setup(full_tables_keep_the_totals, setup),
		cmocka_unit_test_setup(threads, setup),
	};

	rt_init();
	rt_mapranges_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
