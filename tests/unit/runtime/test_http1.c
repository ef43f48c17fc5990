/* Request heads: what is read, what is refused, and decoding of paths and queries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/http1.h"

static enum http1_status parse(const char *text, struct http1_request *out)
{
	return http1_parse(str_c(text), out);
}

static void assert_str(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void a_plain_get(void **state)
{
	const char *text = "GET /debug/pprof/heap?seconds=5 HTTP/1.1\r\nhOST:  localhost:6060 \r\n"
			   "Accept: */*\r\nAuthorization: Bearer x\r\n\r\nrest";
	struct http1_request r;

	(void)state;
	assert_int_equal(parse(text, &r), HTTP1_DONE);
	assert_str(r.method, "GET");
	assert_str(r.path, "/debug/pprof/heap");
	assert_str(r.query, "seconds=5");
	assert_str(r.host, "localhost:6060");
	assert_str(r.authorization, "Bearer x");
	assert_str(r.origin, "");
	assert_int_equal(r.head_bytes, strlen(text) - 4);
	assert_false(r.has_length);
}

static void every_prefix_wants_more(void **state)
{
	const char *text = "POST /s HTTP/1.0\r\nContent-Length: 12\r\nOrigin: http://a\r\n\r\n";
	struct http1_request r;

	(void)state;
	for (size_t n = 0; n < strlen(text); n++)
		assert_int_equal(http1_parse((struct str){ text, n }, &r), HTTP1_MORE);
	assert_int_equal(parse(text, &r), HTTP1_DONE);
	assert_int_equal(r.content_length, 12);
	assert_str(r.origin, "http://a");
}

static void absolute_targets(void **state)
{
	struct http1_request r;

	(void)state;
	assert_int_equal(parse("GET http://h:1/p?q HTTP/1.1\nHost: other\n\n", &r), HTTP1_DONE);
	assert_str(r.host, "h:1");
	assert_str(r.path, "/p");
	assert_str(r.query, "q");
	assert_int_equal(parse("GET http://h HTTP/1.1\n\n", &r), HTTP1_BAD);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum http1_status status;
	} cases[] = {
		{ "\r\n", HTTP1_BAD },
		{ "GET\r\n\r\n", HTTP1_BAD },
		{ "GET /\r\n\r\n", HTTP1_BAD },
		{ "GET  / HTTP/1.1\r\n\r\n", HTTP1_BAD },
		{ "GET x HTTP/1.1\r\n\r\n", HTTP1_BAD },
		{ "G@T / HTTP/1.1\r\n\r\n", HTTP1_BAD },
		{ "GET /\x01 HTTP/1.1\r\n\r\n", HTTP1_BAD },
		{ "GET / FTP/1.1\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/2.0\r\n\r\n", HTTP1_VERSION },
		{ "GET / HTTP/0.9\r\n\r\n", HTTP1_VERSION },
		{ "GET / HTTP/1.1 x\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.x\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nno colon\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\n folded\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", HTTP1_BAD },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP1_UNSUPPORTED },
		{ "GET / HTTP/1.1\r\nX: a\x7f\r\n\r\n", HTTP1_BAD },
	};
	struct http1_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse(cases[i].text, &r), cases[i].status);
}

static void versions(void **state)
{
	struct http1_request r;

	(void)state;
	assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", &r), HTTP1_DONE);
	assert_true(r.is_1_0);
	assert_int_equal(parse("GET / HTTP/1.1\r\n\r\n", &r), HTTP1_DONE);
	assert_false(r.is_1_0);
	assert_int_equal(parse("GET / HTTP/1.2\r\n\r\n", &r), HTTP1_DONE);
}

static void too_many_fields(void **state)
{
	char text[4096] = "GET / HTTP/1.1\r\n";
	struct http1_request r;

	(void)state;
	for (int i = 0; i < HTTP1_MAX_FIELDS; i++)
		strcat(text, "A: b\r\n");
	strcat(text, "\r\n");
	assert_int_equal(parse(text, &r), HTTP1_DONE);
	text[strlen(text) - 2] = '\0';
	strcat(text, "A: b\r\n\r\n");
	assert_int_equal(parse(text, &r), HTTP1_BAD);
}

static void unescape(void **state)
{
	char out[8];
	size_t n;

	(void)state;
	assert_true(http1_unescape(STR("a%20b+c"), false, out, sizeof(out), &n));
	assert_string_equal(out, "a b+c");
	assert_int_equal(n, 5);
	assert_true(http1_unescape(STR("a+%2B"), true, out, sizeof(out), NULL));
	assert_string_equal(out, "a +");
	assert_false(http1_unescape(STR("%"), false, out, sizeof(out), NULL));
	assert_false(http1_unescape(STR("%4"), false, out, sizeof(out), NULL));
	assert_false(http1_unescape(STR("%zz"), false, out, sizeof(out), NULL));
	assert_false(http1_unescape(STR("%00"), false, out, sizeof(out), NULL));
	assert_true(http1_unescape(STR("1234567"), false, out, sizeof(out), NULL));
	assert_false(http1_unescape(STR("12345678"), false, out, sizeof(out), NULL));
	assert_false(http1_unescape(STR(""), false, out, 0, NULL));
}

/* As Go's path.Clean, but a slash at the end stays. */
static void canonical_paths(void **state)
{
	static const char *const cases[][2] = { { "/", "/" }, { "//", "/" }, { "/a", "/a" },
		{ "/a/", "/a/" }, { "//a//b", "/a/b" }, { "/a/./b", "/a/b" }, { "/a/../b", "/b" },
		{ "/a/b/../..", "/" }, { "/../../a", "/a" }, { "/a/..", "/" }, { "/a/.", "/a" },
		{ "/a/./", "/a/" }, { "/.../a", "/.../a" }, { "/ab/../c//", "/c/" } };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(http1_clean_path(str_c(cases[i][0]), out, sizeof(out)));
		assert_string_equal(out, cases[i][1]);
	}
	assert_true(http1_clean_path(STR("/1234567890123"), out, sizeof(out)));
	assert_false(http1_clean_path(STR("/123456789012345"), out, sizeof(out)));
	assert_false(http1_clean_path(STR("a"), out, sizeof(out)));
	assert_false(http1_clean_path(STR(""), out, sizeof(out)));
	assert_false(http1_clean_path(STR("/"), out, 1));
}

static void queries(void **state)
{
	char out[8];

	(void)state;
	assert_true(http1_query(STR("a=1&seconds=%35&seconds=6"), "seconds", out, sizeof(out)));
	assert_string_equal(out, "5");
	assert_true(http1_query(STR("gc"), "gc", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(http1_query(STR("second=1"), "seconds", out, sizeof(out)));
	assert_false(http1_query(STR(""), "seconds", out, sizeof(out)));
	assert_false(http1_query(STR("a=123456789"), "a", out, sizeof(out)));
	assert_false(http1_query(STR("seconds=1;debug=1"), "seconds", out, sizeof(out)));
	assert_true(http1_query(STR("seconds=1;debug=1&seconds=2"), "seconds", out, sizeof(out)));
	assert_string_equal(out, "2");
}

/* The scheme's name is in any case: RFC 9110, 11.1. */
static void bearer_tokens(void **state)
{
	(void)state;
	assert_str(http1_bearer(STR("Bearer x y")), "x y");
	assert_str(http1_bearer(STR("bEARER  x ")), "x");
	assert_str(http1_bearer(STR("Bearer")), "");
	assert_str(http1_bearer(STR("Bearerx")), "");
	assert_str(http1_bearer(STR("Basic x")), "");
	assert_str(http1_bearer(STR("")), "");
}

static void host_names(void **state)
{
	(void)state;
	assert_str(http1_host_name(STR("localhost:6060")), "localhost");
	assert_str(http1_host_name(STR("localhost")), "localhost");
	assert_str(http1_host_name(STR("[::1]:80")), "::1");
	assert_str(http1_host_name(STR("[::1]")), "::1");
	assert_str(http1_host_name(STR("[::1")), "");
	assert_str(http1_host_name(STR("")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_get),
		cmocka_unit_test(every_prefix_wants_more),
		cmocka_unit_test(absolute_targets),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(versions),
		cmocka_unit_test(too_many_fields),
		cmocka_unit_test(unescape),
		cmocka_unit_test(canonical_paths),
		cmocka_unit_test(queries),
		cmocka_unit_test(bearer_tokens),
		cmocka_unit_test(host_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
