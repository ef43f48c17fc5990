/*
 * HTTP requests over libcurl: GET a profile, POST addresses. Proxies come from the environment, as
 * in Go (HTTP_PROXY, HTTPS_PROXY, NO_PROXY and lower case), redirects are followed (10). The scheme
 * https+insecure is https without verification. Errors are worded as Go's net/http words them.
 * http_start() must have been called once; requests may then run in several threads.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* Largest body taken when no limit is given: 2 GiB. */
#define HTTP_MAX_BODY ((size_t)1 << 31)

/* Client certificate, its key and a CA bundle; PEM files, "" unset. */
struct http_tls {
	struct str cert;
	struct str key;
	struct str ca;
};

struct http_options {
	int64_t timeout_ms;         /* whole request; 0 none */
	size_t max_body;            /* 0: HTTP_MAX_BODY */
	const struct http_tls *tls; /* may be NULL */
};

struct http_reply {
	int status;           /* 200 */
	struct buf body;      /* caller releases with http_reply_release */
	char status_text[96]; /* "404 Not Found" */
	bool is_text_plain;   /* content type holds text/plain */
	bool is_go_pprof;     /* header X-Go-Pprof was there */
	bool has_headers;     /* a failure after this one is in the middle of the body */
};

/* Initializes libcurl for the process. Call from one thread, before the first request. */
enum err_code http_start(struct err *e) MUST_USE;
void http_stop(void);

/*
 * Checks the TLS files, which every request does first: both or neither of cert and key, and that
 * they can be read ("-tls_key is specified, so -tls_cert must also be specified").
 */
enum err_code http_check_tls(const struct http_tls *tls, struct err *e) MUST_USE;

/*
 * GET url. OK with any status. A transport failure is ERR_IO with `Get "URL": dial tcp
 * 127.0.0.1:1: connect: connection refused`, or when reply->has_headers without the `Get "URL": `;
 * a body over the limit is ERR_LIMIT. The reply is to be released in every case.
 */
enum err_code http_get(
    struct http_reply *reply, struct str url, const struct http_options *o, struct err *e) MUST_USE;
/* POST body; `Post "URL": …` on failure. */
enum err_code http_post(struct http_reply *reply, struct str url, struct str content_type,
    struct str body, const struct http_options *o, struct err *e) MUST_USE;
void http_reply_release(struct http_reply *reply);

/* ERR_IO with "server response: 404 Not Found[ - body]" unless the status is 200. */
enum err_code http_expect_ok(const struct http_reply *reply, struct err *e) MUST_USE;

#endif
