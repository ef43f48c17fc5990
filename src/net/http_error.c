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

/* "tcp 127.0.0.1:80", "tcp [::1]:80" or, of the path of a socket, "unix /run/app.sock". */
static void add_peer(struct buf *out, CURL *curl, struct str host)
{
	struct str name = str_head(host, port_at(host));
	struct str port = str_skip(host, name.n);
	const char *scheme = NULL;

	if (str_starts(host, STR("/"))) {
		buf_printf(out, "unix %.*s", STR_ARG(host));
		return;
	}
	BUF_LIT(out, "tcp ");
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
	add_peer(out, curl, host);
	buf_printf(out, ": connect: %s", sys ? err_sys_text(sys) : "connection refused");
}

static void add_receive(struct buf *out, CURL *curl, struct str host)
{
	int sys = os_errno(curl);

	BUF_LIT(out, "read ");
	add_peer(out, curl, host);
	buf_printf(out, ": read: %s", err_sys_text(sys ? sys : ECONNRESET));
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

	BUF_LIT(out, "net/http: HTTP/1.x transport connection broken: malformed HTTP ");
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
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		buf_printf(out, "dial tcp: lookup %.*s: no such host",
		    STR_ARG(str_head(host, port_at(host))));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		add_timeout(out, has_headers);
	else if (code == CURLE_GOT_NOTHING)
		BUF_LIT(out, "EOF");
	else if (code == CURLE_PARTIAL_FILE)
		BUF_LIT(out, "unexpected EOF");
	else if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
		add_receive(out, curl, host);
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
