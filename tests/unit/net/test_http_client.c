/* HTTP: answers, refusals and their texts, against a server in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/http_client.h"
#include "unit/net/loopback.h"

static void answer(struct loopback *l, const char *request, struct buf *out)
{
	(void)l;
	if (strstr(request, "GET /ok "))
		loopback_reply(out, "200 OK", "", "hello", 5);
	else if (strstr(request, "GET /missing "))
		loopback_reply(out, "404 Not Found", "Content-Type: text/plain", "no", 2);
	else if (strstr(request, "GET /go "))
		loopback_reply(out, "400 Bad Request",
		    "X-Go-Pprof: 1\r\nContent-Type: text/plain; charset=utf-8", "bad seconds", 11);
	else if (strstr(request, "GET /moved "))
		loopback_reply(out, "302 Found", "Location: /ok", "gone", 4);
	else if (strstr(request, "GET /loop "))
		loopback_reply(out, "302 Found", "Location: /loop", "", 0);
	else if (strstr(request, "GET /short "))
		buf_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
	else if (strstr(request, "POST /echo "))
		loopback_reply(out, "200 OK", "", strstr(request, "\r\n\r\n") + 4,
		    strlen(strstr(request, "\r\n\r\n") + 4));
}

static struct loopback server;

static int start(void **state)
{
	struct err e;

	(void)state;
	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	loopback_start(&server, answer, NULL);
	return http_start(&e);
}

static int stop(void **state)
{
	(void)state;
	loopback_stop(&server);
	http_stop();
	return 0;
}

static struct str address(const char *path)
{
	static char text[200];

	snprintf(text, sizeof text, "http://127.0.0.1:%d%s", server.port, path);
	return str_c(text);
}

static void test_get(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/ok"), NULL, &e), OK);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.status_text, "200 OK");
	assert_string_equal(buf_c(&r.body), "hello");
	assert_int_equal(http_expect_ok(&r, &e), OK);
	http_reply_release(&r);
}

static void test_redirect(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/moved"), NULL, &e), OK);
	assert_int_equal(r.status, 200);
	assert_string_equal(buf_c(&r.body), "hello");
	http_reply_release(&r);
	assert_int_equal(http_get(&r, address("/loop"), NULL, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "stopped after 10 redirects"));
	http_reply_release(&r);
}

static void check_status(const char *path, const char *text)
{
	struct http_reply r;
	struct err e;

	assert_int_equal(http_get(&r, address(path), NULL, &e), OK);
	assert_int_equal(http_expect_ok(&r, &e), ERR_IO);
	assert_string_equal(e.msg, text);
	http_reply_release(&r);
}

static void test_status(void **state)
{
	(void)state;
	check_status("/missing", "server response: 404 Not Found");
	check_status("/go", "server response: 400 Bad Request - bad seconds");
}

static void check_failure(const char *url, enum err_code code, const char *text)
{
	struct http_reply r;
	struct err e;

	assert_int_equal(http_get(&r, str_c(url), NULL, &e), code);
	assert_string_equal(e.msg, text);
	http_reply_release(&r);
}

static void test_failures(void **state)
{
	(void)state;
	check_failure("http://127.0.0.1:1/x", ERR_IO,
	    "Get \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused");
	check_failure("foo://bar/baz", ERR_UNSUPPORTED,
	    "Get \"foo://bar/baz\": unsupported protocol scheme \"foo\"");
	check_failure("http://no-such-host.invalid/x", ERR_IO,
	    "Get \"http://no-such-host.invalid/x\": dial tcp: lookup no-such-host.invalid: no such "
	    "host");
}

static void test_no_answer(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/nothing"), NULL, &e), ERR_IO);
	assert_false(r.has_headers);
	assert_non_null(strstr(e.msg, "/nothing\": EOF"));
	http_reply_release(&r);
}

static void test_cut_off(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/short"), NULL, &e), ERR_IO);
	assert_true(r.has_headers);
	assert_string_equal(e.msg, "unexpected EOF");
	http_reply_release(&r);
}

static void test_limit(void **state)
{
	struct http_options o = { .max_body = 4 };
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/ok"), &o, &e), ERR_LIMIT);
	http_reply_release(&r);
	o.max_body = 5;
	assert_int_equal(http_get(&r, address("/ok"), &o, &e), OK);
	http_reply_release(&r);
}

static void test_post(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_post(&r, address("/echo"), STR("application/octet-stream"),
			     STR("0x1+0x2"), NULL, &e),
	    OK);
	assert_string_equal(buf_c(&r.body), "0x1+0x2");
	http_reply_release(&r);
}

static void check_tls(const char *cert, const char *key, const char *ca, const char *text)
{
	struct http_tls tls = { str_c(cert), str_c(key), str_c(ca) };
	struct err e;

	assert_int_not_equal(http_check_tls(&tls, &e), OK);
	assert_string_equal(e.msg, text);
}

static void test_tls_files(void **state)
{
	(void)state;
	check_tls("", "k", "", "-tls_key is specified, so -tls_cert must also be specified");
	check_tls("c", "", "", "-tls_cert is specified, so -tls_key must also be specified");
	check_tls("/no/c", "/no/k", "",
	    "could not load certificate/key pair specified by -tls_cert and -tls_key: open /no/c: "
	    "no "
	    "such file or directory");
	check_tls("", "", "/no/ca",
	    "could not load CA specified by -tls_ca: open /no/ca: no such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_tls_files),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
