/*
 * -proto and -topproto: what is written is read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"
#include "profile/decode.h"

static void read_back(struct maker *m, const struct report_options *o, struct profile *p)
{
	struct buf out = make_report(&m->p, o);
	struct err e;

	if (profile_decode(p, buf_str(&out), &e) != OK)
		fail_msg("%s", e.msg);
	buf_release(&out);
}

static const char *name_at(const struct profile *p, size_t sample)
{
	size_t depth;
	const uint32_t *stack = sample_stack(p, sample, &depth);
	const struct location *l = &p->locations[stack[0]];

	assert_int_equal(depth, 1);
	assert_int_equal(l->n_lines, 1);
	/* Strings of a decoded profile need not end in NUL; the names here are one letter. */
	return profile_str(p, p->functions[location_lines(p, l)->function].name).p;
}

static void make_two(struct maker *m)
{
	uint32_t a, b;

	make_init(m);
	make_type(m, "cpu", "nanoseconds");
	a = make_frame(m, "a");
	b = make_frame(m, "b");
	MAKE_SAMPLE(m, VALUES(5000000), b, a);
	MAKE_SAMPLE(m, VALUES(-2000000), a);
	make_done(m);
}

static void proto_keeps_the_profile(void **state)
{
	struct maker m;
	struct report_options o;
	struct profile p;

	(void)state;
	make_two(&m);
	o = make_options(&m.p, REPORT_PROTO);
	read_back(&m, &o, &p);
	assert_int_equal(p.samples.n, 2);
	assert_int_equal(sample_values(&p, 0)[0], 5000000);
	assert_int_equal(sample_values(&p, 1)[0], -2000000);
	profile_release(&p);
	make_release(&m);
}

static void proto_divides_and_cuts(void **state)
{
	struct maker m;
	struct report_options o;
	struct profile p;

	(void)state;
	make_two(&m);
	o = make_options(&m.p, REPORT_PROTO);
	o.divide_by = 3;
	read_back(&m, &o, &p);
	assert_int_equal(sample_values(&p, 0)[0], 1666666);
	assert_int_equal(sample_values(&p, 1)[0], -666666);
	/* The loaded profile stays as it was. */
	assert_int_equal(sample_values(&m.p, 0)[0], 5000000);
	profile_release(&p);
	make_release(&m);
}

static void topproto_has_a_sample_a_row(void **state)
{
	struct maker m;
	struct report_options o;
	struct profile p;

	(void)state;
	make_two(&m);
	o = make_options(&m.p, REPORT_TOPPROTO);
	read_back(&m, &o, &p);
	assert_int_equal(p.n_sample_types, 2);
	assert_true(str_is(profile_str(&p, p.sample_types[0].type), "cum"));
	assert_true(str_is(profile_str(&p, p.sample_types[1].type), "flat"));
	assert_true(str_is(profile_str(&p, p.sample_types[1].unit), "ms"));
	assert_int_equal(p.samples.n, 2);
	assert_int_equal(name_at(&p, 0)[0], 'b');
	assert_int_equal(sample_values(&p, 0)[0], 5);
	assert_int_equal(sample_values(&p, 0)[1], 5);
	assert_int_equal(name_at(&p, 1)[0], 'a');
	assert_int_equal(sample_values(&p, 1)[0], 3);
	assert_int_equal(sample_values(&p, 1)[1], -2);
	profile_release(&p);
	make_release(&m);
}

static void topproto_shares_functions(void **state)
{
	struct maker m;
	struct report_options o;
	struct profile p;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	f = make_function(&m, "f", "f.c", 0);
	for (int64_t line = 1; line <= 3; line++) {
		uint32_t l = make_location(&m, 0, PROFILE_NONE);

		make_line(&m, f, line);
		m.lines.p[m.lines.n - 1].column = -line;
		MAKE_SAMPLE(&m, VALUES(line), l);
	}
	make_done(&m);
	o = make_options(&m.p, REPORT_TOPPROTO);
	read_back(&m, &o, &p);
	assert_int_equal(p.samples.n, 3);
	assert_int_equal(p.n_functions, 1);
	assert_int_equal(p.lines[0].line, 3);
	assert_int_equal(p.lines[0].column, -3);
	profile_release(&p);
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proto_keeps_the_profile),
		cmocka_unit_test(proto_divides_and_cuts),
		cmocka_unit_test(topproto_has_a_sample_a_row),
		cmocka_unit_test(topproto_shares_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
