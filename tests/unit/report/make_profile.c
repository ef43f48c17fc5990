/*
 * Hand-made profiles for the tests of reports, see make_profile.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static str_id intern(struct maker *m, const char *text)
{
	return profile_intern(&m->p, str_c(text));
}

void make_init(struct maker *m)
{
	struct err e;

	*m = (struct maker){ 0 };
	assert_int_equal(profile_init(&m->p, &e), OK);
	assert_true(VEC_PUSH(&m->stack_at, 0));
	assert_true(VEC_PUSH(&m->label_at, 0));
}

void make_release(struct maker *m)
{
	VEC_RELEASE(&m->mappings);
	VEC_RELEASE(&m->functions);
	VEC_RELEASE(&m->lines);
	VEC_RELEASE(&m->locations);
	VEC_RELEASE(&m->labels);
	VEC_RELEASE(&m->values);
	VEC_RELEASE(&m->stack_at);
	VEC_RELEASE(&m->stacks);
	VEC_RELEASE(&m->label_at);
	VEC_RELEASE(&m->comments);
	VEC_RELEASE(&m->types);
	profile_release(&m->p);
}

void make_type(struct maker *m, const char *type, const char *unit)
{
	assert_true(VEC_PUSH(&m->types, (struct value_type){ intern(m, type), intern(m, unit) }));
}

void make_comment(struct maker *m, const char *text)
{
	assert_true(VEC_PUSH(&m->comments, intern(m, text)));
}

uint32_t make_mapping(struct maker *m, uint64_t start, uint64_t limit, const char *file)
{
	const uint64_t id = m->mappings.n + 1;

	assert_true(VEC_PUSH(&m->mappings,
	    (struct mapping){ .id = id, .start = start, .limit = limit, .file = intern(m, file) }));
	return (uint32_t)m->mappings.n - 1;
}

uint32_t make_function(struct maker *m, const char *name, const char *file, int64_t start_line)
{
	const uint64_t id = m->functions.n + 1;

	assert_true(VEC_PUSH(&m->functions, (struct function){ .id = id,
						.name = intern(m, name),
						.system_name = intern(m, name),
						.filename = intern(m, file),
						.start_line = start_line }));
	return (uint32_t)m->functions.n - 1;
}

uint32_t make_location(struct maker *m, uint64_t address, uint32_t mapping)
{
	const uint64_t id = m->locations.n + 1;

	assert_true(VEC_PUSH(&m->locations, (struct location){ .id = id,
						.address = address,
						.mapping = mapping,
						.first_line = (uint32_t)m->lines.n }));
	return (uint32_t)m->locations.n - 1;
}

void make_line(struct maker *m, uint32_t function, int64_t line)
{
	assert_true(VEC_PUSH(&m->lines, (struct line){ function, line, 0 }));
	m->locations.p[m->locations.n - 1].n_lines++;
}

uint32_t make_frame(struct maker *m, const char *function)
{
	const uint32_t f = make_function(m, function, "", 0);
	const uint32_t l = make_location(m, 0, PROFILE_NONE);

	make_line(m, f, 0);
	return l;
}

void make_sample(struct maker *m, const int64_t *values, const uint32_t *stack, size_t depth)
{
	for (size_t i = 0; i < m->types.n; i++)
		assert_true(VEC_PUSH(&m->values, values[i]));
	for (size_t i = 0; i < depth; i++)
		assert_true(VEC_PUSH(&m->stacks, stack[i]));
	assert_true(VEC_PUSH(&m->stack_at, (uint32_t)m->stacks.n));
	assert_true(VEC_PUSH(&m->label_at, (uint32_t)m->labels.n));
}

static void add_label(struct maker *m, struct label label)
{
	assert_true(VEC_PUSH(&m->labels, label));
	m->label_at.p[m->label_at.n - 1]++;
}

void make_label(struct maker *m, const char *key, const char *text)
{
	add_label(m, (struct label){ .key = intern(m, key), .str = intern(m, text) });
}

void make_number(struct maker *m, const char *key, int64_t number, const char *unit)
{
	add_label(
	    m, (struct label){
		   .key = intern(m, key), .num = number, .unit = intern(m, unit), .is_num = true });
}

struct profile *make_done(struct maker *m)
{
	struct profile *p = &m->p;

	p->sample_types = m->types.p;
	p->n_sample_types = (uint32_t)m->types.n;
	p->comments = m->comments.p;
	p->n_comments = (uint32_t)m->comments.n;
	p->mappings = m->mappings.p;
	p->n_mappings = (uint32_t)m->mappings.n;
	p->functions = m->functions.p;
	p->n_functions = (uint32_t)m->functions.n;
	p->lines = m->lines.p;
	p->n_lines = (uint32_t)m->lines.n;
	p->locations = m->locations.p;
	p->n_locations = (uint32_t)m->locations.n;
	p->samples = (struct samples){ .n = m->stack_at.n - 1,
		.values = m->values.p,
		.stack_at = m->stack_at.p,
		.stacks = m->stacks.p,
		.label_at = m->labels.n ? m->label_at.p : NULL,
		.labels = m->labels.p };
	return p;
}

struct report_options make_options(const struct profile *p, enum report_format format)
{
	const uint32_t last = p->n_sample_types - 1;

	return (struct report_options){ .format = format,
		.divide_by = 1,
		.output_unit = STR("minimum"),
		.value_index = last,
		.sample_type = profile_str(p, p->sample_types[last].type),
		.sample_unit = profile_str(p, p->sample_types[last].unit),
		.total = report_total(p, last, false) };
}

struct buf make_report(const struct profile *p, const struct report_options *o)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	if (report_generate(p, o, &out, NULL, &e) != OK)
		fail_msg("report failed: %s", e.msg);
	return out;
}

struct err make_report_error(const struct profile *p, const struct report_options *o)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_int_not_equal(report_generate(p, o, &out, NULL, &e), OK);
	buf_release(&out);
	return e;
}

void assert_report(struct buf got, const char *want)
{
	assert_string_equal(buf_c(&got), want);
	buf_release(&got);
}
