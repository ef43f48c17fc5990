/* State files to profiles: what is in them, what is left out, and what is refused how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/heapframes.h"
#include "fetch/fetch.h"
#include "fetch/state_list.h"
#include "fetch/state_read.h"
#include "unit/fetch/state_builder.h"

static struct state_image image;

static const uint64_t main_stack[] = { 0x401235, 0x7f0000001001 };
static const uint64_t cut_stack[] = { 0x401301, STATEFMT_PC_TRUNCATED };

static struct str bytes_of(const struct state_image *s)
{
	return (struct str){ (const char *)s, sizeof(*s) };
}

/* Two records, a program and a library. */
static void build(void)
{
	state_image_init(&image);
	state_image_record(&image, state_image_stack(&image, main_stack, 2), 100, 10, 4);
	state_image_record(&image, state_image_stack(&image, cut_stack, 2), 5000, 3, 0);
	state_image_module(&image, 0x7f0000000000, 0x7f0000002000, "/lib/libc.so", "bb", false);
	state_image_module(&image, 0x400000, 0x402000, "/usr/bin/leaky", "aa", false);
}

static void read_good(struct profile *p, struct state_totals *totals)
{
	struct err e;

	if (state_read(p, bytes_of(&image), false, totals, &e) != OK)
		fail_msg("%s", e.msg);
}

static void expect_error(const char *text)
{
	struct profile p;
	struct err e;

	assert_int_equal(state_read(&p, bytes_of(&image), false, NULL, &e), ERR_FORMAT);
	assert_string_equal(e.msg, text);
	assert_int_equal(p.n_sample_types, 0);
}

static const char *text(const struct profile *p, str_id id)
{
	return profile_str(p, id).p;
}

static void a_heap_profile(void **state)
{
	struct state_totals totals;
	struct profile p;

	(void)state;
	build();
	read_good(&p, &totals);
	assert_int_equal(totals.records, 2);
	assert_int_equal(totals.damaged, 0);
	assert_int_equal(totals.inuse_bytes, 600 + 15000);
	assert_int_equal(p.n_sample_types, 4);
	assert_string_equal(text(&p, p.sample_types[0].type), "alloc_objects");
	assert_string_equal(text(&p, p.sample_types[3].type), "inuse_space");
	assert_string_equal(text(&p, p.sample_types[3].unit), "bytes");
	assert_string_equal(text(&p, p.default_sample_type), "inuse_space");
	assert_string_equal(text(&p, p.drop_frames), HEAP_DROP_FRAMES);
	assert_string_equal(text(&p, p.period_type.type), "space");
	assert_int_equal(p.period, 524288);
	assert_int_equal(p.time_ns, 1700000030000000000);
	assert_string_equal(text(&p, p.comments[0]), "State of process 4711, /usr/bin/leaky");
	profile_release(&p);
}

static void samples_stacks_and_mappings(void **state)
{
	struct profile p;
	const struct location *l;
	const struct label *labels;
	size_t depth, n;
	const uint32_t *stack;

	(void)state;
	build();
	read_good(&p, NULL);
	assert_int_equal(p.samples.n, 2);
	assert_memory_equal(
	    sample_values(&p, 0), ((int64_t[]){ 10, 1000, 6, 600 }), 4 * sizeof(int64_t));
	labels = sample_labels(&p, 0, &n);
	assert_int_equal(n, 1);
	assert_int_equal(labels ? labels[0].num : 0, 100);
	stack = sample_stack(&p, 0, &depth);
	assert_int_equal(depth, 2);
	/* Return addresses, so inside the call; the program is the first mapping. */
	l = &p.locations[stack[0]];
	assert_int_equal(l->address, 0x401234);
	assert_int_equal(l->mapping, 0);
	assert_string_equal(text(&p, p.mappings[0].file), "/usr/bin/leaky");
	assert_string_equal(text(&p, p.mappings[0].build_id), "aa");
	assert_int_equal(p.mappings[0].offset, 0x1000);
	assert_int_equal(p.locations[stack[1]].mapping, 1);
	assert_string_equal(text(&p, p.mappings[1].file), "/lib/libc.so");
	stack = sample_stack(&p, 1, &depth);
	l = &p.locations[stack[1]];
	assert_int_equal(l->address, 0);
	assert_int_equal(l->mapping, PROFILE_NONE);
	assert_int_equal(l->n_lines, 1);
	assert_string_equal(
	    text(&p, p.functions[location_lines(&p, l)->function].name), "[truncated]");
	profile_release(&p);
}

/* Where two modules were one after the other, the addresses are those of the one still there. */
static void modules_that_are_gone(void **state)
{
	struct profile p;

	(void)state;
	build();
	state_image_module(&image, 0x7f0000001000, 0x7f0000003000, "/old.so", "cc", true);
	state_image_module(&image, 0x7f0000008000, 0x7f0000009000, "/alone.so", "dd", true);
	read_good(&p, NULL);
	assert_int_equal(p.n_mappings, 3);
	assert_string_equal(text(&p, p.mappings[2].file), "/alone.so");
	profile_release(&p);
}

static void unfinished_things_are_left_out(void **state)
{
	struct state_totals totals;
	struct profile p;

	(void)state;
	build();
	image.records[0].stack = 0; /* killed before it was filled */
	image.modules[0].ready = 0;
	state_image_record(&image, 1, 8, 0, 0); /* made, never counted in */
	read_good(&p, &totals);
	assert_int_equal(p.samples.n, 1);
	assert_int_equal(p.n_mappings, 1);
	assert_int_equal(totals.damaged, 0);
	profile_release(&p);
}

/* Everything a record can be wrong in. */
static void damaged_records_are_left_out(void **state)
{
	struct state_totals totals;
	struct profile p;

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct statefmt_cell *cell = &image.cells[STATE_RECORDS];

		build();
		if (i == 0)
			image.records[0].stack = STATE_STACKS; /* behind the region */
		if (i == 1)
			image.records[0].stack = 60; /* behind what is used: depth 0 */
		if (i == 2)
			image.records[0].current = 2 * STATE_RECORDS;
		if (i == 3)
			image.records[0].current = STATE_RECORDS + 1; /* the other's */
		if (i == 4)
			cell->free_bytes = cell->alloc_bytes + 1;
		if (i == 5)
			cell->alloc_bytes = UINT64_MAX;
		if (i == 6)
			image.stacks[1] = (uint64_t)STATEFMT_MAX_DEPTH << 32; /* too deep */
		read_good(&p, &totals);
		assert_int_equal(totals.damaged, 1);
		assert_int_equal(p.samples.n, 1);
		profile_release(&p);
	}
	build();
	image.records[0].current = image.records[1].current = UINT32_MAX;
	expect_error("the state file is damaged: none of its 2 records can be read");
}

static void heads_that_are_refused(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	build();
	image.head.magic[0] = 'P';
	expect_error("not a state file");
	build();
	image.head.version = STATEFMT_VERSION + 1;
	expect_error("the state file is of another version of libpprof than this pprof");
	build();
	image.head.byte_order = 0x04030201;
	expect_error("the state file is of a machine with the other byte order");
	build();
	image.head.byte_order = 77;
	expect_error("the state file is damaged");
	build();
	image.head.regions[STATEFMT_CELLS].offset += UINT64_MAX - 7;
	expect_error("the state file is damaged");
	build();
	image.head.regions[STATEFMT_STACKS].bytes = UINT64_MAX - 4096;
	expect_error("the state file is damaged");
	build();
	image.head.record_bytes = 64;
	expect_error("the state file is damaged");
	build();
	image.head.record_count = UINT32_MAX;
	expect_error("the state file is damaged");
	build();
	image.head.stack_used = sizeof(image.stacks) + 8;
	expect_error("the state file is damaged");
	build();
	memset(image.head.program, 'x', sizeof(image.head.program));
	expect_error("the state file is damaged");
	build();
	for (size_t n = 8; n < sizeof(image); n += 8) {
		enum err_code code =
		    state_read(&p, (struct str){ (char *)&image, n }, false, NULL, &e);

		if (code == OK) /* only bytes that nobody needs are missing */
			profile_release(&p);
		else
			assert_string_equal(e.msg, "the state file is cut off");
	}
	assert_int_equal(
	    state_read(&p, (struct str){ (char *)&image, 2000 }, false, NULL, &e), ERR_FORMAT);
}

static void without_a_sample(void **state)
{
	struct profile p;

	(void)state;
	state_image_init(&image);
	read_good(&p, NULL);
	assert_int_equal(p.samples.n, 0);
	assert_int_equal(p.n_mappings, 0);
	profile_release(&p);
}

/* Every allocation fails once. */
static void when_memory_is_short(void **state)
{
	enum err_code code = ERR_NOMEM;
	struct profile p;
	struct err e;
	size_t n;

	(void)state;
	build();
	for (n = 1; code == ERR_NOMEM; n++) {
		alloc_fail_at(n);
		code = state_read(&p, bytes_of(&image), false, NULL, &e);
		alloc_fail_at(0);
	}
	assert_int_equal(code, OK);
	assert_true(n > 5);
	profile_release(&p);
}

static void write_file(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	fclose(f);
}

static void as_a_source(void **state)
{
	char folder[] = "/tmp/test_state_read.XXXXXX";
	char old[64], fresh[64], other[64];
	struct str sources[2];
	struct fetch_options o = { .sources = sources, .n_sources = 1 };
	struct fetch_result r;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(old, sizeof(old), "%s/1.1699999999.state", folder);
	snprintf(fresh, sizeof(fresh), "%s/4711.state", folder);
	snprintf(other, sizeof(other), "%s/notes.state", folder);
	build();
	write_file(fresh, &image, sizeof(image));
	write_file(other, "hello", 5);
	image.head.last_s = 20;
	image.cells[STATE_RECORDS].free_samples = image.cells[STATE_RECORDS].alloc_samples;
	write_file(old, &image, sizeof(image));
	assert_true(state_is_file(str_c(fresh)));
	assert_false(state_is_file(str_c(other)));
	assert_false(state_is_file(str_c(folder)));
	/* The directory is its newest file; files of any kind merge. */
	sources[0] = str_c(folder);
	assert_int_equal(fetch_profiles(&r, &o, NULL, &e), OK);
	assert_int_equal(r.sources.time_ns, 1700000030000000000);
	fetch_result_release(&r);
	sources[0] = str_c(old);
	sources[1] = str_c(fresh);
	o.n_sources = 2;
	assert_int_equal(fetch_profiles(&r, &o, NULL, &e), OK);
	assert_int_equal(sample_values(&r.sources, 0)[0], 20);
	fetch_result_release(&r);
	unlink(old);
	unlink(fresh);
	unlink(other);
	rmdir(folder);
}

static void ages(void **state)
{
	static const char *const bad[] = { "", "d", "7w", "-1d", "1.5h", "99999999999999d" };
	int64_t seconds;
	struct err e;

	(void)state;
	assert_int_equal(state_age(STR("90s"), &seconds, &e), OK);
	assert_int_equal(seconds, 90);
	assert_int_equal(state_age(STR("15m"), &seconds, &e), OK);
	assert_int_equal(seconds, 900);
	assert_int_equal(state_age(STR("12h"), &seconds, &e), OK);
	assert_int_equal(seconds, 43200);
	assert_int_equal(state_age(STR("7d"), &seconds, &e), OK);
	assert_int_equal(seconds, 604800);
	assert_int_equal(state_age(STR("42"), &seconds, &e), OK);
	assert_int_equal(seconds, 42);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(state_age(str_c(bad[i]), &seconds, &e), ERR_USAGE);
}

/* Label `key` of sample i; NULL when it has none. */
static const struct label *label(const struct profile *p, size_t i, const char *key)
{
	size_t n;
	const struct label *labels = sample_labels(p, i, &n);

	for (size_t k = 0; k < n; k++)
		if (strcmp(text(p, labels[k].key), key) == 0)
			return &labels[k];
	return NULL;
}

static void labels_are_texts(void **state)
{
	struct state_totals totals;
	struct profile p;

	(void)state;
	build();
	state_image_labels(&image, 1, 5, 2, "route\0/slow\0tenant\0a", 21);
	read_good(&p, &totals);
	assert_int_equal(p.samples.n, 2);
	assert_null(label(&p, 0, "route"));
	assert_string_equal(text(&p, label(&p, 1, "route")->str), "/slow");
	assert_string_equal(text(&p, label(&p, 1, "tenant")->str), "a");
	assert_int_equal(label(&p, 1, "bytes")->num, 5000);
	profile_release(&p);
}

/* Whatever is wrong with a set, the record it is of stays, without labels. */
static void damaged_labels_are_none(void **state)
{
	struct state_totals totals;
	struct profile p;

	(void)state;
	for (unsigned what = 0; what < 7; what++) {
		struct statefmt_labels *set;

		build();
		state_image_labels(&image, 1, 5, 2, "route\0/slow\0tenant\0a", 21);
		set = (struct statefmt_labels *)(void *)&image.labels[5];
		if (what == 0)
			set->mark++;
		if (what == 1)
			set->n = 3;
		if (what == 2)
			set->bytes = 20; /* no NUL at the end */
		if (what == 3)
			set->bytes = STATEFMT_LABEL_BYTES + 1;
		if (what == 4)
			set->n = STATEFMT_LABEL_PAIRS + 1;
		if (what == 5)
			image.record_labels[1] = STATE_LABELS - 1;
		if (what == 6)
			image.record_labels[1] = UINT32_MAX;
		read_good(&p, &totals);
		assert_int_equal(totals.records, 2);
		assert_int_equal(totals.damaged, 0);
		assert_null(label(&p, 1, "route"));
		profile_release(&p);
	}
}

static void read_births(struct profile *p)
{
	struct state_totals totals;
	struct err e;

	if (state_read(p, bytes_of(&image), true, &totals, &e) != OK)
		fail_msg("%s", e.msg);
	assert_int_equal(totals.records, 2);
}

static void expect_row(const struct profile *p, size_t i, int64_t born, const int64_t *want)
{
	const struct label *l = label(p, i, "born");

	for (unsigned v = 0; v < 4; v++)
		assert_int_equal(sample_values(p, i)[v], want[v]);
	assert_int_equal(l ? l->num : -1, born);
	if (l)
		assert_string_equal(text(p, l->unit), "seconds");
}

/* Record 0 has 10 blocks of 100 bytes allocated and 4 freed, record 1 has 3 of 5000. */
static void births(void **state)
{
	struct profile p;

	(void)state;
	build();
	state_image_live(&image, 3, 0, 100, 2, 7);
	state_image_live(&image, 9, 0, 100, 3, 28);
	state_image_live(&image, 1, 1, 5000, 3, 99); /* later than the last sample */
	state_image_live(&image, 2, 0, 100, 1, 7);
	state_image_live(&image, 5, 0, 100, 7, 7);
	image.live[5].ptr = 1; /* in the middle of a change when the writer was killed */
	state_image_live(&image, 6, 7, 100, 7, 7); /* of a record that is not there */
	read_births(&p);
	assert_int_equal(p.samples.n, 4);
	expect_row(&p, 0, 7, (const int64_t[]){ 3, 300, 3, 300 });
	expect_row(&p, 1, 28, (const int64_t[]){ 3, 300, 3, 300 });
	expect_row(&p, 2, -1, (const int64_t[]){ 4, 400, 0, 0 });
	expect_row(&p, 3, 30, (const int64_t[]){ 3, 15000, 3, 15000 });
	assert_int_equal(p.duration_ns, 30000000000);
	profile_release(&p);
}

/* A block that is alive but not in the table stays in use, without a birth. */
static void a_block_without_a_birth(void **state)
{
	struct profile p;

	(void)state;
	build();
	state_image_live(&image, 3, 0, 100, 2, 7);
	read_births(&p);
	assert_int_equal(p.samples.n, 3);
	expect_row(&p, 0, 7, (const int64_t[]){ 2, 200, 2, 200 });
	expect_row(&p, 1, -1, (const int64_t[]){ 8, 800, 4, 400 });
	expect_row(&p, 2, -1, (const int64_t[]){ 3, 15000, 3, 15000 });
	profile_release(&p);
}

/* More alive than was ever allocated: the record is believed. */
static void births_of_too_much(void **state)
{
	struct profile p;

	(void)state;
	build();
	state_image_live(&image, 3, 1, 5000, 4, 7);
	read_births(&p);
	assert_int_equal(p.samples.n, 2);
	expect_row(&p, 1, -1, (const int64_t[]){ 3, 15000, 3, 15000 });
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_heap_profile),
		cmocka_unit_test(labels_are_texts),
		cmocka_unit_test(damaged_labels_are_none),
		cmocka_unit_test(births),
		cmocka_unit_test(a_block_without_a_birth),
		cmocka_unit_test(births_of_too_much),
		cmocka_unit_test(samples_stacks_and_mappings),
		cmocka_unit_test(modules_that_are_gone),
		cmocka_unit_test(unfinished_things_are_left_out),
		cmocka_unit_test(damaged_records_are_left_out),
		cmocka_unit_test(heads_that_are_refused),
		cmocka_unit_test(without_a_sample),
		cmocka_unit_test(when_memory_is_short),
		cmocka_unit_test(as_a_source),
		cmocka_unit_test(ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
