/*
 * The lines on top of a report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "make_profile.h"
#include "report/labels.h"

static void make_described(struct maker *m)
{
	uint32_t a, b;

	make_init(m);
	make_type(m, "cpu", "nanoseconds");
	make_mapping(m, 0, 1, "/usr/bin/server");
	make_comment(m, "#not shown");
	make_comment(m, "shown");
	a = make_frame(m, "a");
	b = make_frame(m, "b");
	MAKE_SAMPLE(m, VALUES(1500000000), a);
	MAKE_SAMPLE(m, VALUES(1000000), b, a);
	make_done(m);
	m->mappings.p[0].build_id = profile_intern(&m->p, STR("0123"));
	m->p.doc_url = profile_intern(&m->p, STR("http://x/doc"));
	m->p.time_ns = 1700000000 * INT64_C(1000000000);
	m->p.duration_ns = 3000000000;
}

static void describes_the_profile(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out = { 0 };

	(void)state;
	make_described(&m);
	o = make_options(&m.p, REPORT_TRACES);
	report_profile_labels(&m.p, &o, &out);
	assert_report(out, "File: server\nBuild ID: 0123\nshown\nType: cpu\nDoc: http://x/doc\n"
			   "Time: 2023-11-14 22:13:20 UTC\n"
			   "Duration: 3s, Total samples = 1.50s (50.03%)\n");
	make_release(&m);
}

/* Without a total in time there is no share of the duration, but the blank in front of it stays. */
static void keeps_a_blank_behind_other_totals(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out = { 0 };

	(void)state;
	make_init(&m);
	make_type(&m, "objects", "count");
	MAKE_SAMPLE(&m, VALUES(7), make_frame(&m, "f"));
	make_done(&m);
	m.p.duration_ns = 10;
	o = make_options(&m.p, REPORT_TRACES);
	report_profile_labels(&m.p, &o, &out);
	assert_report(out, "Type: objects\nDuration: 10ns, Total samples = 7 \n");
	make_release(&m);
}

/* As int64 of Go on amd64: what does not fit is its smallest number. */
static void tells_the_share_of_absurd_totals(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out = { 0 };

	(void)state;
	make_init(&m);
	make_type(&m, "wall", "hrs");
	MAKE_SAMPLE(&m, VALUES(1000000000), make_frame(&m, "f"));
	make_done(&m);
	m.p.duration_ns = 30000000000;
	o = make_options(&m.p, REPORT_TRACES);
	report_profile_labels(&m.p, &o, &out);
	assert_report(out, "Type: wall\nDuration: 30s, Total samples = 1000000000hrs "
			   "(30744573456.18%)\n");
	make_release(&m);
}

static void lists_filters_and_cuts_long_ones(void **state)
{
	struct maker m;
	struct report_options o;
	char pattern[100], want[512];

	(void)state;
	memset(pattern, 'x', sizeof pattern);
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(7), make_frame(&m, "f"));
	make_done(&m);
	o = make_options(&m.p, REPORT_TEXT);
	o.compact_labels = true;
	o.filters.focus = (struct str){ pattern, 74 };
	o.filters.ignore = (struct str){ pattern, 74 };
	o.filters.tag_hide = STR("k");
	snprintf(want, sizeof want,
	    "Active filters:\n   focus=%.74s\n   ignore=%.73s…\n   taghide=k\n"
	    "Showing nodes accounting for 7, 100%% of 7 total\n"
	    "      flat  flat%%   sum%%        cum   cum%%\n"
	    "         7   100%%   100%%          7   100%%  f\n",
	    pattern, pattern);
	assert_report(make_report(&m.p, &o), want);
	make_release(&m);
}

/* dot has the profile's lines even when labels are compact, dropped edges and a hint. */
static void is_longer_for_dot(void **state)
{
	struct maker m;
	struct report_options o;
	struct report r;
	struct labels labels;
	struct buf out = { 0 };
	struct err e;

	(void)state;
	make_described(&m);
	m.p.n_mappings = 0;
	m.p.n_comments = 0;
	o = make_options(&m.p, REPORT_DOT);
	o.compact_labels = true;
	o.edge_fraction = 0.1;
	assert_int_equal(report_init(&r, &m.p, &o, &e), OK);
	assert_int_equal(labels_report(&r, &labels, &e), OK);
	labels_print(&labels, &out);
	assert_report(out, "Type: cpu\nDoc: http://x/doc\nTime: 2023-11-14 22:13:20 UTC\n"
			   "Duration: 3s, Total samples = 1501ms (50.03%)\n"
			   "Showing nodes accounting for 1501ms, 100% of 1501ms total\n"
			   "Dropped 1 edge (freq <= 150.10ms)\n"
			   "\nSee https://git.io/JfYMW for how to read the graph\n");
	report_release(&r);
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_the_profile),
		cmocka_unit_test(keeps_a_blank_behind_other_totals),
		cmocka_unit_test(tells_the_share_of_absurd_totals),
		cmocka_unit_test(lists_filters_and_cuts_long_ones),
		cmocka_unit_test(is_longer_for_dot),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
