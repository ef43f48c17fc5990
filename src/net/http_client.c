/*
 * HTTP over libcurl. Called by fetch/ (GET) and symbolize/ (POST). One easy handle a request: a
 * profile takes seconds to make, a connection microseconds. What is hard: errors and proxies are to
 * behave as Go's, so the proxy is chosen here and not by libcurl.
 */
#include "net/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/latelib.h"
#include "net/http_error.h"
#include "net/url.h"

/* How many redirects are followed, as in Go. */
#define MAX_REDIRECTS 10L

struct request {
	const char *verb; /* "Get", "Post": as Go's messages have it */
	struct str url;
	struct str content_type;
	struct str body;
	bool is_post;
	const struct http_options *o;
	struct http_reply *reply;
	size_t max_body;
	bool too_long;
	struct arena arena; /* C strings for libcurl */
	struct url parts;
	char own_text[CURL_ERROR_SIZE];
};

extern const struct latelib latelib_curl;

enum err_code http_start(struct err *e)
{
	TRY(latelib_load(&latelib_curl, e));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(e, ERR_NOMEM, "cannot start libcurl");
	return OK;
}

void http_stop(void)
{
	curl_global_cleanup();
}

static MUST_USE enum err_code check_readable(struct str path, const char *what, struct err *e)
{
	char name[4096];
	int fd;

	if (!path.n)
		return OK;
	if (path.n >= sizeof name)
		return FAIL(e, ERR_USAGE, "%s: file name too long", what);
	memcpy(name, path.p, path.n);
	name[path.n] = 0;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return FAIL_SYS(e, errno, "%s: open %s", what, name);
	close(fd);
	return OK;
}

enum err_code http_check_tls(const struct http_tls *tls, struct err *e)
{
	static const char pair[] =
	    "could not load certificate/key pair specified by -tls_cert and -tls_key";

	if (!tls)
		return OK;
	if (tls->key.n && !tls->cert.n)
		return FAIL(
		    e, ERR_USAGE, "-tls_key is specified, so -tls_cert must also be specified");
	if (tls->cert.n && !tls->key.n)
		return FAIL(
		    e, ERR_USAGE, "-tls_cert is specified, so -tls_key must also be specified");
	TRY(check_readable(tls->cert, pair, e));
	TRY(check_readable(tls->key, pair, e));
	return check_readable(tls->ca, "could not load CA specified by -tls_ca", e);
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct request *r = ctx;
	size_t n = size * count;

	if (n > r->max_body - r->reply->body.n) {
		r->too_long = true;
		return 0;
	}
	buf_add(&r->reply->body, data, n);
	return buf_failed(&r->reply->body) ? 0 : n;
}

/* "HTTP/1.1 404 Not Found": a redirect's reply is followed by another, which starts afresh. */
static void take_status(struct http_reply *reply, struct str line)
{
	size_t space = str_find_char(line, ' ');
	struct str text = space == STR_NPOS ? STR("") : str_trim(str_skip(line, space + 1));
	size_t n = text.n < sizeof reply->status_text ? text.n : sizeof reply->status_text - 1;

	reply->is_text_plain = false;
	reply->is_go_pprof = false;
	reply->has_headers = false;
	memcpy(reply->status_text, text.p, n);
	reply->status_text[n] = 0;
	buf_clear(&reply->body);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	struct request *r = ctx;
	struct str line = str_trim((struct str){ data, size * count });
	size_t colon = str_find_char(line, ':');
	struct str name = colon == STR_NPOS ? line : str_head(line, colon);

	if (str_starts(line, STR("HTTP/")))
		take_status(r->reply, line);
	else if (!line.n)
		r->reply->has_headers = true;
	else if (name.n == 10 && strncasecmp(name.p, "X-Go-Pprof", 10) == 0)
		r->reply->is_go_pprof = str_trim(str_skip(line, colon + 1)).n > 0;
	else if (name.n == 12 && strncasecmp(name.p, "Content-Type", 12) == 0)
		r->reply->is_text_plain = str_find(line, STR("text/plain")) != STR_NPOS;
	return size * count;
}

/* Go's proxies are never asked for this machine's own addresses. */
static bool is_loopback(struct str host)
{
	size_t colon = str_rfind_char(host, ':');
	struct str name = host;

	if (host.n && host.p[0] == '[')
		return str_starts(host, STR("[::1]"));
	if (colon != STR_NPOS)
		name = str_head(host, colon);
	return str_is(name, "localhost") || str_starts(name, STR("127."));
}

static const char *either_env(const char *upper, const char *lower)
{
	const char *v = getenv(upper);

	return v && *v ? v : getenv(lower);
}

static void set_proxy(CURL *curl, const struct request *r)
{
	const char *proxy = NULL;
	const char *none = either_env("NO_PROXY", "no_proxy");

	if (!is_loopback(r->parts.host))
		proxy = str_is(r->parts.scheme, "http") ? either_env("HTTP_PROXY", "http_proxy")
							: either_env("HTTPS_PROXY", "https_proxy");
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy ? proxy : "");
	if (none)
		curl_easy_setopt(curl, CURLOPT_NOPROXY, none);
}

/* A copy with a NUL for libcurl, which copies again; NULL (unset) for "". */
static const char *c_string(struct request *r, struct str s)
{
	return s.n ? arena_str(&r->arena, s).p : NULL;
}

static void set_tls(CURL *curl, struct request *r, bool insecure)
{
	const struct http_tls *tls = r->o->tls;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, insecure ? 0L : 2L);
	if (!tls)
		return;
	curl_easy_setopt(curl, CURLOPT_SSLCERT, c_string(r, tls->cert));
	curl_easy_setopt(curl, CURLOPT_SSLKEY, c_string(r, tls->key));
	if (tls->ca.n)
		curl_easy_setopt(curl, CURLOPT_CAINFO, c_string(r, tls->ca));
}

static void set_common(CURL *curl, struct request *r)
{
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pprof/" PPROF_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, r->own_text);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
	if (r->o->timeout_ms > 0)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->o->timeout_ms);
}

static struct curl_slist *set_post(CURL *curl, struct request *r)
{
	struct curl_slist *headers;

	if (!r->is_post)
		return NULL;
	headers = curl_slist_append(
	    NULL, arena_printf(&r->arena, "Content-Type: %.*s", STR_ARG(r->content_type)).p);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.p);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	return headers;
}

static MUST_USE enum err_code failed(struct request *r, CURL *curl, CURLcode code, struct err *e)
{
	struct buf text = { 0 };

	if (r->too_long)
		return FAIL(e, ERR_LIMIT, "response is larger than %zu bytes", r->max_body);
	if (buf_failed(&r->reply->body) || code == CURLE_OUT_OF_MEMORY)
		return FAIL_NOMEM(e);
	if (!r->reply->has_headers)
		buf_printf(&text, "%s \"%.*s\": ", r->verb, STR_ARG(r->url));
	http_error_text(&text, curl, code, r->reply->has_headers, r->parts.host, r->own_text);
	err_set(e, ERR_IO, 0, "%s", buf_c(&text));
	buf_release(&text);
	return ERR_IO;
}

static MUST_USE enum err_code perform(CURL *curl, struct request *r, struct err *e)
{
	bool insecure = str_is(r->parts.scheme, "https+insecure");
	struct curl_slist *headers;
	CURLcode code;
	struct str url = r->url;
	long status = 0;

	if (insecure)
		url = arena_printf(&r->arena, "https%.*s", (int)(url.n - r->parts.scheme.n),
		    url.p + r->parts.scheme.n);
	set_common(curl, r);
	set_tls(curl, r, insecure);
	set_proxy(curl, r);
	curl_easy_setopt(curl, CURLOPT_URL, c_string(r, url));
	headers = set_post(curl, r);
	code = arena_failed(&r->arena) ? CURLE_OUT_OF_MEMORY : curl_easy_perform(curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return failed(r, curl, code, e);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	r->reply->status = (int)status;
	return OK;
}

static MUST_USE enum err_code check_request(struct request *r, struct err *e)
{
	struct str scheme;

	TRY(url_parse(&r->parts, r->url, &r->arena, e));
	scheme = r->parts.scheme;
	if (!str_is(scheme, "http") && !str_is(scheme, "https") &&
	    !str_is(scheme, "https+insecure"))
		return FAIL(
		    e, ERR_UNSUPPORTED, "unsupported protocol scheme \"%.*s\"", STR_ARG(scheme));
	if (!r->parts.host.n)
		return FAIL(e, ERR_USAGE, "http: no Host in request URL");
	return http_check_tls(r->o->tls, e);
}

static MUST_USE enum err_code request(struct request *r, struct err *e)
{
	static const struct http_options defaults;
	enum err_code rc;
	CURL *curl;

	*r->reply = (struct http_reply){ 0 };
	if (!r->o)
		r->o = &defaults;
	r->max_body = r->o->max_body ? r->o->max_body : HTTP_MAX_BODY;
	rc = check_request(r, e);
	if (rc != OK) {
		err_prefix(e, "%s \"%.*s\"", r->verb, STR_ARG(r->url));
		arena_release(&r->arena);
		return rc;
	}
	curl = curl_easy_init();
	rc = ERR_NOMEM;
	if (curl)
		rc = perform(curl, r, e);
	else
		err_set(e, ERR_NOMEM, 0, "out of memory");
	curl_easy_cleanup(curl);
	arena_release(&r->arena);
	return rc;
}

enum err_code http_get(
    struct http_reply *reply, struct str url, const struct http_options *o, struct err *e)
{
	struct request r = { .verb = "Get", .url = url, .o = o, .reply = reply };

	return request(&r, e);
}

enum err_code http_post(struct http_reply *reply, struct str url, struct str content_type,
    struct str body, const struct http_options *o, struct err *e)
{
	struct request r = { .verb = "Post",
		.url = url,
		.o = o,
		.reply = reply,
		.content_type = content_type,
		.body = body,
		.is_post = true };

	return request(&r, e);
}

void http_reply_release(struct http_reply *reply)
{
	buf_release(&reply->body);
	*reply = (struct http_reply){ 0 };
}

enum err_code http_expect_ok(const struct http_reply *reply, struct err *e)
{
	struct str body = buf_str(&reply->body);

	if (reply->status == 200)
		return OK;
	if (reply->is_go_pprof && reply->is_text_plain)
		return FAIL(e, ERR_IO, "server response: %s - %.*s", reply->status_text,
		    body.n < 4096 ? (int)body.n : 4096, body.p);
	return FAIL(e, ERR_IO, "server response: %s", reply->status_text);
}
