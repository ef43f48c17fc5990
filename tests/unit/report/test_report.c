/*
 * What all formats share: totals, and that every failed allocation ends in a clean error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_code.h"

static void totals_add_magnitudes(void **state)
{
	struct maker m;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	make_type(&m, "delay", "ns");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(2, 30), f);
	MAKE_SAMPLE(&m, VALUES(3, -70), f);
	make_done(&m);
	assert_int_equal(report_total(&m.p, 1, false), 100);
	assert_int_equal(report_total(&m.p, 1, true), 20);
	make_release(&m);
}

/* In a comparison the base is the total, unless it sums up to nothing. */
static void totals_of_a_comparison_are_the_base(void **state)
{
	struct maker m;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(-30), f);
	make_label(&m, "pprof::base", "true");
	MAKE_SAMPLE(&m, VALUES(50), f);
	make_label(&m, "pprof::base", "no");
	make_done(&m);
	assert_int_equal(report_total(&m.p, 0, false), 30);
	m.values.p[0] = 0;
	assert_int_equal(report_total(&m.p, 0, false), 50);
	make_release(&m);
}

static void titles_are_base_names(void **state)
{
	struct maker m;
	struct report_options o;
	struct report r;
	struct err e;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	make_mapping(&m, 0, 1, "/usr/bin/tool");
	make_done(&m);
	o = make_options(&m.p, REPORT_RAW);
	assert_int_equal(report_init(&r, &m.p, &o, &e), OK);
	assert_true(str_is(report_title(&r), "tool"));
	m.p.n_mappings = 0;
	assert_true(str_is(report_title(&r), "unnamed"));
	report_release(&r);
	make_release(&m);
}

/*
 * Fails the n-th allocation for all n until the report succeeds. A regular expression that gets no
 * memory matches nothing, which may end as "no matches".
 */
static void fail_allocations(struct code *c)
{
	enum err_code code = ERR_NOMEM;

	for (size_t n = 1; code != OK; n++) {
		struct buf out = { 0 };
		struct err e = { 0 };

		alloc_fail_at(n);
		code = report_generate(&c->m.p, &c->o, &out, NULL, &e);
		alloc_fail_at(0);
		buf_release(&out);
		if (code != OK && code != ERR_NOMEM && code != ERR_NOT_FOUND)
			fail_msg("allocation %zu: %s", n, e.msg);
		if (n > 5000)
			fail_msg("format %d never succeeds", (int)c->o.format);
	}
}

static void survives_failed_allocations(void **state)
{
	static const enum report_format formats[] = { REPORT_TEXT, REPORT_TREE, REPORT_TRACES,
		REPORT_TAGS, REPORT_RAW, REPORT_LIST, REPORT_DISASM, REPORT_WEBLIST,
		REPORT_FOLDED };

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct code c;

		code_init(&c, formats[i], "outer");
		make_label(&c.m, "key", "value");
		make_number(&c.m, "bytes", 5, "bytes");
		make_done(&c.m);
		fail_allocations(&c);
		code_release(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_add_magnitudes),
		cmocka_unit_test(totals_of_a_comparison_are_the_base),
		cmocka_unit_test(titles_are_base_names),
		cmocka_unit_test(survives_failed_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
