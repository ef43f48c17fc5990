/* Folded stacks and perf.data, through profile_decode as users meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/perfdata.h"
#include "profile/decode.h"

static void expect_error(struct str bytes, const char *text)
{
	struct profile p;
	struct err e;

	assert_int_not_equal(profile_decode(&p, bytes, &e), OK);
	assert_string_equal(e.msg, text);
	assert_null(p.arena.head);
}

static struct str frame_name(const struct profile *p, size_t sample, size_t frame)
{
	size_t depth;
	const uint32_t *stack = sample_stack(p, sample, &depth);
	const struct location *l = &p->locations[stack[frame]];

	assert_true(frame < depth);
	return profile_str(p, p->functions[location_lines(p, l)->function].name);
}

static void folded(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	assert_int_equal(profile_decode(&p,
			     STR("# a comment\n\nmain;work with space;f(int, char) 12\r\n"
				 "main;idle 3\nmain;work with space;f(int, char) -2"),
			     &e),
	    OK);
	assert_int_equal(p.samples.n, 3);
	assert_int_equal(p.n_functions, 4);
	assert_true(str_is(frame_name(&p, 0, 0), "f(int, char)"));
	assert_true(str_is(frame_name(&p, 0, 2), "main"));
	assert_int_equal(sample_values(&p, 1)[0], 3);
	assert_int_equal(sample_values(&p, 2)[0], -2);
	profile_release(&p);
}

static void not_folded(void **state)
{
	static const char unknown[] = "parsing profile: unrecognized profile format";
	struct buf deep = { 0 };

	(void)state;
	expect_error(STR("hello world\n"), unknown);
	expect_error(STR("main 3\n"), unknown);
	expect_error(STR("# by hand\nmain;work 3\n\nmain;work x\n"),
	    "parsing profile: folded stacks: line 4 is not a stack, a space and a count");
	expect_error(STR("main 3\nmain;work x\n"), unknown);
	expect_error(STR("main;work 99999999999999999999\n"), unknown);
	for (size_t i = 0; i < 70000; i++)
		BUF_LIT(&deep, "f;");
	BUF_LIT(&deep, "f 1");
	expect_error(buf_str(&deep), "parsing profile: a stack has more than 65536 frames");
	buf_release(&deep);
}

static uint64_t leaf_address(const struct profile *p, size_t i)
{
	size_t depth;

	return p->locations[sample_stack(p, i, &depth)[0]].address;
}

static struct str text_label(const struct profile *p, size_t i, const char *key)
{
	size_t n;
	const struct label *l = sample_labels(p, i, &n);

	while (n > 0 && !str_is(profile_str(p, l->key), key))
		l++, n--;
	return n ? profile_str(p, l->str) : STR("");
}

static void open_example(struct profile *p, int form)
{
	struct buf bytes = { 0 };
	struct err e = { 0 };

	perfdata_example_as((enum perfdata_form)(form / 2), form % 2, &bytes);
	if (profile_decode(p, buf_str(&bytes), &e) != OK)
		fail_msg("form %d: %s", form, e.msg);
	buf_release(&bytes);
}

static void check_samples(int form)
{
	struct profile p;

	open_example(&p, form);
	assert_int_equal(p.n_sample_types, 4);
	assert_true(str_is(profile_str(&p, p.sample_types[1].type), "cpu"));
	assert_true(str_is(profile_str(&p, p.sample_types[3].type), "page-faults"));
	/* The two equal ones are one. */
	assert_int_equal(p.samples.n, 4);
	assert_int_equal(sample_values(&p, 0)[0], 2);
	assert_int_equal(sample_values(&p, 0)[1], 2000000);
	assert_int_equal(leaf_address(&p, 0), 0x401234);
	assert_true(str_is(text_label(&p, 0, "comm"), "server"));
	assert_int_equal(sample_values(&p, 2)[3], 5);
	/* The child has its parent's program, and a name of its own. */
	assert_true(str_is(text_label(&p, 3, "comm"), "child"));
	assert_int_equal(leaf_address(&p, 3), 0x401234);
	assert_int_equal(p.duration_ns, 6);
	profile_release(&p);
}

static struct str file_of(const struct profile *p, size_t sample, size_t frame)
{
	size_t depth;
	const uint32_t *stack = sample_stack(p, sample, &depth);

	assert_true(frame < depth);
	return profile_str(p, p->mappings[p->locations[stack[frame]].mapping].file);
}

static void check_mappings(int form)
{
	struct profile p;
	size_t depth;

	open_example(&p, form);
	assert_true(str_is(profile_str(&p, p.mappings[0].file), "/usr/bin/server"));
	assert_true(str_is(
	    profile_str(&p, p.mappings[0].build_id), "abababababababababababababababababababab"));
	assert_true(str_is(file_of(&p, 1, 0), "[kernel.kallsyms]"));
	assert_true(str_is(file_of(&p, 1, 2), "/lib/libwork.so.1"));
	assert_true(str_is(file_of(&p, 2, 0), "/tmp/perf-7.map"));
	sample_stack(&p, 1, &depth);
	assert_int_equal(depth, 4);
	/* A caller's address is moved from behind the call onto it. */
	assert_int_equal(p.locations[sample_stack(&p, 1, &depth)[3]].address, 0x401100);
	profile_release(&p);
}

/* A file, a stream, compressed or not, of either byte order: the same. */
static void perf_samples(void **state)
{
	(void)state;
	for (int form = 0; form <= 2 * PERFDATA_PACKED_STREAM + 1; form++)
		check_samples(form);
}

static void perf_mappings(void **state)
{
	(void)state;
	for (int form = 0; form <= 2 * PERFDATA_PACKED_STREAM + 1; form++)
		check_mappings(form);
}

static void perf_stream_features(void **state)
{
	struct profile p;

	(void)state;
	open_example(&p, 2 * PERFDATA_STREAM);
	assert_int_equal(p.n_comments, 1);
	assert_true(str_is(profile_str(&p, p.comments[0]), "perf"));
	profile_release(&p);
}

static void perf_refusals(void **state)
{
	struct perfdata d = { 0 };
	struct buf bytes = { 0 };

	(void)state;
	expect_error(STR("PERFILE2"), "parsing profile: perf.data: unexpected EOF");
	expect_error(STR("2ELIFREP"), "parsing profile: perf.data: unexpected EOF");
	expect_error(STR("PERFILE2\x10\0\0\0\0\0\0\0"), "parsing profile: perf.data: no events");
	expect_error(STR("PERFILE2\x10\0\0\0\0\0\0\0\x40\0\0\0\0\0\x10\0\1\0\0\0\xff\xff\xff\xff"),
	    "parsing profile: perf.data: malformed event attributes");
	perfdata_finish(&d, &bytes);
	expect_error(buf_str(&bytes),
	    "parsing profile: perf.data: no records; was perf record interrupted?");
	buf_clear(&bytes);
	perfdata_record(&d, 81, 0, STR("12345678"));
	perfdata_finish(&d, &bytes);
	expect_error(buf_str(&bytes), "parsing profile: perf.data: zstd: Unknown frame descriptor");
	buf_release(&bytes);
}

/* Each fork copies its parent's mappings: a thousand of each would be half a million. */
static void perf_fork_bomb(void **state)
{
	struct perfdata d = { 0 };
	struct buf bytes = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		perfdata_mmap(&d, 1, 1, 0x1000 * (uint64_t)i, 0x1000, 0, "/bin/x", 0);
	for (uint32_t i = 0; i < 2000; i++)
		perfdata_fork(&d, 2 + i, 1, 2);
	perfdata_finish(&d, &bytes);
	expect_error(buf_str(&bytes), "parsing profile: perf.data: too many mappings");
	buf_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded),
		cmocka_unit_test(not_folded),
		cmocka_unit_test(perf_samples),
		cmocka_unit_test(perf_mappings),
		cmocka_unit_test(perf_stream_features),
		cmocka_unit_test(perf_refusals),
		cmocka_unit_test(perf_fork_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
