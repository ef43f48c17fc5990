/*
 * libcurl's error codes in Go's words. Called when a transfer has failed. What is hard: one code of
 * libcurl (cannot connect) covers what Go tells apart by errno, and timeouts have two wordings.
 */
#include "net/http_error.h"

#include <errno.h>

#include "base/err.h"

static int os_errno(CURL *curl)
{
	long sys = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &sys);
	return (int)sys;
}

/* "127.0.0.1:80" or "[::1]:80"; the host when no address was reached. */
static void add_peer(struct buf *out, CURL *curl, struct str host)
{
	const char *ip = NULL;
	long port = 0;

	curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(curl, CURLINFO_PRIMARY_PORT, &port);
	if (!ip || !*ip) {
		buf_add_str(out, host);
		return;
	}
	buf_printf(out, strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port);
}

static void add_connect(struct buf *out, CURL *curl, struct str host)
{
	int sys = os_errno(curl);

	BUF_LIT(out, "dial tcp ");
	add_peer(out, curl, host);
	buf_printf(out, ": connect: %s", sys ? err_sys_text(sys) : "connection refused");
}

static void add_receive(struct buf *out, CURL *curl, struct str host)
{
	int sys = os_errno(curl);

	BUF_LIT(out, "read tcp ");
	add_peer(out, curl, host);
	buf_printf(out, ": read: %s", err_sys_text(sys ? sys : ECONNRESET));
}

static struct str host_name(struct str host)
{
	size_t colon = str_rfind_char(host, ':');

	return colon == STR_NPOS ? host : str_head(host, colon);
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

void http_error_text(
    struct buf *out, CURL *curl, CURLcode code, bool has_headers, struct str host, const char *own)
{
	if (code == CURLE_COULDNT_CONNECT)
		add_connect(out, curl, host);
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		buf_printf(out, "dial tcp: lookup %.*s: no such host", STR_ARG(host_name(host)));
	else if (code == CURLE_OPERATION_TIMEDOUT)
		add_timeout(out, has_headers);
	else if (code == CURLE_GOT_NOTHING)
		BUF_LIT(out, "EOF");
	else if (code == CURLE_PARTIAL_FILE)
		BUF_LIT(out, "unexpected EOF");
	else if (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
		add_receive(out, curl, host);
	else if (code == CURLE_TOO_MANY_REDIRECTS)
		BUF_LIT(out, "stopped after 10 redirects");
	else
		add_own(out, code, own);
}
