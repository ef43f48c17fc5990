/*
 * Lack of memory at every point: reading, writing, merging and transforming are repeated with the
 * first, second, third … allocation failing until one passes. Each failure must be told as
 * ERR_NOMEM and leave nothing behind (the leak checker of the address sanitizer watches).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <zstd.h>

#include "gen/builder.h"
#include "gen/perfdata.h"
#include "gen/pieces.h"
#include "profile/aggregate.h"
#include "profile/compact.h"
#include "profile/decode.h"
#include "profile/diff.h"
#include "profile/encode.h"
#include "profile/merge.h"
#include "profile/scale.h"

#define ATTEMPTS_MAX 5000

static void make_profile(struct profile *p, const char *unit)
{
	static const int64_t values[] = { 3, 30 };
	struct builder b;
	uint64_t r = 42;
	char text[24];
	uint32_t stack[8];

	builder_begin(&b, p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", unit);
	builder_comment(&b, "comment");
	builder_mapping(&b, 0x1000, 0x200000, 0, "/bin/app", "id");
	for (uint32_t i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "function_%u", i);
		builder_frame(&b, 0, 0x1000 + i, builder_function(&b, text, "f.c", 1), i);
		b.locations.p[i].id = 1000000007ull * (i + 1); /* ids that need hashing */
	}
	for (uint32_t i = 0; i < 100; i++) {
		for (uint32_t k = 0; k < 8; k++)
			stack[k] = gen_below(&r, 200);
		builder_sample(&b, stack, 8, values);
		snprintf(text, sizeof text, "%u", gen_below(&r, 50));
		builder_label(&b, "job", text);
		builder_number(&b, "bytes", i, "bytes");
	}
	builder_finish(&b);
}

/* The operation under test; releases what it makes, returns its result. */
typedef enum err_code operation(void *input, struct err *e);

static void fail_everywhere(operation *run, void *input)
{
	enum err_code code;
	size_t n = 0;

	do {
		struct err e = { 0 };

		assert_true(++n < ATTEMPTS_MAX);
		alloc_fail_at(n);
		code = run(input, &e);
		alloc_fail_at(0);
		if (code != OK) {
			if (code != ERR_NOMEM)
				print_error("%s\n", e.msg);
			assert_int_equal(code, ERR_NOMEM);
			assert_int_equal(e.code, ERR_NOMEM);
		}
	} while (code != OK);
	assert_true(n > 1); /* else nothing was tried */
}

static enum err_code run_decode(void *input, struct err *e)
{
	struct buf *bytes = input;
	struct profile p;
	enum err_code code = profile_decode(&p, buf_str(bytes), e);

	if (code != OK)
		assert_null(p.arena.head);
	profile_release(&p);
	return code;
}

static void put_zstd_around(struct buf *b)
{
	struct buf packed = { 0 };

	assert_true(buf_reserve(&packed, ZSTD_compressBound(b->n)));
	packed.n = ZSTD_compress(packed.p, packed.cap, b->p, b->n, 1);
	assert_false(ZSTD_isError(packed.n));
	buf_release(b);
	*b = packed;
}

static void decoding(void **state)
{
	struct profile p;
	struct buf bytes = { 0 };
	struct err e;

	(void)state;
	make_profile(&p, "nanoseconds");
	assert_int_equal(profile_encode(&p, &bytes, &e), OK);
	fail_everywhere(run_decode, &bytes);
	buf_clear(&bytes);
	assert_int_equal(profile_encode_gzip(&p, &bytes, &e), OK);
	fail_everywhere(run_decode, &bytes);
	buf_clear(&bytes);
	assert_int_equal(profile_encode(&p, &bytes, &e), OK);
	put_zstd_around(&bytes);
	fail_everywhere(run_decode, &bytes);
	buf_release(&bytes);
	profile_release(&p);
}

struct pieces {
	struct str all;
	size_t n; /* bytes a piece */
};

static enum err_code run_decode_pieces(void *input, struct err *e)
{
	const struct pieces *pieces = input;
	struct profile p;
	enum err_code code = pieces_decode(&p, pieces->all, pieces->n, e);

	if (code != OK)
		assert_null(p.arena.head);
	profile_release(&p);
	return code;
}

static void decoding_in_pieces(void **state)
{
	struct profile p;
	struct buf bytes = { 0 };
	struct err e;

	(void)state;
	make_profile(&p, "nanoseconds");
	assert_int_equal(profile_encode(&p, &bytes, &e), OK);
	fail_everywhere(run_decode_pieces, &(struct pieces){ buf_str(&bytes), 1000 });
	buf_release(&bytes);
	profile_release(&p);
}

/* The formats that are not profile.proto: each is another decoder. */
static void decoding_others(void **state)
{
	static const char *const texts[] = {
		"main;work;hash 12\nmain;idle 3\n",
		"heap profile: 1: 16 [2: 48] @ heap_v2/1024\n1: 16 [2: 48] @ 0x1010 0x1020\n"
		"MAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 08:01 5 /bin/app\n",
		"goroutine profile: total 3\n3 @ 0x1010 0x1020\n",
		"--- contentionz 1 ---\ncycles/second = 1000\nsampling period = 2\n"
		"10 2 @ 0x1010 0x1020\n--- Memory map: ---\n1000-2000: /bin/app\n",
		"--- threadz 1 ---\n\n--- Thread 7f (name: main/1) stack: ---\n  0x1010 "
		"0x1021\n--- Memory map: ---\n",
		"--- heapz 1 ---\nformat = java\nresolution = bytes\n16 1 @ 0x1010 0x1020\n"
		"  0x1010 a.b.C.d (C.java:3)\n  0x1020 a.b.C.e (C.java:9)\n",
	};
	static const uint64_t cpu[] = { 0, 3, 0, 10000, 0, 2, 2, 0x1010, 0x1020, 0, 1, 0 };
	struct buf bytes = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		buf_clear(&bytes);
		buf_add(&bytes, texts[i], strlen(texts[i]));
		fail_everywhere(run_decode, &bytes);
	}
	buf_clear(&bytes);
	buf_add(&bytes, cpu, sizeof cpu);
	fail_everywhere(run_decode, &bytes);
	buf_clear(&bytes);
	perfdata_example(&bytes);
	fail_everywhere(run_decode, &bytes);
	buf_clear(&bytes);
	perfdata_example_as(PERFDATA_PACKED_STREAM, true, &bytes);
	fail_everywhere(run_decode, &bytes);
	buf_release(&bytes);
}

static enum err_code run_encode(void *input, struct err *e)
{
	struct buf out = { 0 };
	enum err_code code = profile_encode_gzip(input, &out, e);

	buf_release(&out);
	return code;
}

static void encoding(void **state)
{
	struct profile p;

	(void)state;
	make_profile(&p, "nanoseconds");
	fail_everywhere(run_encode, &p);
	profile_release(&p);
}

static enum err_code run_merge(void *input, struct err *e)
{
	const struct profile *srcs[] = { input, input };
	struct profile out;
	enum err_code code = profile_merge(&out, srcs, 2, e);

	if (code != OK)
		assert_null(out.arena.head);
	profile_release(&out);
	return code;
}

static void merging(void **state)
{
	struct profile p;

	(void)state;
	make_profile(&p, "nanoseconds");
	fail_everywhere(run_merge, &p);
	profile_release(&p);
}

/* The sources are used up, so they are derived anew each time. */
static enum err_code run_combine(void *input, struct err *e)
{
	struct profile *const *given = input;
	struct profile p, q, out = { 0 };
	struct profile *srcs[] = { &p, &q };
	enum err_code code = profile_derive(&p, given[0], e);

	if (code != OK)
		return code;
	code = profile_derive(&q, given[1], e);
	if (code == OK)
		code = profile_combine(&out, srcs, 2, e);
	assert_null(p.arena.head);
	profile_release(&out);
	return code;
}

static void combining(void **state)
{
	struct profile p, q;

	(void)state;
	make_profile(&p, "nanoseconds");
	make_profile(&q, "milliseconds");
	fail_everywhere(run_combine, (struct profile *[]){ &p, &q });
	profile_release(&p);
	profile_release(&q);
}

static enum err_code transform(struct profile *p, const struct profile *base, struct err *e)
{
	const struct aggregate_options keep = { .filename = true };

	TRY(profile_scale(p, -2, e));
	TRY(profile_label_all(p, PROFILE_BASE_LABEL, STR("true"), e));
	TRY(profile_normalize(p, base, e));
	TRY(profile_aggregate(p, &keep, e));
	return profile_compact(p, e);
}

static enum err_code run_transform(void *input, struct err *e)
{
	struct profile p;
	enum err_code code = profile_derive(&p, input, e);

	if (code == OK)
		code = transform(&p, input, e);
	profile_release(&p);
	return code;
}

static void transforming(void **state)
{
	struct profile p;

	(void)state;
	make_profile(&p, "nanoseconds");
	fail_everywhere(run_transform, &p);
	profile_release(&p);
}

static enum err_code run_fake(void *input, struct err *e)
{
	struct profile p;
	enum err_code code = profile_derive(&p, input, e);

	if (code == OK) {
		p.n_mappings = 0;
		code = profile_add_fake_mapping(&p, e);
	}
	profile_release(&p);
	return code;
}

static void faking_a_mapping(void **state)
{
	struct profile p;

	(void)state;
	make_profile(&p, "nanoseconds");
	fail_everywhere(run_fake, &p);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding),
		cmocka_unit_test(decoding_in_pieces),
		cmocka_unit_test(decoding_others),
		cmocka_unit_test(encoding),
		cmocka_unit_test(merging),
		cmocka_unit_test(combining),
		cmocka_unit_test(transforming),
		cmocka_unit_test(faking_a_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
