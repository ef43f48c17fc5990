/*
 * The formats from before profile.proto, each with a small input made by hand, and the repairs of
 * memory maps. Expected values were worked out from the formats' descriptions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "profile/check.h"
#include "profile/legacy/legacy.h"
#include "unit/profile/samples_text.h"

static struct profile decoded(struct str bytes)
{
	struct profile p;
	struct err e;

	if (legacy_decode(&p, bytes, &e) != OK)
		fail_msg("%s", e.msg);
	assert_int_equal(profile_check(&p, &e), OK);
	return p;
}

static void refused(struct str bytes, const char *message)
{
	struct profile p;
	struct err e = { 0 };

	assert_int_equal(legacy_decode(&p, bytes, &e), ERR_FORMAT);
	assert_string_equal(e.msg, message);
	assert_int_equal(p.samples.n, 0);
	profile_release(&p);
}

static void expect_types(const struct profile *p, const char *expected)
{
	struct buf out = { 0 };

	for (uint32_t i = 0; i < p->n_sample_types; i++)
		buf_printf(&out, "%.*s/%.*s ", STR_ARG(profile_str(p, p->sample_types[i].type)),
		    STR_ARG(profile_str(p, p->sample_types[i].unit)));
	buf_printf(&out, "period %.*s/%.*s %lld", STR_ARG(profile_str(p, p->period_type.type)),
	    STR_ARG(profile_str(p, p->period_type.unit)), (long long)p->period);
	assert_string_equal(buf_c(&out), expected);
	buf_release(&out);
}

/* "start-limit@offset file build-id" of every mapping. */
static void expect_mappings(const struct profile *p, const char *expected)
{
	struct buf out = { 0 };

	for (uint32_t i = 0; i < p->n_mappings; i++) {
		const struct mapping *m = &p->mappings[i];

		assert_int_equal(m->id, i + 1);
		buf_printf(&out, "%llx-%llx@%llx %.*s %.*s\n", (unsigned long long)m->start,
		    (unsigned long long)m->limit, (unsigned long long)m->offset,
		    STR_ARG(profile_str(p, m->file)), STR_ARG(profile_str(p, m->build_id)));
	}
	assert_string_equal(buf_c(&out), expected);
	buf_release(&out);
}

static bool drops(const struct profile *p, const char *name)
{
	return str_find(profile_str(p, p->drop_frames), str_c(name)) != STR_NPOS;
}

/* Words of `size` bytes in the given byte order. */
static void put_words(
    struct buf *out, unsigned size, bool big_endian, const uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < size; k++) {
			unsigned at = big_endian ? size - 1 - k : k;

			buf_char(out, (char)(words[i] >> (8 * at)));
		}
}

#define N(words) (sizeof(words) / sizeof(words)[0])

static void cpu_profiles_have_words_of_any_kind(void **state)
{
	static const uint64_t words[] = { 0, 3, 0, 10000, 0,
		/* count, depth, addresses: no common second frame */
		2, 3, 0x1100, 0x1201, 0x1301, 1, 2, 0x1101, 0x1301, 5, 1, 0x9000, 0, 1, 0 };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct buf in = { 0 };
		struct profile p;

		put_words(&in, kind & 1 ? 8 : 4, kind & 2, words, N(words));
		BUF_LIT(&in, "1000-2000 r-xp 00000000 08:01 17   /bin/app\n"
			     "2000-3000 rw-p 00001000 08:01 17   /bin/app\n");
		p = decoded(buf_str(&in));
		expect_types(&p, "samples/count cpu/nanoseconds period cpu/nanoseconds 10000000");
		expect_samples(&p, "2,20000000 1100 1200 1300\n1,10000000 1101 1300\n"
				   "5,50000000 9000\n");
		expect_mappings(&p, "1000-2000@0 /bin/app \n0-ffffffffffffffff@0  \n");
		assert_int_equal(p.locations[0].mapping, 0);
		assert_int_equal(p.locations[p.n_locations - 1].mapping, 1);
		assert_true(drops(&p, "__pthread_sighandler"));
		profile_release(&p);
		buf_release(&in);
	}
}

static void handler_frames_and_doubled_leaves_go(void **state)
{
	static const uint64_t words[] = { 0, 3, 0, 1, 0,
		/* 0x501 is the handler's frame in both; then the leaf comes again */
		1, 4, 0x100, 0x501, 0x100, 0x201, 1, 3, 0x110, 0x501, 0x301, 0, 1, 0 };
	struct buf in = { 0 };
	struct profile p;

	(void)state;
	put_words(&in, 8, false, words, N(words));
	p = decoded(buf_str(&in));
	expect_samples(&p, "1,1000 100 200\n1,1000 110 300\n");
	assert_int_equal(p.locations[0].address, 0x100);
	profile_release(&p);
	buf_release(&in);
}

static void broken_cpu_profiles_are_not_recognised(void **state)
{
	static const uint64_t deep[] = { 0, 3, 0, 1, 0, 1, 1000, 0x10 };
	static const uint64_t no_period[] = { 0, 3, 0, 0, 0, 0, 1, 0 };
	struct buf in = { 0 };

	(void)state;
	put_words(&in, 8, false, deep, N(deep));
	refused(buf_str(&in), "unrecognized profile format");
	buf_clear(&in);
	put_words(&in, 4, false, no_period, N(no_period));
	refused(buf_str(&in), "unrecognized profile format");
	buf_release(&in);
}

static void java_cpu_profiles_name_their_addresses(void **state)
{
	static const uint64_t words[] = { 0, 3, 1, 1000, 0, 3, 3, 1, 2, 3, 1, 1, 4, 0, 1, 0 };
	struct buf in = { 0 };
	struct profile p;

	(void)state;
	put_words(&in, 4, false, words, N(words));
	BUF_LIT(&in, "0x1 com.a.F.run (F.java:12)\n0x2 native (/usr/lib/libn.so)\n"
		     "0x3 VM\n0x77 unused (U.java:1)\n");
	p = decoded(buf_str(&in));
	expect_samples(&p, "3,3000000 com.a.F.run native VM\n1,1000000 0\n");
	assert_int_equal(p.n_functions, 3);
	assert_true(str_is(profile_str(&p, p.functions[0].filename), "F.java"));
	assert_true(str_is(profile_str(&p, p.functions[1].filename), "libn.so"));
	assert_int_equal(p.lines[p.locations[0].first_line].line, 12);
	profile_release(&p);
	buf_release(&in);
}

static void heap_profiles_tell_how_they_were_sampled(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("heap profile:      3:     60 [    3:     60] @ heapprofile\n"
			"# comment\n"
			"     1:     10 [     1:     10] @ 0x11 0x21\n\n"
			"     2:     50 [     2:     50] @ 0x11\n"));
	expect_types(&p, "objects/count space/bytes period space/bytes 1");
	expect_samples(&p, "1,10 10 20 bytes=10\n2,50 10 bytes=25\n");
	assert_true(drops(&p, "malloc_zone_malloc") && drops(&p, "operator new(\\[\\])?"));
	assert_true(p.keep_frames != 0);
	profile_release(&p);
	/* 1/(1 - exp(-512/1024)) is 2.541494 */
	p = decoded(STR("heap profile: 1: 512 [1: 512] @ heap_v2/1024\n"
			"4: 2048 [4: 2048] @ 0x11\n"));
	expect_types(&p, "objects/count space/bytes period space/bytes 1024");
	expect_samples(&p, "10,5204 10 bytes=512\n");
	profile_release(&p);
	/* the same with half the rate given */
	p = decoded(STR("heap profile: 1: 512 [1: 512] @ heap/2048\n"
			"4: 2048 [4: 2048] @ 0x11\n"));
	expect_samples(&p, "10,5204 10 bytes=512\n");
	profile_release(&p);
	p = decoded(STR("heap profile: 1: 512 [1: 512] @ growthz\n"
			"-4: -2048 [4: 2048] @ 0x11\n"));
	expect_samples(&p, "-4,-2048 10 bytes=512\n");
	profile_release(&p);
}

static void heap_profiles_may_count_what_was_allocated(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("heap profile: 1: 10 [5: 50] @ heapprofile\n"
			"1: 10 [3: 60] @ 0x11\n0: 0 [2: 80] @ 0x21\n"));
	expect_types(&p, "alloc_objects/count alloc_space/bytes inuse_objects/count "
			 "inuse_space/bytes period space/bytes 1");
	expect_samples(&p, "3,60,1,10 10 bytes=10\n2,80,0,0 20 bytes=40\n");
	profile_release(&p);
}

static void broken_heap_rows_have_their_own_errors(void **state)
{
	(void)state;
	refused(STR("heap profile: 1: 1 [1: 1] @ heapprofile\nnonsense\n"),
	    "unexpected number of sample values: got 0, want 6");
	refused(STR("heap profile: 1: 1 [1: 1] @ heapprofile\n0: 5 [0: 5] @ 0x1\n"),
	    "inuse count was 0 but inuse bytes was 5");
	refused(STR("heap profile: 1: 1 [1: 1] @ heapprofile\n1: 5 [1: 5] @ "
		    "0x11111111111111111\n"),
	    "malformed sample: 1: 5 [1: 5] @ 0x11111111111111111: "
	    "failed to parse as hex 64-bit number: 0x11111111111111111");
	refused(STR("heap profile: 1: 1 [1: 1] @ heapprofile\n"
		    "99999999999999999999: 5 [1: 5] @ 0x1\n"),
	    "malformed sample: 99999999999999999999: 5 [1: 5] @ 0x1: strconv.ParseInt: parsing "
	    "\"99999999999999999999\": value out of range");
	refused(STR("heap profile: 1: 1 [1: 1] @ heap_of_ours\n"), "unrecognized profile format");
}

static void jemalloc_counts_all_threads_of_a_stack(void **state)
{
	struct profile p;

	(void)state;
	/* 1/(1 - exp(-512/1024)) is 2.541494; threads are in the sum. */
	p = decoded(STR("heap_v2/1024\n  t*: 4: 2048 [0: 0]\n  t0: 4: 2048 [0: 0]\n"
			"@ 0x11 0x21\n  t*: 4: 2048 [0: 0]\n  t0: 3: 1536 [0: 0]\n"
			"  t1: 1: 512 [0: 0]\n@ 0x31\n  t*: 0: 0 [0: 0]\n\n"
			"MAPPED_LIBRARIES:\n10-40 r-xp 00000000 00:00 1 /bin/a\n"));
	expect_types(&p, "objects/count space/bytes period space/bytes 1024");
	expect_samples(&p, "10,5204 10 20 bytes=512\n0,0 30 bytes=0\n");
	expect_mappings(&p, "10-40@0 /bin/a \n");
	assert_true(drops(&p, "malloc_zone_malloc"));
	profile_release(&p);
	/* prof_accum:true; every block is sampled */
	p = decoded(STR("heap_v2/1\n  t*: 1: 10 [5: 140]\n"
			"@ 0x11\n  t*: 1: 10 [3: 60]\n@ 0x21\n  t*: 0: 0 [2: 80]\n"));
	expect_types(&p, "alloc_objects/count alloc_space/bytes inuse_objects/count "
			 "inuse_space/bytes period space/bytes 1");
	expect_samples(&p, "3,60,1,10 10 bytes=10\n2,80,0,0 20 bytes=40\n");
	profile_release(&p);
}

static void broken_jemalloc_profiles_are_refused(void **state)
{
	(void)state;
	refused(STR("heap_v2/0\n  t*: 1: 10 [0: 0]\n"), "unrecognized profile format");
	refused(STR("heap_v2/1k\n"), "unrecognized profile format");
	refused(STR("heap_v2/1\n"), "malformed jemalloc heap profile: it ends early");
	refused(STR("heap_v2/1\n@ 0x11\n"), "malformed jemalloc heap profile: @ 0x11");
	refused(STR("heap_v2/1\n t*: 1: 10 [0: 0]\n t*: 1: 10 [0: 0]\n"),
	    "malformed jemalloc heap profile: t*: 1: 10 [0: 0]");
	refused(STR("heap_v2/1\n t*: 1: 10 [0: 0]\n@ 0x11\n@ 0x11\n"),
	    "malformed jemalloc heap profile: @ 0x11");
	refused(STR("heap_v2/1\n t*: 1: 10 [0: 0]\n@ 0x11\n t*: one\n"),
	    "malformed jemalloc heap profile: t*: one");
	refused(STR("heap_v2/1\n t*: 1: 10 [0: 0]\nnonsense\n"),
	    "malformed jemalloc heap profile: nonsense");
	refused(STR("heap_v2/1\n t*: 99999999999999999999: 10 [0: 0]\n"),
	    "strconv.ParseInt: parsing \"99999999999999999999\": value out of range");
}

static void go_counts_end_at_dashes(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("\n# text\ngoroutine profile: total 5\n"
			"3 @ 0x11 0x21\n#\t0x11\tmain.f+0x1\tf.go:1\n\n2 @ 0x11\n"
			"--- more ---\nnot a row\n"));
	expect_types(&p, "goroutine/count period goroutine/count 1");
	expect_samples(&p, "3 10 20\n2 10\n");
	expect_mappings(&p, "0-ffffffffffffffff@0  \n");
	profile_release(&p);
	refused(STR("goroutine profile: total 5\n3 @ nothing\n"), "malformed profile format");
	refused(STR("goroutine profile: total 5\n08 @ 0x1\n"), "malformed profile format");
	refused(STR("two words profile: total 5\n"), "unrecognized profile format");
}

static void threads_may_be_the_same_as_before(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("--- threadz 1 ---\n\n"
			"--- Thread 7f00 (name: main/1) stack: ---\n"
			"  PC: 0x10 0x21: f()\n  0x31\n"
			"--- Thread 7f01 (name: worker/2) stack: ---\n"
			"  [same as previous thread]\n"
			"--- Thread 7f02 (name: a/b/3) stack: ---\n  0x40 0x40 0x51\n"
			"--- Memory map: ---\n"));
	expect_types(&p, "thread/count period thread/count 1");
	expect_samples(&p, "2 10 20 30\n1 40 50\n");
	profile_release(&p);
	p = decoded(STR("--- Thread 7f00 (name: main/1) stack: ---\n 0x10\n"
			"---- no stack trace for thread 7\n"));
	expect_samples(&p, "1 10\n");
	profile_release(&p);
	refused(STR("--- threadz 1 ---\n--- Thread 7f00 (name: main/1) stack: ---\n 0x10\n"),
	    "unrecognized profile format");
}

static void contentions_are_scaled_by_clock_and_period(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("--- contentionz 1 ---\ncycles/second = 2000000000\n"
			"sampling period = 100\nms since reset = 16502\ndiscarded samples = 0\n"
			"  1000 3 @ 0x11 0x21\n"));
	expect_types(&p, "contentions/count delay/nanoseconds period contentions/count 100");
	expect_samples(&p, "300,50000 10 20\n");
	assert_true(p.duration_ns == INT64_C(16502000000));
	assert_true(drops(&p, "SubmitSpinLockProfileData") && p.keep_frames == 0);
	profile_release(&p);
	p = decoded(STR("--- mutex:\nsampling period=0x2\n1000 3 @ 0x11\n#\t0x10\tf\n"));
	expect_samples(&p, "6,1000 10\n");
	profile_release(&p);
	refused(STR("--- contention:\nunknown = 1\n1 1 @ 0x1\n"), "unrecognized profile format");
	refused(STR("--- contention:\nwords\n"), "unrecognized profile format");
}

static void java_texts_have_value_and_count_swapped(void **state)
{
	struct profile p;

	(void)state;
	p = decoded(STR("--- heapz 1 ---\nformat = java\nresolution = bytes\n"
			"  5242880 5 @ 0x01 0x02\n"
			"  0x01 a.F (F.java:7)\n  0x02 generated stub/JIT\n"));
	expect_types(&p, "inuse_objects/count inuse_space/bytes period / 0");
	/* 1/(1 - exp(-1048576/524288)) is 1.156518 */
	expect_samples(&p, "5,6063483 a.F STUB bytes=1048576\n");
	profile_release(&p);
	p = decoded(STR("--- contentionz 1 ---\nformat = java\nresolution = microseconds\n"
			"sampling period = 10\nms since reset = 5\n 7 2 @ 0x1\n"
			" 0x1 lock (A.java:x)\n"));
	expect_types(&p, "contentions/count delay/microseconds period contentions/count 10");
	expect_samples(&p, "20,70 lock\n");
	profile_release(&p);
	refused(STR("--- heapz 1 ---\nformat = c\n"), "unrecognized profile format");
	refused(STR("--- heapz 1 ---\nformat = java\n 7 0 @ 0x1\n"),
	    "parsing sample 7 0 @ 0x1: second value must be non-zero");
	refused(
	    STR("--- heapz 1 ---\nformat = java\n 7 1 @ 0x1\n"), "missing sample type information");
}

static void maps(const char *lines, const char *expected)
{
	struct buf in = { 0 };
	struct profile p;

	BUF_LIT(&in, "goroutine profile: total 1\n1 @ 0x400101\n--- Memory map: ---\n");
	buf_add_str(&in, str_c(lines));
	p = decoded(buf_str(&in));
	expect_mappings(&p, expected);
	profile_release(&p);
	buf_release(&in);
}

static void memory_maps_come_in_many_forms(void **state)
{
	(void)state;
	maps("400000-500000 r-xp 00000000 08:01 99 /bin/app\n"
	     "500000-600000 r--p 00100000 08:01 99 /bin/app\n",
	    "400000-500000@0 /bin/app \n");
	maps("  0x400000-0x500000: /bin/app (@FF00) abc123\n",
	    "400000-500000@ff00 /bin/app abc123\n");
	maps("main.cc:12] 400000 500000 /bin/app\nwxyz x] other\n", "400000-500000@0 /bin/app \n");
	maps("build=/home/b\nlib=$build/lib\n400000-500000: $build/app\n"
	     "700000-800000: $lib/$none.so\n",
	    "400000-500000@0 /home/b/app \n700000-800000@0 /home/b/lib/$none.so \n");
	maps("", "0-ffffffffffffffff@0  \n");
}

static void memory_maps_are_repaired(void **state)
{
	(void)state;
	/* ranges of one file that touch are one */
	maps("400000-500000: /bin/app (@1000)\n500000-600000: /bin/app (@101000)\n"
	     "600000-700000: /bin/app (@5000)\n",
	    "400000-600000@1000 /bin/app \n600000-700000@5000 /bin/app \n");
	/* the program goes first: not a library, not in brackets */
	maps("100000-200000: /lib/a.so.1\n200000-300000: [vdso]\n400000-500000: /bin/app\n",
	    "400000-500000@0 /bin/app \n200000-300000@0 [vdso] \n"
	    "100000-200000@0 /lib/a.so.1 \n");
	maps("3ff000-400000: /anon_hugepage (deleted)\n400000-500000: /bin/app\n",
	    "400000-500000@0 /bin/app \n");
	/* what began at 0x400000 begins there again */
	maps("401000-500000: /bin/app (@1000)\n", "400000-500000@0 /bin/app \n");
	/* the address lies in the part that was lost */
	maps("100000-200000: /bin/app\n480000-500000: /lib/b.so (@80000)\n",
	    "100000-200000@0 /bin/app \n400000-500000@0 /lib/b.so \n");
}

static void long_lines_are_refused(void **state)
{
	char *text = malloc(70000);
	struct profile p;
	struct err e;

	(void)state;
	memset(text, 'x', 70000);
	refused((struct str){ text, 70000 }, "bufio.Scanner: token too long");
	text[65535] = '\n';
	assert_int_equal(legacy_decode(&p, (struct str){ text, 65536 }, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "unrecognized profile format");
	free(text);
}

static void short_memory_is_reported(void **state)
{
	struct str in = STR("heap profile: 1: 10 [5: 50] @ heapprofile\n1: 10 [3: 60] @ 0x11 0x21\n"
			    "MAPPED_LIBRARIES:\na=b\n10-40: /bin/$a\n");

	(void)state;
	for (size_t n = 1;; n++) {
		struct profile p;
		enum err_code rc;
		struct err e;

		alloc_fail_at(n);
		rc = legacy_decode(&p, in, &e);
		alloc_fail_at(0);
		if (rc == OK) {
			expect_mappings(&p, "10-40@0 /bin/b \n");
			profile_release(&p);
			return;
		}
		assert_int_equal(rc, ERR_NOMEM);
		profile_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_profiles_have_words_of_any_kind),
		cmocka_unit_test(handler_frames_and_doubled_leaves_go),
		cmocka_unit_test(broken_cpu_profiles_are_not_recognised),
		cmocka_unit_test(java_cpu_profiles_name_their_addresses),
		cmocka_unit_test(heap_profiles_tell_how_they_were_sampled),
		cmocka_unit_test(heap_profiles_may_count_what_was_allocated),
		cmocka_unit_test(broken_heap_rows_have_their_own_errors),
		cmocka_unit_test(jemalloc_counts_all_threads_of_a_stack),
		cmocka_unit_test(broken_jemalloc_profiles_are_refused),
		cmocka_unit_test(go_counts_end_at_dashes),
		cmocka_unit_test(threads_may_be_the_same_as_before),
		cmocka_unit_test(contentions_are_scaled_by_clock_and_period),
		cmocka_unit_test(java_texts_have_value_and_count_swapped),
		cmocka_unit_test(memory_maps_come_in_many_forms),
		cmocka_unit_test(memory_maps_are_repaired),
		cmocka_unit_test(long_lines_are_refused),
		cmocka_unit_test(short_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
