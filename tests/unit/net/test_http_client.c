/* HTTP: answers, refusals and their texts, against a server in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/http_client.h"
#include "unit/net/loopback.h"

/* Longer than libcurl takes. */
static char long_header[600000] = "X-Long: ";

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
	else if (strstr(request, "GET /away "))
		loopback_reply(out, "302 Found", "Location: http://127.0.0.1:1/x", "", 0);
	else if (strstr(request, "GET /scheme "))
		loopback_reply(out, "302 Found", "Location: ftp://127.0.0.1/x", "", 0);
	else if (strstr(request, "GET /same "))
		loopback_reply(out, "304 Not Modified", "Location: /ok", "", 0);
	else if (strstr(request, "GET /words "))
		BUF_LIT(out, "who \"are\"\tyou\r\n");
	else if (strstr(request, "GET /word "))
		BUF_LIT(out, "\x15hello\n");
	else if (strstr(request, "GET /unpacked "))
		loopback_reply(out, "200 OK", "Content-Encoding: gzip", "no gzip at all", 14);
	else if (strstr(request, "GET /request"))
		loopback_reply(out, "200 OK", "", request, strlen(request));
	else if (strstr(request, "GET /half "))
		buf_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/pl");
	else if (strstr(request, "GET /chunks "))
		buf_printf(
		    out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n");
	else if (strstr(request, "GET /long "))
		loopback_reply(out, "200 OK", long_header, "", 0);
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
	assert_string_equal(e.msg, "Get \"/loop\": stopped after 10 redirects");
	assert_false(r.has_headers);
	http_reply_release(&r);
	assert_int_equal(http_get(&r, address("/same"), NULL, &e), OK);
	assert_int_equal(r.status, 304);
	http_reply_release(&r);
}

/* What fails is the second request, and the first one's reply is forgotten. */
static void test_redirect_fails(void **state)
{
	struct http_reply r;
	struct err e;

	(void)state;
	assert_int_equal(http_get(&r, address("/away"), NULL, &e), ERR_IO);
	assert_string_equal(e.msg,
	    "Get \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused");
	assert_false(r.has_headers);
	http_reply_release(&r);
	assert_int_equal(http_get(&r, address("/scheme"), NULL, &e), ERR_IO);
	assert_string_equal(
	    e.msg, "Get \"ftp://127.0.0.1/x\": unsupported protocol scheme \"ftp\"");
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

/* "unix:PATH:/path", whatever a proxy is for. */
static void test_socket(void **state)
{
	char folder[] = "/tmp/pprof-test-XXXXXX", path[64], url[128], want[256];
	struct loopback at_socket;
	struct http_reply r;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/a b", folder);
	loopback_start_at(&at_socket, path, answer, NULL);
	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	snprintf(url, sizeof url, "unix:%s/a%%20b:/request?a=b", folder);
	assert_int_equal(http_get(&r, str_c(url), NULL, &e), OK);
	assert_non_null(strstr(buf_c(&r.body), "GET /request?a=b HTTP/1.1\r\nHost: localhost\r\n"));
	http_reply_release(&r);
	unsetenv("HTTPS_PROXY");
	loopback_stop(&at_socket);
	snprintf(
	    want, sizeof want, "Get \"%s\": dial unix %s: connect: connection refused", url, path);
	check_failure(url, ERR_IO, want);
	unlink(path);
	rmdir(folder);
	snprintf(want, sizeof want, "Get \"%s\": dial unix %s: connect: no such file or directory",
	    url, path);
	check_failure(url, ERR_IO, want);
	check_failure("unix:x:/y", ERR_USAGE, "Get \"unix:x:/y\": want unix:/path/of/socket:/path");
	check_failure("unix:/x", ERR_USAGE, "Get \"unix:/x\": want unix:/path/of/socket:/path");
}

/* A password is in no error, and the scheme is what was spoken. */
static void test_shown_url(void **state)
{
	(void)state;
	check_failure("http://us%20er:secret@127.0.0.1:1/x", ERR_IO,
	    "Get \"http://us er:***@127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection "
	    "refused");
	check_failure("ftp://user:@a/x?y", ERR_UNSUPPORTED,
	    "Get \"ftp://user:***@a/x?y\": unsupported protocol scheme \"ftp\"");
	check_failure("https+insecure://user@127.0.0.1:1/x#f", ERR_IO,
	    "Get \"https://user@127.0.0.1:1/x#f\": dial tcp 127.0.0.1:1: connect: connection "
	    "refused");
	check_failure("http://localhost:99999/x", ERR_USAGE,
	    "Get \"http://localhost:99999/x\": dial tcp: address 99999: invalid port");
	check_failure(
	    "http://:1/x", ERR_IO, "Get \"http://:1/x\": dial tcp :1: connect: connection refused");
}

static void check_ending(const char *path, const char *text)
{
	struct http_reply r;
	struct err e;

	assert_int_equal(http_get(&r, address(path), NULL, &e), ERR_IO);
	assert_non_null(strstr(e.msg, text));
	assert_string_equal(strstr(e.msg, text), text);
	http_reply_release(&r);
}

/* Another protocol's port, and HTTP where TLS was expected. */
static void test_foreign(void **state)
{
	char url[100];
	struct http_reply r;
	struct err e;

	(void)state;
	check_ending("/words",
	    "/words\": net/http: HTTP/1.x transport connection broken: malformed HTTP status code "
	    "\"\\\"are\\\"\\tyou\"");
	check_ending("/word",
	    "/word\": net/http: HTTP/1.x transport connection broken: malformed HTTP response "
	    "\"\\x15hello\"");
	check_ending("/unpacked", "gzip: invalid header");
	snprintf(url, sizeof url, "http://:%d/request", server.port);
	assert_int_equal(http_get(&r, str_c(url), NULL, &e), OK);
	snprintf(url, sizeof url, "\r\nHost: :%d\r\n", server.port);
	assert_non_null(strstr(buf_c(&r.body), url));
	assert_null(strstr(buf_c(&r.body), "\r\nAccept:"));
	http_reply_release(&r);
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

/* A reply that ends within its head is none, not even an empty one. */
static void test_broken(void **state)
{
	(void)state;
	check_ending(
	    "/half", "/half\": net/http: HTTP/1.x transport connection broken: unexpected EOF");
	check_ending("/chunks", "invalid byte in chunk length");
	memset(long_header + 8, 'x', sizeof long_header - 9);
	check_ending("/long",
	    "/long\": net/http: HTTP/1.x transport connection broken: a header of the response is "
	    "too long");
}

/* It is the proxy that refuses, not the server. */
static void test_proxy(void **state)
{
	(void)state;
	setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:1/", 1);
	check_failure("http://no-such-host.invalid/x", ERR_IO,
	    "Get \"http://no-such-host.invalid/x\": proxyconnect tcp: dial tcp 127.0.0.1:1: "
	    "connect: connection refused");
	check_failure("http://127.0.0.1:1/x", ERR_IO,
	    "Get \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused");
	setenv("HTTP_PROXY", "no-such-proxy.invalid", 1);
	check_failure("http://no-such-host.invalid/x", ERR_IO,
	    "Get \"http://no-such-host.invalid/x\": proxyconnect tcp: dial tcp: lookup "
	    "no-such-proxy.invalid: no such host");
	unsetenv("HTTP_PROXY");
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

#define CERT   "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
#define KEY    "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n"
#define OTHER  "-----BEGIN X-----\nAA==\n-----END X-----\n"
#define LOCKED "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_tls_kinds(void **state)
{
	static const struct {
		const char *cert;
		const char *key;
		const char *text;
	} cases[] = {
		{ "junk\n", KEY, "failed to find any PEM data in certificate input" },
		{ KEY, KEY,
		    "failed to find certificate PEM data in certificate input, but did find a "
		    "private key; PEM inputs may have been switched" },
		{ OTHER KEY, KEY,
		    "failed to find \"CERTIFICATE\" PEM block in certificate input after skipping "
		    "PEM blocks of the following types: [X RSA PRIVATE KEY]" },
		{ OTHER CERT, "", "failed to find any PEM data in key input" },
		{ CERT, CERT,
		    "found a certificate rather than a key in the PEM for the private key" },
		{ CERT, OTHER,
		    "failed to find PEM block with type ending in \"PRIVATE KEY\" in key input "
		    "after skipping PEM blocks of the following types: [X]" },
		{ CERT, LOCKED, "failed to parse private key" },
	};

	char dir[] = "/tmp/pprof-test-tls-XXXXXX";
	char cert[64];
	char key[64];
	char want[400];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(cert, sizeof cert, "%s/cert", dir);
	snprintf(key, sizeof key, "%s/key", dir);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(cert, cases[i].cert);
		put(key, cases[i].key);
		snprintf(want, sizeof want,
		    "could not load certificate/key pair specified by -tls_cert and -tls_key: "
		    "tls: %s",
		    cases[i].text);
		check_tls(cert, key, "", want);
	}
	snprintf(want, sizeof want,
	    "could not load CA specified by -tls_ca: read %s: is a directory", dir);
	check_tls("", "", dir, want);
	unlink(cert);
	unlink(key);
	rmdir(dir);
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
		cmocka_unit_test(test_redirect_fails),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_shown_url),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_tls_files),
		cmocka_unit_test(test_tls_kinds),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
