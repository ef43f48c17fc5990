/*
 * libcurl's error codes in Go's words. Called when a transfer has failed. What is hard: one code of
 * libcurl (cannot connect) covers what Go tells apart by errno, and timeouts have two wordings.
 */
#include "net/http_error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "base/err.h"
#include "net/tls_files.h"

#define BROKEN     "net/http: HTTP/1.x transport connection broken: "
#define MAX_QUOTED ((size_t)1000) /* bytes of what was no HTTP */

/* OpenSSL's X509_V_ERR_…: no issuer; self-signed (18) up to the first of the chain only (21). */
enum {
	NO_ISSUER = 2,
	SELF_SIGNED = 18,
	LEAF_ONLY = 21,
};

static int os_errno(CURL *curl)
{
	long sys = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &sys);
	return (int)sys;
}

static bool is_number(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((name.p[i] < '0' || name.p[i] > '9') && name.p[i] != '.')
			return name.p[0] == '[';
	return true; /* also of ":8080" */
}

/* Where ":80" begins; at the end when there is none. */
static size_t port_at(struct str host)
{
	size_t colon = str_rfind_char(host, ':');

	if (colon == STR_NPOS || str_find_char(str_skip(host, colon), ']') != STR_NPOS)
		return host.n;
	return colon;
}

/* The address that is tried first for a name; libcurl forgets it when it is of no use. */
static void add_address(struct buf *out, struct str name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	char ip[INET6_ADDRSTRLEN] = "";
	char text[256];

	snprintf(text, sizeof text, "%.*s", STR_ARG(name));
	if (getaddrinfo(text, NULL, &hints, &found) == 0)
		(void)getnameinfo(
		    found->ai_addr, found->ai_addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	buf_printf(out, strchr(ip, ':') ? "[%s]" : "%s", *ip ? ip : text);
}

/* "127.0.0.1:40312->": this end of the connection. */
static void add_local(struct buf *out, CURL *curl)
{
	const char *ip = NULL;
	long port = 0;

	curl_easy_getinfo(curl, CURLINFO_LOCAL_IP, &ip);
	curl_easy_getinfo(curl, CURLINFO_LOCAL_PORT, &port);
	if (ip && *ip && port > 0)
		buf_printf(out, strchr(ip, ':') ? "[%s]:%ld->" : "%s:%ld->", ip, port);
}

/*
 * "tcp 127.0.0.1:80", "tcp [::1]:80" or, of the path of a socket, "unix /run/app.sock"; with this
 * end before it when there is a connection.
 */
static void add_peer(struct buf *out, CURL *curl, struct str host, bool is_connected)
{
	struct str name = str_head(host, port_at(host));
	struct str port = str_skip(host, name.n);
	const char *scheme = NULL;

	if (str_starts(host, STR("/"))) {
		buf_printf(out, "unix %s%.*s", is_connected ? "@->" : "", STR_ARG(host));
		return;
	}
	BUF_LIT(out, "tcp ");
	if (is_connected)
		add_local(out, curl);
	curl_easy_getinfo(curl, CURLINFO_SCHEME, &scheme);
	if (is_number(name))
		buf_add_str(out, name);
	else
		add_address(out, name);
	if (port.n > 1)
		buf_add_str(out, port);
	else
		buf_printf(out, ":%d", scheme && strcasecmp(scheme, "https") == 0 ? 443 : 80);
}

static void add_connect(struct buf *out, CURL *curl, struct str host)
{
	int sys = os_errno(curl);

	BUF_LIT(out, "dial ");
	add_peer(out, curl, host, false);
	buf_printf(out, ": connect: %s", sys ? err_sys_text(sys) : "connection refused");
}

/*
 * What TLS servers say before they hang up: OpenSSL's words, and Go's where they differ. The first
 * is found inside a text such as "OpenSSL SSL_read: … tlsv13 alert certificate required, errno 0".
 */
static const struct {
	const char *openssl;
	const char *go;
} alerts[] = {
	{ "access denied", NULL },
	{ "bad certificate", NULL },
	{ "certificate expired", "expired certificate" },
	{ "certificate required", NULL },
	{ "certificate revoked", "revoked certificate" },
	{ "certificate unknown", "unknown certificate" },
	{ "handshake failure", NULL },
	{ "internal error", NULL },
	{ "protocol version", "protocol version not supported" },
	{ "unknown ca", "unknown certificate authority" },
	{ "unrecognized name", NULL },
	{ "unsupported certificate", NULL },
};

static bool add_alert(struct buf *out, const char *own)
{
	const char *alert = strstr(own, " alert ");

	for (size_t i = 0; alert && i < sizeof alerts / sizeof *alerts; i++)
		if (strstr(alert, alerts[i].openssl)) {
			buf_printf(out, "remote error: tls: %s",
			    alerts[i].go ? alerts[i].go : alerts[i].openssl);
			return true;
		}
	return false;
}

/* A connection that broke, unless libcurl's text tells that it was something else. */
static void add_broken(
    struct buf *out, CURL *curl, const char *what, struct str host, const char *own)
{
	int sys = os_errno(curl);

	if (add_alert(out, own))
		return;
	if (strstr(own, "chunked-encoding")) {
		BUF_LIT(out, "invalid byte in chunk length");
		return;
	}
	if (strstr(own, "CONNECT tunnel failed")) {
		buf_printf(out, "%s", own);
		return;
	}
	buf_printf(out, "%s ", what);
	add_peer(out, curl, host, true);
	buf_printf(out, ": %s: %s", what, err_sys_text(sys ? sys : ECONNRESET));
}

/* What a certificate is found to lack, by OpenSSL's number. */
static bool is_unknown_authority(CURL *curl)
{
	long reason = 0;

	curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &reason);
	return reason == NO_ISSUER || (reason >= SELF_SIGNED && reason <= LEAF_ONLY);
}

static void add_unverified(struct buf *out, CURL *curl, const char *own)
{
	BUF_LIT(out, "tls: failed to verify certificate: ");
	if (is_unknown_authority(curl))
		BUF_LIT(out, "x509: certificate signed by unknown authority");
	else
		buf_printf(out, "%s", own);
}

static void add_timeout(struct buf *out, bool has_headers)
{
	buf_printf(out, "context deadline exceeded (%s)",
	    has_headers ? "Client.Timeout or context cancellation while reading body"
			: "Client.Timeout exceeded while awaiting headers");
}

/* libcurl's text, or its name for the code; a capital first letter looks wrong inside ours. */
static void add_own(struct buf *out, CURLcode code, const char *own)
{
	buf_printf(out, "%s", own && *own ? own : curl_easy_strerror(code));
}

/* libcurl quotes the scheme too. */
static void add_scheme(struct buf *out, const char *quoted)
{
	const char *end = strchr(quoted + 1, '"');

	buf_printf(out, "unsupported protocol scheme %.*s",
	    (int)(end ? end + 1 - quoted : (ptrdiff_t)strlen(quoted)), quoted);
}

/* One byte as Go's %q writes it. */
static void add_quoted(struct buf *out, char c)
{
	static const char letters[] = "\aa\bb\ff\nn\rr\tt\vv\\\\\"\"";

	for (size_t i = 0; letters[i]; i += 2)
		if (letters[i] == c) {
			buf_printf(out, "\\%c", letters[i + 1]);
			return;
		}
	buf_printf(out, c < ' ' || c == 0x7f ? "\\x%02x" : "%c", (unsigned char)c);
}

static void add_quoted_str(struct buf *out, struct str s)
{
	buf_char(out, '"');
	for (size_t i = 0; i < s.n && i < MAX_QUOTED; i++)
		add_quoted(out, s.p[i]);
	buf_char(out, '"');
}

void http_error_foreign(struct buf *out, struct str body)
{
	size_t end = str_find_char(body, '\n');
	struct str line = str_trim(str_head(body, end == STR_NPOS ? body.n : end));
	size_t space = str_find_char(line, ' ');

	BUF_LIT(out, BROKEN "malformed HTTP ");
	if (space == STR_NPOS) {
		BUF_LIT(out, "response ");
		add_quoted_str(out, line);
		return;
	}
	line = str_trim(str_skip(line, space));
	space = str_find_char(line, ' ');
	BUF_LIT(out, "status code ");
	add_quoted_str(out, str_head(line, space == STR_NPOS ? line.n : space));
}

void http_error_text(
    struct buf *out, CURL *curl, CURLcode code, bool has_headers, struct str host, const char *own)
{
	if (code == CURLE_COULDNT_CONNECT)
		add_connect(out, curl, host);
	else if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
		buf_printf(out, "dial tcp: lookup %.*s: no such host",
		    STR_ARG(str_head(host, port_at(host))));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		add_timeout(out, has_headers);
	else if (code == CURLE_GOT_NOTHING)
		BUF_LIT(out, "EOF");
	else if (code == CURLE_PARTIAL_FILE)
		buf_printf(out, "%sunexpected EOF", has_headers ? "" : BROKEN);
	else if (code == CURLE_OUT_OF_MEMORY)
		BUF_LIT(out, BROKEN "a header of the response is too long");
	else if (code == CURLE_RECV_ERROR)
		add_broken(out, curl, "read", host, own);
	else if (code == CURLE_SEND_ERROR)
		add_broken(out, curl, "write", host, own);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		add_unverified(out, curl, own);
	else if (code ==
		 CURLE_SSL_CACERT_BADFILE) /* one without a certificate: nobody is trusted */
		BUF_LIT(out, "tls: failed to verify certificate: x509: certificate signed by "
			     "unknown authority");
	else if (code == CURLE_SSL_CERTPROBLEM) /* tls_files.c has found both */
		BUF_LIT(out, TLS_PAIR ": tls: private key does not match public key");
	else if (code == CURLE_SSL_CONNECT_ERROR && strstr(own, "wrong version number"))
		BUF_LIT(out, "http: server gave HTTP response to HTTPS client");
	else if (code == CURLE_BAD_CONTENT_ENCODING)
		BUF_LIT(out, "gzip: invalid header");
	else if (code == CURLE_UNSUPPORTED_PROTOCOL && strstr(own, "rotocol \""))
		add_scheme(out, strstr(own, "rotocol \"") + strlen("rotocol "));
	else if (code == CURLE_TOO_MANY_REDIRECTS)
		BUF_LIT(out, "stopped after 10 redirects");
	else
		add_own(out, code, own);
}
