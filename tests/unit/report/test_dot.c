/*
 * -dot: the document, boxes of tags, escaping, colours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"
#include "report/dot_color.h"

#define HINT "\\l\\lSee https://git.io/JfYMW for how to read the graph\\l"

static void draws_nodes_and_edges(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t a, b;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	make_mapping(&m, 0, 100, "/bin/to\"ol");
	a = make_frame(&m, "main.main");
	b = make_frame(&m, "example.org/pkg.Run");
	MAKE_SAMPLE(&m, VALUES(3), b, a);
	MAKE_SAMPLE(&m, VALUES(1), a);
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	assert_report(make_report(&m.p, &o),
	    "digraph \"to\\\"ol\" {\n"
	    "node [style=filled fillcolor=\"#f8f8f8\"]\n"
	    "subgraph cluster_L { \"File: to\\\"ol\" [shape=box fontsize=16 label=\"File: "
	    "to\\\"ol\\lType: n\\lShowing nodes accounting for 4, 100% of 4 total" HINT
	    "\" tooltip=\"to\\\"ol\"] }\n"
	    "N1 [label=\"main\\nmain\\n1 (25.00%)\\nof 4 (100%)\" id=\"node1\" fontsize=18 "
	    "shape=box "
	    "tooltip=\"main.main (4)\" color=\"#b20000\" fillcolor=\"#edd5d5\"]\n"
	    "N2 [label=\"pkg\\nRun\\n3 (75.00%)\" id=\"node2\" fontsize=24 shape=box "
	    "tooltip=\"example.org/pkg.Run (3)\" color=\"#b20e00\" fillcolor=\"#edd7d5\"]\n"
	    "N1 -> N2 [label=\" 3\" weight=76 penwidth=4 color=\"#b20e00\" "
	    "tooltip=\"main.main -> example.org/pkg.Run (3)\" "
	    "labeltooltip=\"main.main -> example.org/pkg.Run (3)\"]\n"
	    "}\n");
	make_release(&m);
}

/* The part of the text from the first occurrence of `from` to the end of its line. */
static const char *line_with(struct buf *out, const char *from)
{
	char *at = strstr((char *)(uintptr_t)buf_c(out), from);
	char *end;

	if (!at)
		fail_msg("\"%s\" is not in:\n%s", from, buf_c(out));
	end = strchr(at, '\n');
	if (end)
		*end = '\0';
	return at;
}

static void draw_frame(struct maker *m, const char *function, const char *file, int64_t line)
{
	uint32_t f;

	make_init(m);
	make_type(m, "n", "count");
	f = make_function(m, function, file, 0);
	make_location(m, 0, PROFILE_NONE);
	make_line(m, f, line);
	MAKE_SAMPLE(m, VALUES(1), 0);
	make_done(m);
}

static void check_line(struct maker *m, const char *from, const char *want)
{
	struct report_options o = make_options(&m->p, REPORT_DOT);
	struct buf out = make_report(&m->p, &o);

	assert_string_equal(line_with(&out, from), want);
	buf_release(&out);
	make_release(m);
}

static void escapes_names(void **state)
{
	struct maker m;

	(void)state;
	draw_frame(&m, "a\"b\\c\nd", "dir/e\"f.c", 7);
	check_line(&m, "N1 [",
	    "N1 [label=\"a\\\"b\\\\c\\ld\\ne\\\"f.c:7\\n1 (100%)\" id=\"node1\" fontsize=24 "
	    "shape=box "
	    "tooltip=\"a\\\"b\\\\c\\ld dir/e\\\"f.c:7 (1)\" color=\"#b20000\" "
	    "fillcolor=\"#edd5d5\"]");
}

static void breaks_names_into_lines(void **state)
{
	struct maker m;

	(void)state;
	draw_frame(&m, "ns::sort[...].Less", "", 0);
	check_line(&m, "N1 [",
	    "N1 [label=\"ns\\nsort[…]\\nLess\\n1 (100%)\" id=\"node1\" fontsize=24 shape=box "
	    "tooltip=\"ns::sort[...].Less (1)\" color=\"#b20000\" fillcolor=\"#edd5d5\"]");
}

static void draws_tags(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out;
	uint32_t a;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	a = make_frame(&m, "a");
	MAKE_SAMPLE(&m, VALUES(3), a);
	make_label(&m, "key", "say \"hi\"");
	make_number(&m, "bytes", 1024, "bytes");
	MAKE_SAMPLE(&m, VALUES(2), a);
	make_number(&m, "bytes", 16, "bytes");
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	out = make_report(&m.p, &o);
	assert_string_equal(strstr(buf_c(&out), "N1_0 ["),
	    "N1_0 [label = \"key:say \\\"hi\\\"\" id=\"N1_0\" fontsize=8 shape=box3d "
	    "tooltip=\"3\"]\n"
	    "N1 -> N1_0 [label=\" 3\" weight=100 tooltip=\"3\" labeltooltip=\"3\"]\n"
	    "NN1_0_0 [label = \"1kB\" id=\"NN1_0_0\" fontsize=8 shape=box3d tooltip=\"3\"]\n"
	    "N1_0 -> NN1_0_0 [label=\" 3\" weight=100 tooltip=\"3\" labeltooltip=\"3\"]\n"
	    "NN1_0 [label = \"16B\" id=\"NN1_0\" fontsize=8 shape=box3d tooltip=\"2\"]\n"
	    "N1 -> NN1_0 [label=\" 2\" weight=100 tooltip=\"2\" labeltooltip=\"2\"]\n"
	    "}\n");
	buf_release(&out);
	make_release(&m);
}

/* Six sizes become four boxes: each of the lightest joins the nearest of the heaviest. */
static void collapses_sizes(void **state)
{
	static const int64_t sizes[][2] = { { 10, 16 }, { 9, 1024 }, { 8, 65536 }, { 7, 1048576 },
		{ 2, 24 }, { 1, 1100 } };
	struct maker m;
	struct report_options o;
	struct buf out;
	uint32_t a;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	a = make_frame(&m, "a");
	for (size_t i = 0; i < 6; i++) {
		MAKE_SAMPLE(&m, VALUES(sizes[i][0]), a);
		make_number(&m, "bytes", sizes[i][1], "bytes");
	}
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	out = make_report(&m.p, &o);
	assert_non_null(strstr(buf_c(&out), "NN1_0 [label = \"16B..24B\" id=\"NN1_0\" fontsize=8 "
					    "shape=box3d tooltip=\"12\"]"));
	assert_non_null(strstr(buf_c(&out), "NN1_1 [label = \"1kB..1.07kB\""));
	assert_non_null(strstr(buf_c(&out), "NN1_3 [label = \"1MB\""));
	assert_null(strstr(buf_c(&out), "NN1_4"));
	buf_release(&out);
	make_release(&m);
}

/* A quote sorts before a letter, the backslash that escapes it behind one. */
static void equal_tags_are_ordered_as_they_were_written(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out;
	uint32_t a;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	a = make_frame(&m, "a");
	MAKE_SAMPLE(&m, VALUES(3), a);
	make_label(&m, "k", "Z");
	MAKE_SAMPLE(&m, VALUES(3), a);
	make_label(&m, "k", "\"");
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	out = make_report(&m.p, &o);
	assert_non_null(strstr(buf_c(&out), "N1_0 [label = \"k:\\\"\""));
	assert_non_null(strstr(buf_c(&out), "N1_1 [label = \"k:Z\""));
	buf_release(&out);
	make_release(&m);
}

/* A leaf shows all of its tags' values, dotted where they are not its own. */
static void inner_nodes_show_their_own_tags(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out;
	uint32_t a, b;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	a = make_frame(&m, "a");
	b = make_frame(&m, "b");
	MAKE_SAMPLE(&m, VALUES(3), b, a);
	make_label(&m, "k", "v");
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	out = make_report(&m.p, &o);
	/* b, the leaf, is the first. */
	assert_non_null(strstr(buf_c(&out), "N1_0"));
	assert_null(strstr(buf_c(&out), "N2_0"));
	buf_release(&out);
	make_release(&m);
}

static void empty_graph_has_a_legend(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	make_done(&m);
	o = make_options(&m.p, REPORT_DOT);
	assert_report(make_report(&m.p, &o), "digraph \"unnamed\" {\n"
					     "node [style=filled fillcolor=\"#f8f8f8\"]\n"
					     "subgraph cluster_L { \"Type: n\" [shape=box "
					     "fontsize=16 label=\"Type: n\\lShowing nodes "
					     "accounting for 0, 0% of 0 total" HINT "\"] }\n"
					     "}\n");
	make_release(&m);
}

static void check_color(double score, bool background, const char *want)
{
	struct buf out = { 0 };

	dot_color(&out, score, background);
	assert_string_equal(buf_c(&out), want);
	buf_release(&out);
}

/* Grey in the middle, red above, green below; the ends are as far as it goes. */
static void colours(void **state)
{
	(void)state;
	check_color(0, false, "#b2b2b2");
	check_color(1, false, "#b20000");
	check_color(7, false, "#b20000");
	check_color(-1, false, "#00b200");
	check_color(0, true, "#ededed");
	check_color(1, true, "#edd5d5");
	check_color(-1, true, "#d5edd5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_nodes_and_edges),
		cmocka_unit_test(escapes_names),
		cmocka_unit_test(breaks_names_into_lines),
		cmocka_unit_test(draws_tags),
		cmocka_unit_test(equal_tags_are_ordered_as_they_were_written),
		cmocka_unit_test(collapses_sizes),
		cmocka_unit_test(inner_nodes_show_their_own_tags),
		cmocka_unit_test(empty_graph_has_a_legend),
		cmocka_unit_test(colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
