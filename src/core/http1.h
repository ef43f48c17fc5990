/*
 * The head of an HTTP/1.x request, parsed in place: request line and the few header fields that a
 * small server looks at. Called by the runtime's endpoint. Nothing is allocated or copied; all
 * texts are borrowed from the input.
 *
 * Strict where leniency has been a way to smuggle requests: no folded headers, no spaces before a
 * colon, one Host, one Content-Length, no Transfer-Encoding, no control characters.
 * Source: RFC 9112 (syntax), RFC 9110 (fields).
 */
#ifndef CORE_HTTP1_H
#define CORE_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

#define HTTP1_MAX_FIELDS 64

enum http1_status {
	HTTP1_DONE = 0,
	HTTP1_MORE,        /* the head is not complete yet */
	HTTP1_BAD,         /* malformed: answer 400 and close */
	HTTP1_UNSUPPORTED, /* a transfer coding: answer 501 and close */
	HTTP1_VERSION,     /* another major version of HTTP: answer 505 and close */
};

struct http1_request {
	struct str method;        /* "GET" */
	struct str path;          /* as sent, still percent-encoded; begins with '/' */
	struct str query;         /* after '?', without it; empty when none */
	struct str host;          /* Host field, or an absolute target's authority; may be "" */
	struct str authorization; /* "" when absent */
	struct str origin;        /* "" when absent */
	struct str fetch_site;    /* Sec-Fetch-Site; "" when absent */
	uint64_t content_length;  /* 0 when absent */
	bool is_1_0;              /* HTTP/1.0, whose requests need no Host */
	bool has_host;
	bool has_length;
	size_t head_bytes; /* up to and including the empty line */
};

/* Parses the head at the start of `in`. *out is complete only with HTTP1_DONE. */
enum http1_status http1_parse(struct str in, struct http1_request *out);

/*
 * Percent-decodes s into out (cap bytes, NUL-terminated on success); '+' becomes a space when
 * plus is set. False when an escape is malformed, decodes to NUL, or the result does not fit.
 * *n (may be NULL) is the length without the NUL.
 */
bool http1_unescape(struct str s, bool plus, char *out, size_t cap, size_t *n);

/*
 * The canonical form of an absolute path, as Go's servers redirect to it: no empty parts, "." and
 * ".." gone, a slash at the end kept. out (cap bytes) is NUL-terminated. False when path does not
 * begin with a slash or the result does not fit.
 */
bool http1_clean_path(struct str path, char *out, size_t cap);

/*
 * The first value of parameter `name` in a query, decoded into out. False when it is absent,
 * malformed or too long. A pair with a semicolon is passed over, as by Go: whether it separates
 * pairs has not always been answered alike.
 */
bool http1_query(struct str query, const char *name, char *out, size_t cap);

/* The token of an Authorization field of the scheme Bearer, in any case; "" of any other. */
struct str http1_bearer(struct str authorization);

/* host without its port; brackets of an IPv6 address are taken off. */
struct str http1_host_name(struct str host);

#endif
