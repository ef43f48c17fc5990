/*
 * -folded and JSON rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static void make_stacks(struct maker *m)
{
	uint32_t a, b, odd, bare, both;

	make_init(m);
	make_type(m, "n", "count");
	make_mapping(m, 0x1000, 0x2000, "/bin/x");
	a = make_frame(m, "a");
	b = make_frame(m, "b");
	odd = make_frame(m, "odd;\"name\n");
	bare = make_location(m, 0x1abc, 0);
	both = make_location(m, 0, PROFILE_NONE);
	make_line(m, 1, 0);
	make_line(m, 0, 0);
	MAKE_SAMPLE(m, VALUES(1), b, a);
	MAKE_SAMPLE(m, VALUES(5), odd);
	MAKE_SAMPLE(m, VALUES(2), both);
	MAKE_SAMPLE(m, VALUES(4), bare, a);
	MAKE_SAMPLE(m, VALUES(0), a);
	make_done(m);
}

static void merges_and_sorts_stacks(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_stacks(&m);
	o = make_options(&m.p, REPORT_FOLDED);
	assert_report(make_report(&m.p, &o), "a;0x1abc 4\na;b 3\nodd \"name  5\n");
	make_release(&m);
}

static void writes_rows_as_json(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(5), make_frame(&m, "a\"\\\xff\x01"), make_frame(&m, "b"));
	make_done(&m);
	o = make_options(&m.p, REPORT_TEXT);
	o.json = true;
	o.compact_labels = true;
	assert_report(make_report(&m.p, &o),
	    "{\"report\": \"text\", \"sample_type\": \"n\", \"unit\": \"count\", \"total\": 5, "
	    "\"labels\": [\"Showing nodes accounting for 5, 100% of 5 total\"], \"rows\": [\n"
	    "{\"name\": \"a\\\"\\\\\\ufffd\\u0001\", \"inline\": \"\", \"flat\": 5, \"cum\": 5, "
	    "\"flat_text\": \"5\", \"cum_text\": \"5\"},\n"
	    "{\"name\": \"b\", \"inline\": \"\", \"flat\": 0, \"cum\": 5, "
	    "\"flat_text\": \"0\", \"cum_text\": \"5\"}]}\n");
	make_release(&m);
}

static void writes_tags_and_trees_as_json(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(5), make_frame(&m, "a"), make_frame(&m, "b"));
	make_label(&m, "k", "v");
	make_done(&m);
	o = make_options(&m.p, REPORT_TAGS);
	o.json = true;
	o.compact_labels = true;
	assert_report(make_report(&m.p, &o),
	    "{\"report\": \"tags\", \"sample_type\": \"n\", \"unit\": \"count\", \"total\": 5, "
	    "\"keys\": [\n{\"key\": \"k\", \"sum\": 5, \"values\": "
	    "[{\"value\": \"v\", \"sum\": 5}]}]}\n");
	o.format = REPORT_TREE;
	assert_report(make_report(&m.p, &o),
	    "{\"report\": \"tree\", \"sample_type\": \"n\", \"unit\": \"count\", \"total\": 5, "
	    "\"labels\": [\"Showing nodes accounting for 5, 100% of 5 total\"], \"rows\": [\n"
	    "{\"name\": \"a\", \"inline\": \"\", \"flat\": 5, \"cum\": 5, "
	    "\"flat_text\": \"5\", \"cum_text\": \"5\", "
	    "\"callers\": [{\"name\": \"b\", \"value\": 5, \"inline\": false}], \"callees\": []},\n"
	    "{\"name\": \"b\", \"inline\": \"\", \"flat\": 0, \"cum\": 5, "
	    "\"flat_text\": \"0\", \"cum_text\": \"5\", "
	    "\"callers\": [], \"callees\": [{\"name\": \"a\", \"value\": 5, \"inline\": "
	    "false}]}]}\n");
	make_release(&m);
}

static void writes_comments_as_json(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	MAKE_SAMPLE(&m, VALUES(5), make_frame(&m, "a"));
	make_done(&m);
	o = make_options(&m.p, REPORT_COMMENTS);
	o.json = true;
	assert_report(make_report(&m.p, &o),
	    "{\"report\": \"comments\", \"sample_type\": \"n\", \"unit\": \"count\", "
	    "\"total\": 5, \"comments\": []}\n");
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_and_sorts_stacks),
		cmocka_unit_test(writes_rows_as_json),
		cmocka_unit_test(writes_tags_and_trees_as_json),
		cmocka_unit_test(writes_comments_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
