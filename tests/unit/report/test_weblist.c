/*
 * -weblist: lines with their code, escaping, and samples whose code cannot be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_code.h"
#include "report/html.h"

static void assert_has(const struct buf *page, const char *text)
{
	if (str_find(buf_str(page), str_c(text)) == STR_NPOS)
		fail_msg("missing: %s", text);
}

static void assert_lacks(const struct buf *page, const char *text)
{
	if (str_find(buf_str(page), str_c(text)) != STR_NPOS)
		fail_msg("unwanted: %s", text);
}

static void shows_code_under_its_lines(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "outer");
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<!DOCTYPE html>");
	assert_has(&page, "<h2>outer</h2>\n<p class=\"file\">code.c</p>");
	assert_has(&page, "      80ms       80ms (flat, cum)   100%");
	assert_has(&page, "<details><summary><span class=\"no\">     8</span>");
	assert_has(&page, "30ms       30ms   \tx = 1;");
	/* The instruction in the middle of which samples fell, under the line of the call. */
	assert_has(&page, "50ms       50ms   \treturn inner();");
	assert_has(&page, "<span class=\"text call\">            return a &lt; b;</span>");
	assert_has(&page, "         14: <span class=\"text\">");
	assert_has(&page, "# 3010 &lt;b&gt;</span> <span class=\"at\">code.c:3</span>");
	/* inner was not asked for: its own line is no line of the listing. */
	assert_lacks(&page, "<h2>inner</h2>");
	buf_release(&page);
	code_release(&c);
}

static void asks_for_inlined_functions_too(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "inner");
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<h2>inner</h2>");
	assert_lacks(&page, "<h2>outer</h2>");
	buf_release(&page);
	code_release(&c);
}

/* The profile's own lines stand in for code that cannot be read: values, but nothing to unfold. */
static void shows_samples_without_code(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "outer");
	c.no_binary = true;
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<h2>outer</h2>\n<p class=\"file\">/src/code.c</p>");
	assert_has(&page, "      80ms       80ms (flat, cum)   100%");
	assert_has(
	    &page, "<span class=\"no\">     9</span>   <span class=\"hot\">      50ms       50ms");
	assert_has(&page, "???");
	assert_lacks(&page, "<details>");
	buf_release(&page);
	code_release(&c);
}

/* Only the heaviest 25 ranges are disassembled; the others count with the lines of the profile. */
static void counts_what_is_not_disassembled(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init_far(&c, REPORT_WEBLIST, "outer", 40);
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<span class=\"no\"> 40000</span>");
	buf_release(&page);
	code_release(&c);
}

/* Locations without addresses are told apart. */
static void makes_addresses_up(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "outer");
	c.m.locations.p[0].address = 0;
	c.m.locations.p[1].address = 0;
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<span class=\"hot\">      30ms       30ms");
	assert_has(&page, "<span class=\"hot\">      50ms       50ms");
	buf_release(&page);
	code_release(&c);
}

static void fails_without_a_match(void **state)
{
	struct code c;
	struct err e;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "zz");
	e = make_report_error(&c.m.p, &c.o);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "no matches found for regexp: zz");
	code_release(&c);
}

static void escapes_names(void **state)
{
	struct code c;
	struct buf page;

	(void)state;
	code_init(&c, REPORT_WEBLIST, "outer");
	c.no_binary = true;
	c.m.functions.p[0].name = profile_intern(&c.m.p, STR("outer<script>"));
	c.m.functions.p[0].filename = profile_intern(&c.m.p, STR("\"a\"&'b'.c"));
	page = make_report(&c.m.p, &c.o);
	assert_has(&page, "<h2>outer&lt;script&gt;</h2>");
	assert_has(&page, "&#34;a&#34;&amp;&#39;b&#39;.c");
	buf_release(&page);
	code_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_code_under_its_lines),
		cmocka_unit_test(asks_for_inlined_functions_too),
		cmocka_unit_test(shows_samples_without_code),
		cmocka_unit_test(counts_what_is_not_disassembled),
		cmocka_unit_test(makes_addresses_up),
		cmocka_unit_test(fails_without_a_match),
		cmocka_unit_test(escapes_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
