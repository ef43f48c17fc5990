/*
 * -tree and -peek: callers above, callees below, and the error of a peek that matches nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static void make_calls(struct maker *m)
{
	uint32_t a, b, c;

	make_init(m);
	make_type(m, "n", "count");
	a = make_frame(m, "a");
	b = make_frame(m, "b");
	c = make_frame(m, "c");
	MAKE_SAMPLE(m, VALUES(6), c, a);
	MAKE_SAMPLE(m, VALUES(2), c, b, a);
	make_done(m);
}

#define DASHES "----------------------------------------------------------+-------------\n"

static void prints_callers_and_callees(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_calls(&m);
	o = make_options(&m.p, REPORT_TREE);
	o.compact_labels = true;
	assert_report(make_report(&m.p, &o),
	    "Showing nodes accounting for 8, 100% of 8 total\n" DASHES
	    "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n" DASHES
	    "                                                 6 75.00% |   a\n"
	    "                                                 2 25.00% |   b\n"
	    "         8   100%   100%          8   100%                | c\n" DASHES
	    "         0     0%   100%          8   100%                | a\n"
	    "                                                 6 75.00% |   c\n"
	    "                                                 2 25.00% |   b\n" DASHES
	    "                                                 2   100% |   a\n"
	    "         0     0%   100%          2 25.00%                | b\n"
	    "                                                 2   100% |   c\n" DASHES);
	make_release(&m);
}

static void peek_shows_matching_nodes(void **state)
{
	struct maker m;
	struct report_options o;
	struct regex *re;
	struct err e;

	(void)state;
	make_calls(&m);
	o = make_options(&m.p, REPORT_TREE);
	o.compact_labels = true;
	assert_int_equal(regex_new(&re, STR("^b"), &e), OK);
	o.symbol = re;
	o.symbol_text = STR("^b");
	assert_report(make_report(&m.p, &o),
	    "Showing nodes accounting for 8, 100% of 8 total\n" DASHES
	    "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n" DASHES
	    "                                                 2   100% |   a\n"
	    "         0     0%     0%          2 25.00%                | b\n"
	    "                                                 2   100% |   c\n" DASHES);
	regex_free(re);
	make_release(&m);
}

static void peek_without_a_match_fails(void **state)
{
	struct maker m;
	struct report_options o;
	struct regex *re;
	struct err e;

	(void)state;
	make_calls(&m);
	o = make_options(&m.p, REPORT_TREE);
	assert_int_equal(regex_new(&re, STR("zz+"), &e), OK);
	o.symbol = re;
	o.symbol_text = STR("zz+");
	e = make_report_error(&m.p, &o);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "no matches found for regexp: zz+");
	regex_free(re);
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_callers_and_callees),
		cmocka_unit_test(peek_shows_matching_nodes),
		cmocka_unit_test(peek_without_a_match_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
