/*
 * The bytes of an encoded profile, written out by hand after the format: order of fields, order of
 * strings, packing, what is left out. Then: reading what was written gives the same bytes again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "gen/rawproto.h"
#include "profile/decode.h"
#include "profile/encode.h"
#include "profile/gzip.h"

static void assert_encodes(const struct profile *p, const struct buf *expected)
{
	struct buf got = { 0 };
	struct err e;

	assert_int_equal(profile_encode(p, &got, &e), OK);
	assert_int_equal(got.n, expected->n);
	assert_memory_equal(got.p, expected->p, got.n);
	buf_release(&got);
}

static void an_empty_profile_has_a_string_and_a_default(void **state)
{
	struct buf expected = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	assert_int_equal(profile_init(&p, &e), OK);
	raw_bytes(&expected, PB_PROFILE_STRING_TABLE, STR(""));
	raw_uint(&expected, PB_PROFILE_DEFAULT_SAMPLE_TYPE, 0);
	assert_encodes(&p, &expected);
	buf_release(&expected);
	profile_release(&p);
}

/* Two samples: short stack and two labels; long stack and none. */
static void make_profile(struct profile *p)
{
	static const int64_t values[][2] = { { 1, -1 }, { 0, 300 } };
	static const uint32_t long_stack[] = { 1, 0, 1 };
	struct builder b;
	uint32_t f;

	builder_begin(&b, p);
	builder_type(&b, "objects", "count");
	builder_type(&b, "space", "bytes");
	builder_mapping(&b, 0x400000, 0x500000, 0x1000, "/bin/app", "c0ffee");
	b.mappings.p[0].has_functions = true;
	b.mappings.p[0].has_inline_frames = true;
	f = builder_function(&b, "main", "main.c", 10);
	builder_location(&b, 0, 0x400100);
	builder_line(&b, f, 12, 3);
	builder_line(&b, f, 20, 0);
	b.locations.p[0].id = 500;
	builder_location(&b, PROFILE_NONE, 0);
	b.locations.p[1].is_folded = true;
	builder_sample(&b, long_stack, 2, values[0]);
	builder_number(&b, "bytes", 16, "bytes");
	builder_label(&b, "zone", "b");
	builder_label(&b, "job", "x");
	builder_label(&b, "zone", "a");
	builder_number(&b, "align", 0, "bytes");
	builder_sample(&b, long_stack, 3, values[1]);
	p->time_ns = 7;
	p->duration_ns = 8;
	p->period = 524288;
	p->period_type.type = profile_intern(p, STR("space"));
	p->drop_frames = profile_intern(p, STR("malloc"));
	builder_comment(&b, "one");
	builder_comment(&b, "two");
	builder_comment(&b, "main");
	builder_finish(&b);
}

enum index {
	S_OBJECTS = 1,
	S_COUNT,
	S_SPACE,
	S_BYTES,
	S_JOB,
	S_X,
	S_ZONE,
	S_B,
	S_A,
	S_ALIGN,
	S_APP,
	S_ID,
	S_MAIN,
	S_FILE,
	S_MALLOC,
	S_ONE,
	S_TWO,
	N_STRINGS
};

static const char *const strings[] = { "", "objects", "count", "space", "bytes", "job", "x", "zone",
	"b", "a", "align", "/bin/app", "c0ffee", "main", "main.c", "malloc", "one", "two" };

static void expect_samples(struct buf *out)
{
	struct buf m = { 0 };

	raw_uint(&m, PB_SAMPLE_LOCATION_ID, 2);
	raw_uint(&m, PB_SAMPLE_LOCATION_ID, 500);
	raw_uint(&m, PB_SAMPLE_VALUE, 1);
	raw_uint(&m, PB_SAMPLE_VALUE, (uint64_t)-1);
	raw_simple(&m, PB_SAMPLE_LABEL, 1, S_JOB, 2, S_X);
	raw_simple(&m, PB_SAMPLE_LABEL, 1, S_ZONE, 2, S_B);
	raw_simple(&m, PB_SAMPLE_LABEL, 1, S_ZONE, 2, S_A);
	raw_simple(&m, PB_SAMPLE_LABEL, 1, S_ALIGN, 4, S_BYTES);
	raw_simple(&m, PB_SAMPLE_LABEL, 1, S_BYTES, 3, 16, 4, S_BYTES);
	raw_message(out, PB_PROFILE_SAMPLE, &m);
	raw_bytes(&m, PB_SAMPLE_LOCATION_ID, STR("\x02\xf4\x03\x02"));
	raw_uint(&m, PB_SAMPLE_VALUE, 0);
	raw_uint(&m, PB_SAMPLE_VALUE, 300);
	raw_message(out, PB_PROFILE_SAMPLE, &m);
	buf_release(&m);
}

static void expect_tables(struct buf *out)
{
	struct buf m = { 0 };

	raw_simple(out, PB_PROFILE_MAPPING, 1, 1, 2, 0x400000, 3, 0x500000, 4, 0x1000, 5, S_APP, 6,
	    S_ID, 7, 1, 10, 1);
	raw_numbers(&m, (uint64_t[]){ 1, 500, 2, 1, 3, 0x400100, 0 });
	raw_simple(&m, PB_LOCATION_LINE, 1, 1, 2, 12, 3, 3);
	raw_simple(&m, PB_LOCATION_LINE, 1, 1, 2, 20);
	raw_message(out, PB_PROFILE_LOCATION, &m);
	raw_simple(out, PB_PROFILE_LOCATION, 1, 2, 5, 1);
	raw_simple(out, PB_PROFILE_FUNCTION, 1, 1, 2, S_MAIN, 3, S_MAIN, 4, S_FILE, 5, 10);
	buf_release(&m);
}

static void every_field_has_its_place(void **state)
{
	struct buf expected = { 0 };
	struct profile p;

	(void)state;
	raw_simple(&expected, PB_PROFILE_SAMPLE_TYPE, 1, S_OBJECTS, 2, S_COUNT);
	raw_simple(&expected, PB_PROFILE_SAMPLE_TYPE, 1, S_SPACE, 2, S_BYTES);
	expect_samples(&expected);
	expect_tables(&expected);
	raw_strings(&expected, strings, N_STRINGS);
	raw_uint(&expected, PB_PROFILE_DROP_FRAMES, S_MALLOC);
	raw_uint(&expected, PB_PROFILE_TIME_NANOS, 7);
	raw_uint(&expected, PB_PROFILE_DURATION_NANOS, 8);
	raw_simple(&expected, PB_PROFILE_PERIOD_TYPE, 1, S_SPACE);
	raw_uint(&expected, PB_PROFILE_PERIOD, 524288);
	raw_bytes(&expected, PB_PROFILE_COMMENT, STR("\x10\x11\x0d")); /* one, two, main */
	raw_uint(&expected, PB_PROFILE_DEFAULT_SAMPLE_TYPE, 0);
	make_profile(&p);
	assert_encodes(&p, &expected);
	profile_release(&p);
	buf_release(&expected);
}

static void reading_back_gives_the_same_bytes(void **state)
{
	struct buf first = { 0 }, zipped = { 0 };
	struct profile p, q;
	struct err e;

	(void)state;
	make_profile(&p);
	assert_int_equal(profile_encode(&p, &first, &e), OK);
	assert_int_equal(profile_encode_gzip(&p, &zipped, &e), OK);
	assert_int_equal(profile_decode(&q, buf_str(&zipped), &e), OK);
	assert_encodes(&q, &first);
	assert_int_equal(q.locations[1].mapping, PROFILE_NONE);
	assert_true(q.locations[1].is_folded);
	profile_release(&p);
	profile_release(&q);
	buf_release(&first);
	buf_release(&zipped);
}

/* Ids of every length a varint can have, in stacks short and long. */
static void ids_of_any_length_survive(void **state)
{
	struct profile p, q;
	struct builder b;
	struct buf out = { 0 };
	struct err e;
	uint32_t stack[64];
	int64_t value = 5;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "n", "count");
	for (uint32_t i = 0; i < 64; i++) {
		stack[i] = builder_location(&b, PROFILE_NONE, i);
		b.locations.p[i].id = ((uint64_t)1 << i) + 1; /* 2 … 2^63 + 1 */
	}
	for (uint32_t depth = 0; depth <= 64; depth++)
		builder_sample(&b, stack + (64 - depth), depth, &value);
	builder_finish(&b);
	assert_int_equal(profile_encode(&p, &out, &e), OK);
	assert_int_equal(profile_decode(&q, buf_str(&out), &e), OK);
	assert_encodes(&q, &out);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(q.samples.stacks[q.samples.stack_at[64] + i], i);
	profile_release(&p);
	profile_release(&q);
	buf_release(&out);
}

/* Takes what comes, as a file would. */
struct collector {
	struct buf_sink sink;
	struct buf all;
	unsigned calls;
};

static bool collect(struct buf_sink *sink, struct str bytes)
{
	struct collector *c = (struct collector *)sink;

	buf_add_str(&c->all, bytes);
	c->calls++;
	return true;
}

static bool refuse(struct buf_sink *sink, struct str bytes)
{
	(void)sink;
	(void)bytes;
	return false;
}

/* The same gzip bytes, whether they stay in memory or go out in pieces. */
static void assert_drains(const struct profile *p, struct str zipped)
{
	struct collector c = { .sink.take = collect };
	struct buf_sink refusing = { refuse };
	struct buf out = { .sink = &c.sink };
	struct err e;

	assert_int_equal(profile_encode_gzip(p, &out, &e), OK);
	assert_true(c.calls > 1);
	assert_true(out.cap < zipped.n / 2);
	buf_add_str(&c.all, buf_str(&out));
	assert_true(str_eq(buf_str(&c.all), zipped));
	buf_clear(&out);
	out.sink = &refusing;
	assert_int_equal(profile_encode_gzip(p, &out, &e), ERR_NOMEM);
	buf_release(&out);
	buf_release(&c.all);
}

/* Much more than is packed at once. */
static void large_profiles_are_written_in_pieces(void **state)
{
	struct buf first = { 0 }, zipped = { 0 }, again = { 0 };
	struct profile p, q;
	struct builder b;
	struct err e;
	uint32_t stack[200];
	uint64_t seed = 1;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "n", "count");
	for (uint32_t i = 0; i < 200; i++)
		stack[i] = builder_location(&b, PROFILE_NONE, i);
	for (uint32_t i = 0; i < 100000; i++) { /* 40 MB, which packs to more than 1 MB */
		int64_t values[] = { (int64_t)(seed >> 20) };

		seed = seed * 6364136223846793005 + 1442695040888963407;
		builder_sample(&b, stack, 200 - i % 2, values);
	}
	for (uint32_t i = 0; i < 200; i++)
		b.locations.p[i].id = 20000 + i;
	builder_finish(&b);
	assert_int_equal(profile_encode(&p, &first, &e), OK);
	assert_true(first.n > (size_t)32 << 20);
	assert_int_equal(profile_encode_gzip(&p, &zipped, &e), OK);
	assert_drains(&p, buf_str(&zipped));
	assert_int_equal(profile_decode(&q, buf_str(&zipped), &e), OK);
	assert_int_equal(profile_encode(&q, &again, &e), OK);
	assert_true(str_eq(buf_str(&first), buf_str(&again)));
	buf_clear(&zipped);
	assert_int_equal(profile_gzip(buf_str(&first), &zipped, &e), OK); /* at once, same text */
	profile_release(&q);
	assert_int_equal(profile_decode(&q, buf_str(&zipped), &e), OK);
	assert_int_equal(q.samples.n, p.samples.n);
	profile_release(&p);
	profile_release(&q);
	buf_release(&first);
	buf_release(&zipped);
	buf_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_profile_has_a_string_and_a_default),
		cmocka_unit_test(every_field_has_its_place),
		cmocka_unit_test(reading_back_gives_the_same_bytes),
		cmocka_unit_test(ids_of_any_length_survive),
		cmocka_unit_test(large_profiles_are_written_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
