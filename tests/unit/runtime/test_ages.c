/* Ages and cohorts: their bounds, that cohorts only merge, and profiles that have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "process/profile_reader.h"
#include "runtime/ages.h"
#include "runtime/heap_live.h"
#include "runtime/init.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/profiles.h"

static void bounds(void **state)
{
	static const struct {
		uint32_t age, bound;
	} cases[] = { { 0, 0 }, { 1, 1 }, { 9, 1 }, { 10, 10 }, { 59, 10 }, { 60, 60 }, { 599, 60 },
		{ 600, 600 }, { 3599, 600 }, { 3600, 3600 }, { 21599, 3600 }, { 21600, 21600 },
		{ 86399, 21600 }, { 86400, 86400 }, { 604799, 86400 }, { 604800, 604800 },
		{ UINT32_MAX, 604800 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rt_ages_bound(cases[i].age), cases[i].bound);
}

/* Walks the cohorts of all births up to now, newest first. */
static unsigned count_cohorts(uint32_t now)
{
	unsigned n = 0;
	uint32_t born = now;

	for (;;) {
		uint32_t start = rt_ages_cohort(born, now);

		assert_true(start <= born);
		assert_int_equal(rt_ages_cohort(start, now), start);
		n++;
		if (start == 0)
			return n;
		born = start - 1;
	}
}

static void there_are_at_most_64_cohorts(void **state)
{
	(void)state;
	for (uint32_t now = 0; now < 70000; now++)
		assert_true(count_cohorts(now) <= 64);
	for (uint64_t i = 0; i < 200000; i++)
		assert_true(count_cohorts((uint32_t)hash_u64(i) >> (i % 20)) <= 64);
	assert_true(count_cohorts(UINT32_MAX) <= 64);
	/* Not few either: the last minutes stay apart. */
	assert_true(count_cohorts(86400) >= 24);
	assert_int_equal(rt_ages_cohort(86399, 86400), 86399);
}

/* Who is together once stays together. */
static void cohorts_only_merge(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 400000; i++) {
		uint32_t later = (uint32_t)hash_u64(3 * i) >> (i % 24);
		uint32_t now = (uint32_t)(hash_u64(3 * i + 1) % (later + 1ull));
		uint32_t born = (uint32_t)(hash_u64(3 * i + 2) % (now + 1ull));
		uint32_t start = rt_ages_cohort(born, now);

		assert_int_equal(rt_ages_cohort(born, later), rt_ages_cohort(start, later));
	}
}

#define HOUR 3600u

/* A block of `size` that was born `age` seconds ago. */
static void add(uint32_t record, uintptr_t p, uint64_t size, uint32_t age)
{
	struct rt_amounts a = { 1, 2 << RT_OBJECTS_SHIFT, 2 * size };
	struct rt_live live = { a.objects, a.bytes, record, HOUR * 4 - age };

	rt_records_add_alloc(record, &a);
	assert_true(rt_live_add(p, &live));
}

static void drop(uint32_t record, uint64_t size)
{
	struct rt_amounts a = { 1, 2 << RT_OBJECTS_SHIFT, 2 * size };

	rt_records_add_alloc(record, &a);
	rt_records_add_free(record, &a);
}

static void decode(const struct rt_snapshot *s, struct reader_profile *p)
{
	struct rt_bytes plain = { 0 }, gz = { 0 };

	assert_true(rt_encode(s, rt_profiles_find(STR("heap"))->shape, &plain));
	assert_true(rt_encode_gzip(&plain, &gz));
	assert_true(reader_open(gz.p, gz.n, p));
	rt_bytes_release(&plain);
	rt_bytes_release(&gz);
}

static void assert_sample(
    const struct reader_profile *p, int64_t bytes, int64_t age, int64_t objects, int64_t in_use)
{
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct reader_sample *s = &p->samples[i];

		if (s->bytes_label != bytes || reader_seconds(p, s, "age") != age)
			continue;
		assert_int_equal(s->values[0], objects);
		assert_int_equal(s->values[1], objects * bytes);
		assert_int_equal(s->values[2], in_use);
		assert_int_equal(s->values[3], in_use * bytes);
		return;
	}
	fail_msg("no sample of %d bytes and age %d", (int)bytes, (int)age);
}

/* As of now: what ran before in this process must not make blocks older. */
static void start_four_hours_ago(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	rt.start_mono_ns = ((uint64_t)now.tv_sec - 4 * HOUR) * 1000000000u + (uint64_t)now.tv_nsec;
}

static void live_blocks_are_split_by_age(void **state)
{
	uintptr_t pcs[] = { (uintptr_t)live_blocks_are_split_by_age + 7 };
	rt_stack_id stack = rt_stacktab_id(pcs, 1);
	uint32_t one = rt_records_find(stack, 1000);
	uint32_t other = rt_records_find(stack, 5000);
	struct reader_profile p;
	struct rt_snapshot s;

	(void)state;
	start_four_hours_ago();
	add(one, 0x10000, 1000, 0);
	add(one, 0x20000, 1000, 100);
	add(one, 0x30000, 1000, 100);
	add(one, 0x40000, 1000, HOUR * 2);
	drop(one, 1000);
	drop(other, 5000);
	drop(other, 5000);
	add(other, 0x50000, 5000, 700);
	assert_true(rt_ages_snapshot(&s, RT_LABEL_AGE));
	decode(&s, &p);
	assert_int_equal(p.n_samples, 6);
	assert_sample(&p, 1000, 0, 2, 2);
	assert_sample(&p, 1000, 60, 4, 4);
	assert_sample(&p, 1000, 3600, 2, 2);
	assert_sample(&p, 1000, -1, 2, 0);
	assert_sample(&p, 5000, 600, 2, 2);
	assert_sample(&p, 5000, -1, 4, 0);
	reader_close(&p);
	rt_snapshot_release(&s);
}

static void sums(const struct rt_snapshot *s, int64_t out[RT_VALUES])
{
	memset(out, 0, RT_VALUES * sizeof(out[0]));
	for (size_t i = 0; i < s->n; i++)
		for (unsigned v = 0; v < RT_VALUES; v++)
			out[v] += rt_snapshot_row(s, i)->values[v];
}

static void totals_are_those_of_the_plain_profile(void **state)
{
	int64_t plain[RT_VALUES], split[RT_VALUES];
	struct rt_snapshot s;

	(void)state;
	assert_true(rt_snapshot_take(&s));
	sums(&s, plain);
	rt_snapshot_release(&s);
	for (unsigned labels = 1; labels <= 3; labels++) {
		assert_true(rt_ages_snapshot(&s, labels));
		sums(&s, split);
		assert_memory_equal(split, plain, sizeof(plain));
		rt_snapshot_release(&s);
	}
}

static void born_is_a_label_too(void **state)
{
	struct reader_profile p;
	struct rt_snapshot s;
	unsigned born = 0;

	(void)state;
	assert_true(rt_ages_snapshot(&s, RT_LABEL_BORN));
	decode(&s, &p);
	for (size_t i = 0; i < p.n_samples; i++) {
		int64_t b = reader_seconds(&p, &p.samples[i], "born");

		assert_int_equal(reader_seconds(&p, &p.samples[i], "age"), -1);
		born += b >= 0;
		assert_true(b <= (int64_t)HOUR * 4);
	}
	assert_int_equal(born, 4);
	reader_close(&p);
	rt_snapshot_release(&s);
}

static void a_plain_profile_has_no_trace_of_it(void **state)
{
	struct reader_profile p;
	struct rt_snapshot s;

	(void)state;
	assert_true(rt_snapshot_take(&s));
	decode(&s, &p);
	assert_int_equal(p.n_samples, 2);
	for (size_t i = 0; i < p.n_strings; i++)
		assert_true(strcmp(p.strings[i], "age") != 0);
	for (size_t i = 0; i < p.n_samples; i++)
		assert_int_equal(p.samples[i].n_labels, 1);
	reader_close(&p);
	rt_snapshot_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(there_are_at_most_64_cohorts),
		cmocka_unit_test(cohorts_only_merge),
		cmocka_unit_test(live_blocks_are_split_by_age),
		cmocka_unit_test(totals_are_those_of_the_plain_profile),
		cmocka_unit_test(born_is_a_label_too),
		cmocka_unit_test(a_plain_profile_has_no_trace_of_it),
	};

	rt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
