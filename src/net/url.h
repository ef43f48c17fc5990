/*
 * URLs as Go's net/url reads and writes them, as far as profile sources need it: what is a URL and
 * what is a file name decides there, and the texts we print must be Go's.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* Longest URL that is looked at, in bytes. */
#define URL_MAX 65536

/* Parts borrow from the parsed text or lie in the arena; an absent part is {NULL or "", 0}. */
struct url {
	struct str scheme;    /* lower case, "" when there is none */
	struct str opaque;    /* "mailto:x": what follows a scheme without a slash */
	struct str user_info; /* before '@', as written */
	struct str host;      /* with the port, as written */
	struct str path;      /* as written (still escaped) */
	struct str query;     /* as written, without '?' */
	struct str fragment;  /* as written, without '#' */
	bool has_query;       /* tells "x?" from "x" */
	bool has_authority;   /* "//" was there */
};

/*
 * Parses. ERR_FORMAT with Go's reason ("first path segment in URL cannot contain colon") when Go's
 * url.Parse fails. Lower-casing the scheme takes memory from a.
 */
enum err_code url_parse(struct url *out, struct str text, struct arena *a, struct err *e) MUST_USE;
/* Writes u as Go's URL.String does. */
void url_write(const struct url *u, struct buf *out);

/*
 * A URL of a Unix socket, "unix:/run/app.sock:/debug/pprof/heap" (PPROF_ADDR, a colon, a path): the
 * socket's path, as written, and the path that is asked for, NULL when there is none. False for any
 * other URL.
 */
bool url_unix_socket(const struct url *u, struct str *socket, struct str *path);

/* First value of a query key, decoded; false when absent or undecodable. Taken from a. */
bool url_query_get(const struct url *u, struct str key, struct arena *a, struct str *value);
/*
 * Replaces the query by Go's Values.Encode of itself, with key set to value when key is not "":
 * keys sorted, each value escaped. Pieces that do not decode are dropped, as there.
 */
enum err_code url_query_set(
    struct url *u, struct str key, struct str value, struct arena *a, struct err *e) MUST_USE;

/*
 * What pprof does to a source name. *is_url false: it is a file name. Otherwise *url is the text to
 * fetch ("host:port/path" gets "http://"), with seconds= set when seconds > 0, and *timeout_s and
 * *duration_s are what follows from seconds, timeout_s and the URL's own seconds parameter.
 */
struct url_source {
	bool is_url;
	struct str url;
	int64_t duration_s; /* 0 unknown */
	int64_t timeout_s;
	int64_t timeout_ms; /* the same, finer: one and a half times an odd number of seconds */
};
enum err_code url_adjust(struct url_source *out, struct str source, int64_t seconds,
    int64_t timeout_s, struct arena *a, struct err *e) MUST_USE;

/*
 * Where to POST addresses for names, from the URL a profile came from: the sibling "symbol" of
 * /debug/pprof/x and of gperftools' /pprof/heap …, else the sibling "symbolz". "" when source is
 * no URL with a host.
 */
enum err_code url_symbolz(
    struct str source, struct arena *a, struct str *out, struct err *e) MUST_USE;

/*
 * True when name is an absolute URL with "http" in its scheme, or of a Unix socket: a mapping named
 * after its source.
 */
bool url_is_http(struct str name);
/* True when name parses as a URL that has a scheme. */
bool url_is_absolute(struct str name);

#endif
