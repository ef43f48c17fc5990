/* Encoded profiles, decoded by a reader that shares no code with the encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/heapframes.h"
#include "process/profile_reader.h"
#include "runtime/init.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/profiles.h"
#include "runtime/textform.h"

static uint32_t record_of(const uintptr_t *pcs, size_t depth, size_t size)
{
	return rt_records_find(rt_stacktab_id(pcs, depth), size);
}

static void add(uint32_t record, int64_t objects, int64_t bytes)
{
	struct rt_amounts a = { 1, (uint64_t)objects << RT_OBJECTS_SHIFT, (uint64_t)bytes };

	rt_records_add_alloc(record, &a);
}

static void drop(uint32_t record, int64_t objects, int64_t bytes)
{
	struct rt_amounts a = { 1, (uint64_t)objects << RT_OBJECTS_SHIFT, (uint64_t)bytes };

	rt_records_add_free(record, &a);
}

static void decode(const struct rt_snapshot *s, const char *type, struct reader_profile *p)
{
	struct rt_bytes plain = { 0 }, gz = { 0 };

	assert_true(rt_encode(s, rt_profiles_find(str_c(type))->shape, &plain));
	assert_true(rt_encode_gzip(&plain, &gz));
	assert_true(reader_open(gz.p, gz.n, p));
	rt_bytes_release(&plain);
	rt_bytes_release(&gz);
}

static const struct reader_sample *sample_with(const struct reader_profile *p, int64_t bytes)
{
	size_t i = 0;

	while (i < p->n_samples && p->samples[i].bytes_label != bytes)
		i++;
	assert_true(i < p->n_samples);
	return &p->samples[i];
}

static void shape_is_gos(void **state)
{
	struct rt_snapshot s;
	struct reader_profile p;

	(void)state;
	assert_true(rt_snapshot_take(&s));
	decode(&s, "heap", &p);
	assert_int_equal(p.n_types, 4);
	assert_string_equal(p.types[0][0], "alloc_objects");
	assert_string_equal(p.types[0][1], "count");
	assert_string_equal(p.types[1][0], "alloc_space");
	assert_string_equal(p.types[1][1], "bytes");
	assert_string_equal(p.types[2][0], "inuse_objects");
	assert_string_equal(p.types[2][1], "count");
	assert_string_equal(p.types[3][0], "inuse_space");
	assert_string_equal(p.types[3][1], "bytes");
	assert_string_equal(p.period_type[0], "space");
	assert_string_equal(p.period_type[1], "bytes");
	assert_int_equal(p.period, 524288);
	assert_string_equal(p.default_type, "inuse_space");
	assert_string_equal(p.drop_frames, HEAP_DROP_FRAMES);
	assert_string_equal(p.strings[0], "");
	assert_int_equal(p.duration_ns, 0);
	assert_true(p.time_ns > 1700000000000000000);
	reader_close(&p);
	decode(&s, "allocs", &p);
	assert_string_equal(p.default_type, "alloc_space");
	reader_close(&p);
	rt_snapshot_release(&s);
}

static void values_stacks_and_ids(void **state)
{
	uintptr_t here = (uintptr_t)values_stacks_and_ids + 5;
	uintptr_t stack[] = { here, here + 10, RT_PC_TRUNCATED };
	uint32_t record = record_of(stack, 3, 1000);
	const struct reader_sample *sample;
	struct rt_snapshot s;
	struct reader_profile p;

	(void)state;
	add(record, 500, 500 * 1000);
	add(record, 500, 500 * 1000);
	drop(record, 500, 500 * 1000);
	assert_true(rt_snapshot_take(&s));
	decode(&s, "heap", &p);
	sample = sample_with(&p, 1000);
	assert_int_equal(sample->n_values, 4);
	assert_int_equal(sample->values[0], 1000);
	assert_int_equal(sample->values[1], 1000000);
	assert_int_equal(sample->values[2], 500);
	assert_int_equal(sample->values[3], 500000);
	assert_int_equal(sample->depth, 3);
	for (size_t i = 0; i < p.n_locations; i++)
		assert_int_equal(p.locations[i].id, i + 1);
	for (size_t i = 0; i < p.n_mappings; i++)
		assert_int_equal(p.mappings[i].id, i + 1);
	/* Addresses are inside the calls, and in this program's mapping. */
	assert_int_equal(p.locations[sample->locations[0] - 1].address, here - 1);
	assert_int_equal(p.locations[sample->locations[0] - 1].mapping, 1);
	assert_true(p.mappings[0].start <= here && here < p.mappings[0].limit);
	assert_non_null(strstr(p.mappings[0].file, "test_rt_encode"));
	assert_string_equal(
	    p.strings[p.functions[p.locations[sample->locations[2] - 1].function - 1]],
	    "[truncated]");
	reader_close(&p);
	rt_snapshot_release(&s);
}

/* Texts that are there already for another reason: names of values and of mapped files. */
static void each_text_is_there_once(void **state)
{
	uintptr_t stack[] = { (uintptr_t)each_text_is_there_once + 5, RT_PC_TRUNCATED };
	struct rt_snapshot s;
	struct reader_profile p;
	char path[512];

	(void)state;
	add(record_of(stack, 2, 4000), 1, 4000);
	assert_true(rt_snapshot_take(&s));
	decode(&s, "heap", &p);
	snprintf(path, sizeof(path), "%s", p.mappings[0].file);
	reader_close(&p);
	rt_snapshot_extra(&s, rt_snapshot_row(&s, 0), "bytes", str_c(path));
	rt_snapshot_extra(&s, rt_snapshot_row(&s, 0), "[truncated]", STR("space"));
	decode(&s, "heap", &p);
	assert_string_equal(p.strings[0], "");
	for (size_t i = 0; i < p.n_strings; i++)
		for (size_t k = i + 1; k < p.n_strings; k++)
			assert_string_not_equal(p.strings[i], p.strings[k]);
	reader_close(&p);
	rt_snapshot_release(&s);
}

static void differences(void **state)
{
	uintptr_t stack[] = { 0x123456 };
	uint32_t grows = record_of(stack, 1, 2000);
	uint32_t shrinks = record_of(stack, 1, 3000);
	struct rt_snapshot before, after;
	struct reader_profile p;

	(void)state;
	add(grows, 1, 2000);
	add(shrinks, 2, 6000);
	assert_true(rt_snapshot_take(&before));
	add(grows, 3, 6000);
	drop(shrinks, 1, 3000);
	assert_true(rt_snapshot_take(&after));
	after.time_ns = before.time_ns + 5000000000;
	assert_true(rt_snapshot_subtract(&after, &before));
	decode(&after, "heap", &p);
	assert_int_equal(p.n_samples, 2);
	assert_int_equal(sample_with(&p, 2000)->values[0], 3);
	assert_int_equal(sample_with(&p, 2000)->values[3], 6000);
	assert_int_equal(sample_with(&p, 3000)->values[0], 0);
	assert_int_equal(sample_with(&p, 3000)->values[2], -1);
	assert_int_equal(sample_with(&p, 3000)->values[3], -3000);
	assert_int_equal(p.duration_ns, 5000000000);
	reader_close(&p);
	rt_snapshot_release(&before);
	rt_snapshot_release(&after);
}

static void text_form(void **state)
{
	uintptr_t stack[] = { 0x777777 };
	uint32_t record = record_of(stack, 1, 4000);
	struct rt_snapshot s;
	struct rt_bytes out = { 0 };

	(void)state;
	add(record, 100, 400000);
	add(record, 100, 400000);
	drop(record, 100, 400000);
	assert_true(rt_snapshot_take(&s));
	rt_textform_heap(&s, &out);
	rt_bytes_add(&out, "", 1);
	assert_false(out.failed);
	/* Sampled counts, as the reader scales them by the rate in the header. */
	assert_memory_equal(out.p, "heap profile: ", 14);
	assert_non_null(strstr((char *)out.p, "] @ heap/1048576\n"));
	assert_non_null(strstr((char *)out.p, "\n1: 4000 [2: 8000] @ 0x777777\n#\t0x777776\n"));
	assert_non_null(strstr((char *)out.p, "\nMAPPED_LIBRARIES:\n"));
	rt_bytes_release(&out);
	rt_snapshot_release(&s);
}

static void compression_without_memory_of_the_host(void **state)
{
	struct rt_bytes plain = { 0 }, gz = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		rt_bytes_add(&plain, "0123456789", 10);
	assert_true(rt_encode_gzip(&plain, &gz));
	assert_true(gz.n < plain.n / 10);
	assert_int_equal(gz.p[0], 0x1f);
	assert_int_equal(gz.p[1], 0x8b);
	rt_bytes_release(&plain);
	rt_bytes_release(&gz);
}

static int start(void **state)
{
	(void)state;
	rt_init();
	return rt_is_ready() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_is_gos),
		cmocka_unit_test(values_stacks_and_ids),
		cmocka_unit_test(each_text_is_there_once),
		cmocka_unit_test(differences),
		cmocka_unit_test(text_form),
		cmocka_unit_test(compression_without_memory_of_the_host),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
