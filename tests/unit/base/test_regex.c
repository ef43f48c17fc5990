/*
 * Regular expressions: the language is RE2's, the error texts are Go's. Expected answers were taken
 * from the syntax's definition, not from this implementation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/regex.h"

static bool matches(const char *pattern, struct str s)
{
	struct regex *re;
	struct err e = { 0 };
	bool matched;

	if (regex_new(&re, str_c(pattern), &e) != OK)
		fail_msg("%s: %s", pattern, e.msg);
	assert_true(str_is(regex_pattern(re), pattern));
	matched = regex_match(re, s);
	regex_free(re);
	return matched;
}

static void check(const char *pattern, const char *yes, const char *no)
{
	if (yes && !matches(pattern, str_c(yes)))
		fail_msg("%s does not match %s", pattern, yes);
	if (no && matches(pattern, str_c(no)))
		fail_msg("%s matches %s", pattern, no);
}

static void search_is_unanchored_and_case_sensitive(void **state)
{
	(void)state;
	check("alloc", "runtime.mallocgc", "runtime.ALLOC");
	check("^main", "main.f", "xmain.f");
	check("f$", "main.f", "main.fx");
	check("", "anything", NULL);
	check("a|b", "xbx", "c");
	check("a.c", "abc", "a\nc");
	check("(?s)a.c", "a\nc", "ac");
	check("(?i)MAIN", "main", "mian");
	check("a(?i)b", "aB", "AB");
	check("(?i:a)b", "Ab", "AB");
}

static void what_pcre_reads_otherwise(void **state)
{
	(void)state;
	check("a$", "a", "a\n"); /* $ is the very end */
	check("(?m)^b$", "a\nb\nc", "ab");
	check("(?m)^$", "a\n", "a"); /* behind a newline at the end, too */
	check("\\s", " ", "\v");     /* \s has no vertical tab */
	check("[[:space:]]", "\v", "x");
	check("(?P<name>a)\\z", "ba", "ab");
	check("(?<name>a)", "a", "b");
	check("\\Qa.b\\E+", "a.bb", "axb");
	check("\\Qa.b", "a.b", "axb");
	check("\\pN\\p{Greek}\\P{Greek}", "1\xCE\xB1x", "1\xCE\xB1\xCE\xB1");
	check("\\x41\\x{42}\\103", "ABC", "AB");
	check("a{,2}", "a{,2}", "aa");  /* not a repetition */
	check("x*(?i)*Y", "xxy", "xx"); /* repeats the repetition */
	check("^*a\\b+", "a", "ab");
	check("[-\\d]", "-", "b");
	check("[]a]", "]", "b");
	check("[^\\x00-\\x{10FFFF}]", NULL, "a");
}

static void letters_fold_before_groups_are_negated(void **state)
{
	(void)state;
	check("(?i)^[[:^lower:]]$", "1", "A");
	check("(?i)^[^k]$", "a", "K");
	check("(?i)^k$", "\xE2\x84\xAA", NULL);      /* the Kelvin sign */
	check("(?i)^[[:lower:]]$", "\xC5\xBF", "1"); /* long s */
	check("(?i)^\\W$", "-", "\xC5\xBF");
	check("^\\W$", "\xC5\xBF", "s");
}

static void invalid_bytes_read_as_one_replacement_character(void **state)
{
	(void)state;
	assert_true(matches("^a.b$", STR("a\xFF"
					 "b")));
	assert_true(matches("^a..b$", STR("a\xE2\x84"
					  "b")));
	assert_true(matches("\\x{FFFD}", STR("\x80")));
	assert_false(matches("^a.b$", STR("a\xC3\xA9\xFF"
					  "b")));
	assert_true(matches("^a\\x00b$", STR("a\0b")));
}

/* Both are wrong in PCRE2 10.42 as they stand. */
static void known_faults_of_pcre_are_avoided(void **state)
{
	(void)state;
	check("(?:(?:.x|)_*)x", "1cxA", "1cA");
	check("(?:|\\A){0}b", "xb", "x");
}

static void backtracking_does_not_change_the_answer(void **state)
{
	char s[2001];

	(void)state;
	memset(s, 'x', sizeof s - 1);
	s[sizeof s - 1] = '\0';
	check("(x+x+)+y", NULL, s);
	check("(x*)*$", s, NULL);
	s[sizeof s - 2] = 'y';
	check("(x+x+)+y", s, NULL);
	check("x.*x.*x.*x.*x.*z", NULL, s);
}

static void refusals_have_the_words_of_go(void **state)
{
	static const struct {
		const char *pattern;
		const char *message;
	} cases[] = {
		{ "(", "missing closing ): `(`" },
		{ "a)", "unexpected ): `a)`" },
		{ "x[a", "missing closing ]: `[a`" },
		{ "[z-a]", "invalid character class range: `z-a`" },
		{ "[[:foo:]]", "invalid character class range: `[:foo:]`" },
		{ "\\p{Foo}", "invalid character class range: `\\p{Foo}`" },
		{ "\\pX", "invalid character class range: `\\pX`" },
		{ "*a", "missing argument to repetition operator: `*`" },
		{ "a|*", "missing argument to repetition operator: `*`" },
		{ "(?i)+?b", "missing argument to repetition operator: `+?`" },
		{ "a**b", "invalid nested repetition operator: `**`" },
		{ "a{2}{3}", "invalid nested repetition operator: `{2}{3}`" },
		{ "a*?+", "invalid nested repetition operator: `*?+`" },
		{ "a{1001}", "invalid repeat count: `{1001}`" },
		{ "a{3,2}", "invalid repeat count: `{3,2}`" },
		{ "((a{100}){10}){10}", "invalid repeat count: `{10}`" },
		{ "a\\", "trailing backslash at end of expression: ``" },
		{ "\\y", "invalid escape sequence: `\\y`" },
		{ "\\1", "invalid escape sequence: `\\1`" },
		{ "\\C", "invalid escape sequence: `\\C`" },
		{ "[a-\\d]", "invalid escape sequence: `\\d`" },
		{ "[\\b]", "invalid escape sequence: `\\b`" },
		{ "\\x{110000}", "invalid escape sequence: `\\x{110000`" },
		{ "(?=a)", "invalid or unsupported Perl syntax: `(?=`" },
		{ "(?!a)", "invalid or unsupported Perl syntax: `(?!`" },
		{ "(?i-)", "invalid or unsupported Perl syntax: `(?i-)`" },
		{ "(?P<n", "invalid named capture: `(?P<n`" },
		{ "(?P<a b>c)", "invalid named capture: `(?P<a b>`" },
		{ "a\xFF", "invalid UTF-8: `\xFF`" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct regex *re;
		struct err e = { 0 };
		char want[256];

		assert_int_equal(regex_new(&re, str_c(cases[i].pattern), &e), ERR_USAGE);
		assert_null(re);
		snprintf(want, sizeof want, "error parsing regexp: %s", cases[i].message);
		assert_string_equal(e.msg, want);
	}
}

static void repeated(char *out, const char *piece, size_t times)
{
	*out = '\0';
	for (size_t i = 0; i < times; i++)
		out = stpcpy(out, piece);
}

static void sizes_are_limited(void **state)
{
	static char pattern[70000];
	struct regex *re;
	struct err e;

	(void)state;
	repeated(pattern, "(", 5000);
	repeated(pattern + 5000, ")", 5000);
	assert_int_equal(regex_new(&re, str_c(pattern), &e), ERR_USAGE);
	assert_non_null(strstr(e.msg, "expression nests too deeply"));
	repeated(pattern, "a", 69999);
	assert_int_equal(regex_new(&re, str_c(pattern), &e), ERR_LIMIT);
	repeated(pattern, "(", 200);
	repeated(pattern + 200, ")", 200);
	assert_int_equal(regex_new(&re, str_c(pattern), &e), OK);
	regex_free(re);
}

static void groups_are_found_in_valid_and_invalid_text(void **state)
{
	struct str g[4];
	struct regex *re;
	struct err e;

	(void)state;
	assert_int_equal(regex_new_capturing(&re, STR("(\\d+) *(?:x|(y))@(?P<rest>\\S*)"), &e), OK);
	assert_true(regex_find(re, STR("a 12 x@zz 3y@"), g, 4));
	assert_true(str_is(g[0], "12 x@zz"));
	assert_true(str_is(g[1], "12"));
	assert_int_equal(g[2].n, 0);
	assert_true(str_is(g[3], "zz"));
	assert_true(regex_find(re,
	    STR("\xFF\xFE"
		"12y@\xFFz\xC3 b"),
	    g, 4));
	assert_true(str_is(g[0], "12y@\xFFz\xC3"));
	assert_true(str_is(g[2], "y"));
	assert_true(str_is(g[3], "\xFFz\xC3"));
	assert_false(regex_find(re, STR(""), g, 4));
	regex_free(re);
}

static void memory_failures_are_reported(void **state)
{
	struct err e;

	(void)state;
	for (size_t n = 1;; n++) {
		struct regex *re;
		enum err_code rc;

		alloc_fail_at(n);
		rc = regex_new(&re, STR("(a|b)*[[:alpha:]]{3}"), &e);
		alloc_fail_at(0);
		if (rc == OK) {
			assert_true(n > 3);
			regex_free(re);
			return;
		}
		assert_int_equal(rc, ERR_NOMEM);
		assert_null(re);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_is_unanchored_and_case_sensitive),
		cmocka_unit_test(what_pcre_reads_otherwise),
		cmocka_unit_test(letters_fold_before_groups_are_negated),
		cmocka_unit_test(invalid_bytes_read_as_one_replacement_character),
		cmocka_unit_test(known_faults_of_pcre_are_avoided),
		cmocka_unit_test(backtracking_does_not_change_the_answer),
		cmocka_unit_test(refusals_have_the_words_of_go),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(groups_are_found_in_valid_and_invalid_text),
		cmocka_unit_test(memory_failures_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
