/*
 * Merging against a plain model: a profile is a set of texts ("stack and labels") with sums, and
 * merging is adding sets. Profiles are random but seeded; a failing seed is printed and can be
 * given as an argument. Further laws: order of sources does not matter to the sums, nor does
 * merging in steps; compacting twice is compacting once; writing and reading keeps everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "profile/check.h"
#include "profile/compact.h"
#include "profile/decode.h"
#include "profile/encode.h"
#include "profile/merge.h"

#define ROUNDS    300
#define MAX_ROWS  400
#define MAX_TABLE 12

/* A random profile. Few names, places and values, so that much is equal. */

static void add_random_tables(struct builder *b, uint64_t *r, uint32_t n)
{
	static const char *const files[] = { "/bin/app", "/lib/a.so", "/lib/b.so" };
	char name[16];

	for (uint32_t i = 0; i < 3; i++) { /* as under randomization: only the start varies */
		uint64_t start = (gen_below(r, 1000) + 1) << 12;

		builder_mapping(b, start, start + 0x10000, i * 0x1000, files[i], i ? "" : "id");
	}
	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "f%u", gen_below(r, 6));
		builder_function(b, name, gen_below(r, 2) ? "x.c" : "y.c", gen_below(r, 2));
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t mapping = gen_below(r, 4);
		uint64_t base = mapping < 3 ? b->mappings.p[mapping].start : 0;

		builder_location(
		    b, mapping < 3 ? mapping : PROFILE_NONE, base + gen_below(r, 4) * 16);
		for (uint32_t lines = gen_below(r, 3); lines > 0; lines--)
			builder_line(b, gen_below(r, n), gen_below(r, 3), 0);
	}
}

static void add_random_labels(struct builder *b, uint64_t *r)
{
	static const char *const keys[] = { "job", "zone", "bytes" };
	char text[4];

	for (uint32_t n = gen_below(r, 4); n > 0; n--) {
		const char *key = keys[gen_below(r, 3)];

		snprintf(text, sizeof text, "%u", gen_below(r, 3));
		if (gen_below(r, 3))
			builder_label(b, key, text);
		else
			builder_number(b, key, gen_below(r, 3), gen_below(r, 2) ? "bytes" : "kb");
	}
}

static void make_random(struct profile *p, uint64_t *r)
{
	uint32_t n = 1 + gen_below(r, MAX_TABLE), stack[5];
	struct builder b;

	builder_begin(&b, p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	add_random_tables(&b, r, n);
	for (uint32_t rows = gen_below(r, 30); rows > 0; rows--) {
		const int64_t values[] = { (int64_t)gen_below(r, 5) - 2,
			((int64_t)gen_below(r, 5) - 2) * 1000 };
		uint32_t depth = gen_below(r, 5);

		for (uint32_t i = 0; i < depth; i++)
			stack[i] = gen_below(r, n);
		builder_sample(&b, stack, depth, values);
		add_random_labels(&b, r);
	}
	builder_finish(&b);
}

/* The model. */

struct row {
	char *key;
	int64_t values[2];
};

struct model {
	struct row rows[MAX_ROWS];
	size_t n;
};

static void print_location(struct buf *key, const struct profile *p, const struct location *l)
{
	const struct mapping *m = l->mapping == PROFILE_NONE ? NULL : &p->mappings[l->mapping];

	if (m)
		buf_add_str(key, profile_str(p, m->file));
	buf_printf(key, "+%llx", (unsigned long long)(l->address - (m ? m->start : 0)));
	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct line *line = &location_lines(p, l)[i];
		const struct function *f = &p->functions[line->function];

		buf_printf(key, "[%.*s %.*s %d:%d]", STR_ARG(profile_str(p, f->name)),
		    STR_ARG(profile_str(p, f->filename)), (int)f->start_line, (int)line->line);
	}
}

/* Labels by kind and key; those of one key in their own order. */
static void print_labels(struct buf *key, const struct profile *p, size_t sample)
{
	static const char *const keys[] = { "bytes", "job", "zone" };
	size_t n;
	const struct label *l = sample_labels(p, sample, &n);

	for (int kind = 0; kind < 2; kind++)
		for (size_t k = 0; k < 3; k++)
			for (size_t i = 0; i < n; i++)
				if (l[i].is_num == kind &&
				    str_is(profile_str(p, l[i].key), keys[k]))
					buf_printf(key, " %d%s=%.*s%d%.*s", kind, keys[k],
					    STR_ARG(profile_str(p, l[i].str)), (int)l[i].num,
					    STR_ARG(profile_str(p, l[i].unit)));
}

static void model_add(struct model *m, const struct profile *p)
{
	struct buf key = { 0 };

	for (size_t i = 0; i < p->samples.n; i++) {
		size_t depth, at = 0;
		const uint32_t *stack = sample_stack(p, i, &depth);

		buf_clear(&key);
		for (size_t k = 0; k < depth; k++)
			print_location(&key, p, &p->locations[stack[k]]);
		print_labels(&key, p, i);
		while (at < m->n && strcmp(m->rows[at].key, buf_c(&key)) != 0)
			at++;
		if (at == m->n) {
			assert_true(m->n < MAX_ROWS);
			m->rows[m->n++] = (struct row){ .key = strdup(buf_c(&key)) };
		}
		for (int k = 0; k < 2; k++)
			m->rows[at].values[k] += sample_values(p, i)[k];
	}
	buf_release(&key);
}

static int by_key(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Sorted, and without what has become zero. */
static void model_finish(struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->rows[i].values[0] || m->rows[i].values[1])
			m->rows[n++] = m->rows[i];
		else
			free(m->rows[i].key);
	}
	m->n = n;
	qsort(m->rows, n, sizeof m->rows[0], by_key);
}

static void model_release(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->rows[i].key);
	m->n = 0;
}

/* `exact`: no two samples of p may be equal, as after merging. */
static void assert_is(const struct profile *p, const struct model *expected, bool exact)
{
	static struct model got;

	model_add(&got, p);
	if (exact)
		assert_int_equal(got.n, p->samples.n);
	model_finish(&got);
	assert_int_equal(got.n, expected->n);
	for (size_t i = 0; i < got.n; i++) {
		assert_string_equal(got.rows[i].key, expected->rows[i].key);
		assert_int_equal(got.rows[i].values[0], expected->rows[i].values[0]);
		assert_int_equal(got.rows[i].values[1], expected->rows[i].values[1]);
	}
	if (exact)
		assert_int_equal(got.n, p->samples.n);
	model_release(&got);
}

static void merge(
    struct profile *out, const struct profile *a, const struct profile *b, const struct profile *c)
{
	const struct profile *srcs[] = { a, b, c };
	struct err e;

	assert_int_equal(profile_merge(out, srcs, c ? 3 : 2, &e), OK);
	assert_int_equal(profile_check(out, &e), OK);
}

static void encode(const struct profile *p, struct buf *out)
{
	struct err e;

	assert_int_equal(profile_encode(p, out, &e), OK);
}

static void assert_same_bytes(const struct profile *p, const struct profile *q)
{
	struct buf a = { 0 }, b = { 0 };

	encode(p, &a);
	encode(q, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	buf_release(&a);
	buf_release(&b);
}

static uint64_t first_seed = 1;

static void merging_adds_sets(void **state)
{
	static struct model expected;

	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + ROUNDS; seed++) {
		struct profile p[3], all, flipped, two, stepped;
		uint64_t r = seed;

		print_message("\rseed %llu ", (unsigned long long)seed);
		for (int i = 0; i < 3; i++) {
			make_random(&p[i], &r);
			model_add(&expected, &p[i]);
		}
		model_finish(&expected);
		merge(&all, &p[0], &p[1], &p[2]);
		assert_is(&all, &expected, true);
		merge(&flipped, &p[2], &p[0], &p[1]);
		assert_is(&flipped, &expected, true);
		merge(&two, &p[0], &p[1], NULL);
		merge(&stepped, &two, &p[2], NULL);
		assert_is(&stepped, &expected, true);
		model_release(&expected);
		for (int i = 0; i < 3; i++)
			profile_release(&p[i]);
		profile_release(&all);
		profile_release(&flipped);
		profile_release(&two);
		profile_release(&stepped);
	}
}

static void compacting_twice_is_compacting_once(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + ROUNDS; seed++) {
		static struct model expected;
		struct profile p, once, again;
		struct profile *src = &once;
		uint64_t r = seed * 77;
		struct err e;

		make_random(&p, &r);
		model_add(&expected, &p);
		model_finish(&expected);
		assert_int_equal(profile_compact(&p, &e), OK);
		assert_is(&p, &expected, true);
		model_release(&expected);
		assert_int_equal(profile_merge(&once, (const struct profile *[]){ &p }, 1, &e), OK);
		assert_int_equal(
		    profile_merge(&again, (const struct profile *const *)&src, 1, &e), OK);
		assert_same_bytes(&once, &p);
		assert_same_bytes(&again, &p);
		profile_release(&p);
		profile_release(&once);
		profile_release(&again);
	}
}

static void reading_what_was_written_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + ROUNDS; seed++) {
		static struct model expected;
		struct profile p, q;
		struct buf bytes = { 0 };
		uint64_t r = seed * 131;
		struct err e;

		make_random(&p, &r);
		model_add(&expected, &p);
		model_finish(&expected);
		encode(&p, &bytes);
		assert_int_equal(profile_decode(&q, buf_str(&bytes), &e), OK);
		assert_int_equal(q.samples.n, p.samples.n);
		assert_is(&q, &expected, false);
		assert_same_bytes(&q, &p);
		model_release(&expected);
		buf_release(&bytes);
		profile_release(&p);
		profile_release(&q);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merging_adds_sets),
		cmocka_unit_test(compacting_twice_is_compacting_once),
		cmocka_unit_test(reading_what_was_written_changes_nothing),
	};

	if (argc == 2 && !str_to_u64(str_c(argv[1]), 10, &first_seed))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
