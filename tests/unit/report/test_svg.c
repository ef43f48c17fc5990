/*
 * Changes to the drawings that Graphviz makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/svg.h"

#define HEAD "<?xml version=\"1.0\"?>\n"
#define BODY                                                                                       \
	"<svg width=\"79pt\" height=\"116pt\"\n viewBox=\"0.00 0.00 79.49 116.00\" xmlns=\"s\">\n" \
	"<g id=\"graph0\" class=\"graph\">\n<title>a &; b &amp; c</title>\n</g>\n</svg>\n"

static struct buf movable(const char *svg)
{
	struct buf out = { 0 };
	struct err e;

	assert_int_equal(svg_make_movable(str_c(svg), &out, &e), OK);
	return out;
}

static void starts_with(const char *text, const char *want)
{
	if (strncmp(text, want, strlen(want)) != 0)
		fail_msg("%s", text);
}

static void wraps_the_graph(void **state)
{
	struct buf out = movable(HEAD BODY);
	const char *text = buf_c(&out);
	const char *group = strstr(text, "<g id=\"viewport\"");

	(void)state;
	starts_with(text, HEAD "<svg width=\"100%\" height=\"100%\" xmlns=\"s\">\n<script ");
	assert_non_null(group);
	assert_string_equal(group, "<g id=\"viewport\" transform=\"scale(0.5,0.5) translate(0,0)\">"
				   "<g id=\"graph0\" class=\"graph\">\n<title>a &amp;; b &amp; "
				   "c</title>\n</g>\n</g></svg>\n");
	buf_release(&out);
}

/* The script stands in a CDATA section, which it must not end. */
static void script_stays_inside(void **state)
{
	struct buf out = movable(BODY);
	const char *end = strstr(buf_c(&out), "]]>");

	(void)state;
	assert_non_null(end);
	starts_with(end, "]]></script>");
	buf_release(&out);
}

static void copies_other_text(void **state)
{
	static const char *const texts[] = { "", "no drawing", "<svg width=\"1\" viewBox=\"2\">x",
		"<svg width=\"1\" height=\"\" viewBox=\"2\">", "<svg", "</svg>" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf out = movable(texts[i]);

		assert_string_equal(buf_c(&out), texts[i]);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps_the_graph),
		cmocka_unit_test(script_stays_inside),
		cmocka_unit_test(copies_other_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
