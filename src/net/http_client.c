/*
 * HTTP over libcurl. Called by fetch/ (GET) and symbolize/ (POST). One easy handle a request: a
 * profile takes seconds to make, a connection microseconds. What is hard: errors and proxies are to
 * behave as Go's, so the proxy is chosen here and not by libcurl.
 */
#include "net/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/latelib.h"
#include "net/http_error.h"
#include "net/url.h"
#include "net/url_escape.h"

/* How many redirects are followed, as in Go. */
#define MAX_REDIRECTS 10L

struct request {
	CURL *curl;
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
	struct str proxy;    /* "host:port" of the one that may be used; "" for none */
	struct str socket;   /* path of the Unix socket; "" for TCP */
	struct str target;   /* behind it: path and query */
	bool is_redirect;    /* the last reply was one: what fails now is the next request */
	struct str location; /* where to; as the server wrote it */
	bool has_status;     /* a line "HTTP/1.1 200 OK" was there, before any other text */
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

/* Of the replies that begin with 3, libcurl would follow each that has a Location. */
static bool is_followed(struct str status)
{
	static const char *const codes[] = { "301", "302", "303", "307", "308" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_starts(status, str_c(codes[i])))
			return true;
	return false;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	struct request *r = ctx;
	struct str line = str_trim((struct str){ data, size * count });
	size_t colon = str_find_char(line, ':');
	struct str name = colon == STR_NPOS ? line : str_head(line, colon);

	if (str_starts(line, STR("HTTP/"))) {
		take_status(r->reply, line);
		r->has_status = true;
		curl_easy_setopt(r->curl, CURLOPT_FOLLOWLOCATION,
		    (long)is_followed(str_c(r->reply->status_text)));
		r->location = STR("");
	} else if (!line.n)
		r->reply->has_headers = true;
	else if (name.n == 10 && strncasecmp(name.p, "X-Go-Pprof", 10) == 0)
		r->reply->is_go_pprof = str_trim(str_skip(line, colon + 1)).n > 0;
	else if (name.n == 8 && strncasecmp(name.p, "Location", 8) == 0)
		r->location = arena_str(&r->arena, str_trim(str_skip(line, colon + 1)));
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

/* "host:port" of "http://user@host:port/". */
static struct str authority(struct str url)
{
	size_t scheme = str_find(url, STR("://"));
	struct str rest = scheme == STR_NPOS ? url : str_skip(url, scheme + 3);
	size_t end = str_find_char(rest, '/');
	size_t user;

	rest = str_head(rest, end == STR_NPOS ? rest.n : end);
	user = str_rfind_char(rest, '@');
	return user == STR_NPOS ? rest : str_skip(rest, user + 1);
}

static void set_proxy(CURL *curl, struct request *r)
{
	const char *proxy = NULL;
	const char *none = either_env("NO_PROXY", "no_proxy");

	if (!is_loopback(r->parts.host))
		proxy = str_is(r->parts.scheme, "http") ? either_env("HTTP_PROXY", "http_proxy")
							: either_env("HTTPS_PROXY", "https_proxy");
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy ? proxy : "");
	if (none)
		curl_easy_setopt(curl, CURLOPT_NOPROXY, none);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* no reply of the server */
	r->proxy = authority(str_c(proxy ? proxy : ""));
	if (proxy && (str_starts(str_c(proxy), STR("http://")) || !strstr(proxy, "://")))
		curl_easy_setopt(curl, CURLOPT_PROXYPORT, 80L); /* where it names none */
}

/* Whether the proxy could not be reached; libcurl's text alone tells. */
static bool is_proxy_lost(const struct request *r, CURLcode code)
{
	size_t colon = str_rfind_char(r->proxy, ':');
	char want[300];

	if (!r->proxy.n || code != CURLE_COULDNT_CONNECT)
		return r->proxy.n && code == CURLE_COULDNT_RESOLVE_PROXY;
	snprintf(want, sizeof want, "connect to %.*s port ",
	    (int)(colon == STR_NPOS ? r->proxy.n : colon), r->proxy.p);
	return strstr(r->own_text, want) != NULL;
}

/* A copy with a NUL for libcurl, which copies again; NULL (unset) for "". */
static const char *c_string(struct request *r, struct str s)
{
	return s.n ? arena_str(&r->arena, s).p : NULL;
}

/* As OpenSSL's own programs and Go's: which authorities are trusted, where -tls_ca says nothing. */
static void set_authorities(CURL *curl)
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *folders = getenv("SSL_CERT_DIR");

	if (file && *file) /* what cannot be read holds none */
		curl_easy_setopt(curl, CURLOPT_CAINFO, access(file, R_OK) == 0 ? file : NULL);
	if (folders && *folders)
		curl_easy_setopt(curl, CURLOPT_CAPATH, folders);
}

static void set_tls(CURL *curl, struct request *r, bool insecure)
{
	const struct http_tls *tls = r->o->tls;

	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, insecure ? 0L : 2L);
	set_authorities(curl);
	if (!tls)
		return;
	curl_easy_setopt(curl, CURLOPT_SSLCERT, c_string(r, tls->cert));
	curl_easy_setopt(curl, CURLOPT_SSLKEY, c_string(r, tls->key));
	if (tls->ca.n) { /* and no other */
		curl_easy_setopt(curl, CURLOPT_CAINFO, c_string(r, tls->ca));
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

static void set_common(CURL *curl, struct request *r)
{
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(curl, CURLOPT_AUTOREFERER, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 1L); /* to tell what it is instead */
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

static void add_header(struct curl_slist **headers, struct str line)
{
	struct curl_slist *longer = line.n ? curl_slist_append(*headers, line.p) : NULL;

	if (longer)
		*headers = longer;
}

static void set_post(CURL *curl, struct request *r, struct curl_slist **headers)
{
	add_header(
	    headers, arena_printf(&r->arena, "Content-Type: %.*s", STR_ARG(r->content_type)));
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.p);
}

static bool is_insecure(const struct request *r)
{
	return str_is(r->parts.scheme, "https+insecure");
}

/* ":8080" is a port of this machine, which libcurl does not know. */
static bool is_port_only(const struct request *r)
{
	return r->parts.host.n && r->parts.host.p[0] == ':';
}

static struct curl_slist *set_headers(CURL *curl, struct request *r)
{
	struct curl_slist *headers = NULL;

	add_header(&headers, STR("Accept:")); /* none */
	if (is_port_only(r))
		add_header(&headers, arena_printf(&r->arena, "Host: %.*s", STR_ARG(r->parts.host)));
	if (r->is_post)
		set_post(curl, r, &headers);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	return headers;
}

/* The URL behind its host. */
static struct str tail(const struct request *r)
{
	return str_skip(r->url, (size_t)(r->parts.host.p + r->parts.host.n - r->url.p));
}

/* As libcurl is to have it: its schemes, and a host. */
static struct str asked_url(struct request *r)
{
	struct str user = r->parts.user_info;

	if (r->socket.n)
		return arena_printf(&r->arena, "http://localhost%.*s", STR_ARG(r->target));
	return arena_printf(&r->arena, "%s://%.*s%s%s%.*s%.*s",
	    is_insecure(r)                     ? "https"
	    : str_is(r->parts.scheme, "https") ? "https"
					       : "http",
	    STR_ARG(user), user.n ? "@" : "", is_port_only(r) ? "localhost" : "",
	    STR_ARG(r->parts.host), STR_ARG(tail(r)));
}

/* The user's name and, for a password, three stars. */
static struct str shown_user(struct request *r)
{
	struct str user = r->parts.user_info;
	size_t colon = str_find_char(user, ':');
	struct buf name = { 0 };
	struct str text;

	if (colon == STR_NPOS)
		return user.n ? arena_printf(&r->arena, "%.*s@", STR_ARG(user)) : STR("");
	(void)url_unescape(&name, str_head(user, colon), URL_PART_USER);
	text = arena_printf(&r->arena, "%s:***@", buf_c(&name));
	buf_release(&name);
	return text;
}

/* As errors show it; without passwords, which logs are no place for. */
static struct str shown_url(struct request *r, struct str scheme)
{
	struct str host = r->parts.host;

	if (!r->parts.has_authority)
		return r->url;
	if (host.n && host.p[host.n - 1] == ':')
		host.n--;
	return arena_printf(&r->arena, "%.*s%s%.*s%.*s%.*s", STR_ARG(scheme),
	    scheme.n ? "://" : "//", STR_ARG(shown_user(r)), STR_ARG(host), STR_ARG(tail(r)));
}

/* The URL that failed, which a redirect may have named, and its host. */
static struct str failed_url(struct request *r, CURL *curl, CURLcode code, struct str *host)
{
	const char *now = NULL;
	struct err ignored;
	struct url u;

	*host = r->socket.n ? r->socket : r->parts.host;
	if (!r->is_redirect)
		return shown_url(r, is_insecure(r) ? STR("https") : r->parts.scheme);
	if (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL)
		return r->location;
	curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &now);
	if (!now || url_parse(&u, arena_str(&r->arena, str_c(now)), &r->arena, &ignored) != OK)
		return r->location;
	*host = u.host;
	return arena_str(&r->arena, str_c(now));
}

static MUST_USE enum err_code failed(struct request *r, CURL *curl, CURLcode code, struct err *e)
{
	struct buf text = { 0 };
	struct str host;
	struct str url;

	if (r->too_long)
		return FAIL(e, ERR_LIMIT, "response is larger than %zu bytes", r->max_body);
	if (buf_failed(&r->reply->body) || arena_failed(&r->arena) ||
	    (code == CURLE_OUT_OF_MEMORY && !r->has_status))
		return FAIL_NOMEM(e);
	r->is_redirect = r->reply->has_headers && r->location.n && r->reply->status_text[0] == '3';
	if (r->is_redirect)
		r->reply->has_headers = false;
	url = failed_url(r, curl, code, &host);
	if (!r->reply->has_headers)
		buf_printf(&text, "%s \"%.*s\": ", r->verb, STR_ARG(url));
	if (is_proxy_lost(r, code)) {
		BUF_LIT(&text, "proxyconnect tcp: ");
		host = r->proxy;
	}
	http_error_text(&text, curl, code, r->reply->has_headers, host, r->own_text);
	err_set(e, ERR_IO, 0, "%s", buf_c(&text));
	buf_release(&text);
	return ERR_IO;
}

/* Something answered, and it was not HTTP. */
static MUST_USE enum err_code foreign(struct request *r, struct err *e)
{
	struct buf text = { 0 };

	http_error_foreign(&text, buf_str(&r->reply->body));
	err_set(e, ERR_IO, 0, "%s \"%.*s\": %s", r->verb,
	    STR_ARG(shown_url(r, is_insecure(r) ? STR("https") : r->parts.scheme)), buf_c(&text));
	buf_release(&text);
	return ERR_IO;
}

static MUST_USE enum err_code perform(CURL *curl, struct request *r, struct err *e)
{
	struct curl_slist *headers;
	CURLcode code;
	long status = 0;

	r->curl = curl;
	set_common(curl, r);
	set_tls(curl, r, is_insecure(r));
	if (r->socket.n)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, c_string(r, r->socket));
	else
		set_proxy(curl, r);
	curl_easy_setopt(curl, CURLOPT_URL, c_string(r, asked_url(r)));
	headers = set_headers(curl, r);
	code = arena_failed(&r->arena) ? CURLE_OUT_OF_MEMORY : curl_easy_perform(curl);
	curl_slist_free_all(headers);
	if (!r->has_status && r->reply->body.n && !buf_failed(&r->reply->body))
		return foreign(r, e);
	if (code == CURLE_OK && !r->reply->has_headers)
		code = CURLE_PARTIAL_FILE; /* which libcurl takes for a reply without a body */
	if (code != CURLE_OK)
		return failed(r, curl, code, e);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	r->reply->status = (int)status;
	return OK;
}

static MUST_USE enum err_code check_port(struct str host, struct err *e)
{
	size_t colon = str_rfind_char(host, ':');
	struct str port = colon == STR_NPOS ? STR("") : str_skip(host, colon + 1);
	int64_t number = 0;

	if (!port.n || str_find_char(port, ']') != STR_NPOS)
		return OK;
	if (!str_to_i64(port, &number) || number > UINT16_MAX)
		return FAIL(e, ERR_USAGE, "dial tcp: address %.*s: invalid port", STR_ARG(port));
	return OK;
}

/* Takes the path of the socket, and what is asked for there, out of the URL. */
static MUST_USE enum err_code take_socket(struct request *r, struct err *e)
{
	struct buf name = { 0 };
	struct str socket, path;
	struct str query = r->parts.query;
	bool is_whole = false;

	if (url_unix_socket(&r->parts, &socket, &path) && path.p)
		is_whole = url_unescape(&name, socket, URL_PART_PATH);
	if (is_whole) {
		r->socket = arena_str(&r->arena, buf_str(&name));
		r->target = arena_printf(
		    &r->arena, "%.*s%s%.*s", STR_ARG(path), query.n ? "?" : "", STR_ARG(query));
	}
	buf_release(&name);
	if (!is_whole)
		return FAIL(e, ERR_USAGE, "want unix:/path/of/socket:/path");
	if (r->socket.n >= sizeof((struct sockaddr_un *)0)->sun_path ||
	    memchr(r->socket.p, 0, r->socket.n))
		return FAIL(
		    e, ERR_USAGE, "dial unix %.*s: connect: invalid argument", STR_ARG(r->socket));
	return OK;
}

/* *scheme is the one that errors show. */
static MUST_USE enum err_code check_request(struct request *r, struct str *scheme, struct err *e)
{
	*scheme = STR("");
	TRY(url_parse(&r->parts, r->url, &r->arena, e));
	*scheme = r->parts.scheme;
	TRY(http_check_tls(r->o->tls, e));
	if (str_is(*scheme, "unix"))
		return take_socket(r, e);
	if (!str_is(*scheme, "http") && !str_is(*scheme, "https") && !is_insecure(r))
		return FAIL(
		    e, ERR_UNSUPPORTED, "unsupported protocol scheme \"%.*s\"", STR_ARG(*scheme));
	if (!r->parts.host.n)
		return FAIL(e, ERR_USAGE, "http: no Host in request URL");
	if (is_insecure(r))
		*scheme = STR("https");
	return check_port(r->parts.host, e);
}

static MUST_USE enum err_code request(struct request *r, struct err *e)
{
	static const struct http_options defaults;
	struct str scheme;
	enum err_code rc;
	CURL *curl;

	*r->reply = (struct http_reply){ 0 };
	if (!r->o)
		r->o = &defaults;
	r->max_body = r->o->max_body ? r->o->max_body : HTTP_MAX_BODY;
	rc = check_request(r, &scheme, e);
	if (rc != OK) {
		err_prefix(e, "%s \"%.*s\"", r->verb, STR_ARG(shown_url(r, scheme)));
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
