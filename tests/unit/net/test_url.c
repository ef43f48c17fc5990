/* URLs: which names are URLs, what is fetched for them, where names are asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/url.h"

static void check_text(struct str got, const char *want)
{
	char text[1024] = { 0 };

	assert_true(got.n < sizeof text);
	if (got.n)
		memcpy(text, got.p, got.n);
	assert_string_equal(text, want);
}

static void check_adjust(const char *source, int64_t seconds, const char *want, int64_t timeout_ms)
{
	struct arena a = { 0 };
	struct url_source out;
	struct err e;

	assert_int_equal(url_adjust(&out, str_c(source), seconds, -1, &a, &e), OK);
	assert_int_equal(out.is_url, want != NULL);
	if (want) {
		check_text(out.url, want);
		assert_int_equal(out.timeout_ms, timeout_ms);
	}
	arena_release(&a);
}

static void test_sources(void **state)
{
	(void)state;
	check_adjust("http://h:8080/debug/pprof/heap", 0, "http://h:8080/debug/pprof/heap", 60000);
	check_adjust("h:8080/debug/pprof/heap", 0, "http://h:8080/debug/pprof/heap", 60000);
	check_adjust("localhost:80", 0, "http://localhost:80", 60000);
	check_adjust("prof.pb.gz", 0, NULL, 0);
	check_adjust("dir/prof.pb.gz", 0, NULL, 0);
	check_adjust("/abs/prof.pb.gz", 0, NULL, 0);
	check_adjust("a:b", 0, NULL, 0); /* "b" is no port */
	check_adjust("foo://bar/baz", 0, "foo://bar/baz", 60000);
	check_adjust("file:///x", 0, NULL, 0);
	check_adjust("", 0, NULL, 0);
	check_adjust("unix:/run/a.sock", 0, "unix:/run/a.sock:/", 60000);
	check_adjust("unix:/a b:/debug/pprof/profile", 5,
	    "unix:/a%20b:/debug/pprof/profile?seconds=5", 7500);
	check_adjust("unix://h/x", 0, "unix://h/x", 60000); /* refused when it is asked */
}

static void test_seconds(void **state)
{
	(void)state;
	check_adjust("http://h/p", 5, "http://h/p?seconds=5", 7500);
	check_adjust("http://h/p?seconds=30", 0, "http://h/p?seconds=30", 45000);
	check_adjust("http://h/p?seconds=30&b=2&a=1", 10, "http://h/p?a=1&b=2&seconds=10", 15000);
	check_adjust("http://h/p?seconds=x", 0, "http://h/p?seconds=x", 60000);
	check_adjust("http://h/p?b=x%20y&a", 0, "http://h/p?a=&b=x+y", 60000);
	check_adjust("http://h/p?a;b=1&c=%zz", 0, "http://h/p", 60000);
	check_adjust("http://h/p?", 0, "http://h/p?", 60000);
}

static void test_timeout_given(void **state)
{
	struct arena a = { 0 };
	struct url_source out;
	struct err e;

	(void)state;
	assert_int_equal(url_adjust(&out, STR("http://h/"), 30, 7, &a, &e), OK);
	assert_int_equal(out.timeout_ms, 7000);
	assert_int_equal(out.duration_s, 30);
	arena_release(&a);
}

static void check_round_trip(const char *text, const char *want)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct url u;
	struct err e;

	assert_int_equal(url_parse(&u, str_c(text), &a, &e), OK);
	url_write(&u, &b);
	check_text(buf_str(&b), want);
	buf_release(&b);
	arena_release(&a);
}

static void test_write(void **state)
{
	(void)state;
	check_round_trip(
	    "HTTP://User:p%40w@Host:1/a%2fb?q#f", "http://User:p%40w@Host:1/a%2fb?q#f");
	check_round_trip("http://h/a b", "http://h/a%20b");
	check_round_trip("http://h/\xc3\xa4", "http://h/%C3%A4");
	check_round_trip("mailto:x@y", "mailto:x@y");
	check_round_trip("http://[::1]:80/x", "http://[::1]:80/x");
	check_round_trip("rel/path?x=1", "rel/path?x=1");
}

static void check_refused(const char *text, const char *reason)
{
	struct arena a = { 0 };
	struct url u;
	struct err e;

	assert_int_equal(url_parse(&u, str_c(text), &a, &e), ERR_FORMAT);
	assert_non_null(strstr(e.msg, reason));
	arena_release(&a);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("http://h:x/", "invalid port \":x\" after host");
	check_refused(":x", "missing protocol scheme");
	check_refused("1h:80/x", "first path segment in URL cannot contain colon");
	check_refused("http://[::1/", "missing ']' in host");
	check_refused("http://h/%zz", "escape");
	check_refused("http://a b/", "host name");
	check_refused("http://h/\x01", "control character");
}

static void check_symbolz(const char *source, const char *want)
{
	struct arena a = { 0 };
	struct str out;
	struct err e;

	assert_int_equal(url_symbolz(str_c(source), &a, &out, &e), OK);
	check_text(out, want);
	arena_release(&a);
}

static void test_symbolz(void **state)
{
	(void)state;
	check_symbolz("http://h:1/debug/pprof/heap?gc=1", "http://h:1/debug/pprof/symbol");
	check_symbolz("http://h/x/debug/pprof/heap", "http://h/x/debug/pprof/symbol");
	check_symbolz("http://h/pprof/growth", "http://h/pprof/symbol");
	check_symbolz("http://h/heapz", "http://h/symbolz");
	check_symbolz("http://h/a/heapz", "http://h/a/symbolz");
	check_symbolz("http://h", "http://h/symbolz");
	check_symbolz("file.pb.gz", "");
	check_symbolz("unix:/a.sock:/debug/pprof/heap?x=1", "unix:/a.sock:/debug/pprof/symbol");
	check_symbolz("unix:/a.sock", "");
}

static void test_kinds(void **state)
{
	(void)state;
	assert_true(url_is_http(STR("http://x/y")));
	assert_true(url_is_http(STR("HTTPS+insecure://x/y")));
	assert_false(url_is_http(STR("ftp://x/y")));
	assert_false(url_is_http(STR("/usr/bin/http")));
	assert_true(url_is_absolute(STR("ftp://x/y")));
	assert_false(url_is_absolute(STR("/usr/bin/x")));
	assert_false(url_is_absolute(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_timeout_given),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_symbolz),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
