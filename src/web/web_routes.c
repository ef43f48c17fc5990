#include "web/web_routes.h"

#include <libdeflate.h>

#include "web/assets.h"

/* Answers shorter than this go out uncompressed. */
#define COMPRESS_FROM  1024
#define COMPRESS_LEVEL 4

/* viz-js is WebAssembly; nothing else is evaluated, and nothing is loaded from elsewhere. */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' "              \
	"'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "             \
	"form-action 'none'; frame-ancestors 'none'"

static const struct {
	const char *path;
	web_handler *handler;
} handlers[] = {
	{ "/ui/api/meta", web_api_meta },
	{ "/ui/api/top", web_api_top },
	{ "/ui/api/flame", web_api_flame },
	{ "/ui/api/graph", web_api_graph },
	{ "/ui/api/peek", web_api_peek },
	{ "/ui/api/source", web_api_source },
	{ "/ui/api/disasm", web_api_disasm },
	{ "/ui/download", web_download },
};

/* Views are one page that reads its own URL; google/pprof's older names lead to the new ones. */
static const char *const views[] = { "/ui/flamegraph", "/ui/graph", "/ui/top", "/ui/peek",
	"/ui/source", "/ui/disasm" };

static const struct {
	const char *from, *to;
	unsigned status;
} redirects[] = {
	{ "/ui", "/ui/", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/flamegraph2", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/flamegraphold", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
};

static bool accepts_gzip(struct MHD_Connection *connection)
{
	const char *accepted =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");

	return accepted && str_find(str_c(accepted), STR("gzip")) != STR_NPOS;
}

/* A malloc'ed gzip copy of body, as MHD frees it; NULL when it does not pay. */
static void *compress(struct str body, size_t *size)
{
	struct libdeflate_compressor *compressor;
	void *out;

	if (body.n < COMPRESS_FROM || !(compressor = libdeflate_alloc_compressor(COMPRESS_LEVEL)))
		return NULL;
	out = alloc_get(body.n);
	*size = out ? libdeflate_gzip_compress(compressor, body.p, body.n, out, body.n) : 0;
	libdeflate_free_compressor(compressor);
	if (out && *size == 0) {
		alloc_put(out);
		return NULL;
	}
	return out;
}

static void add_headers(struct MHD_Response *response, const struct web_reply *reply, bool gzip)
{
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Content-Security-Policy", POLICY);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (reply->disposition)
		MHD_add_response_header(response, "Content-Disposition", reply->disposition);
	if (reply->warnings)
		MHD_add_response_header(response, "X-Pprof-Warnings", reply->warnings);
	if (gzip)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
}

/* Warnings as the value of a header: lines joined by "; ", nothing but printable ASCII. */
static const char *one_line(struct buf *warnings)
{
	struct str text = str_trim(buf_str(warnings));

	for (size_t i = 0; i < text.n; i++)
		if (warnings->p[i] == '\n')
			warnings->p[i] = ';';
		else if ((unsigned char)warnings->p[i] < ' ' || (unsigned char)warnings->p[i] > '~')
			warnings->p[i] = '?';
	warnings->n = text.n;
	return text.n ? buf_c(warnings) : NULL;
}

static enum MHD_Result send_reply(
    struct MHD_Connection *connection, unsigned status, const struct web_reply *reply)
{
	struct str body = buf_str(&reply->body);
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t size = 0;
	void *small = accepts_gzip(connection) ? compress(body, &size) : NULL;

	if (small)
		response = MHD_create_response_from_buffer(size, small, MHD_RESPMEM_MUST_FREE);
	else
		response = MHD_create_response_from_buffer(
		    body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	if (!response) {
		alloc_put(small);
		return MHD_NO;
	}
	add_headers(response, reply, small != NULL);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_text(
    struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct web_reply reply = { .type = "text/plain; charset=utf-8" };
	enum MHD_Result result;

	buf_printf(&reply.body, "%s\n", text);
	result = send_reply(connection, status, &reply);
	buf_release(&reply.body);
	return result;
}

static enum MHD_Result add_query(
    void *out, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct buf *b = out;

	(void)kind;
	buf_char(b, b->n ? '&' : '?');
	for (const char *part = name; part; part = part == name ? value : NULL) {
		if (part == value)
			buf_char(b, '=');
		for (const char *c = part; *c; c++)
			buf_printf(b,
			    strchr("%&=+# \"<>", *c) || (unsigned char)*c < 0x21 ||
				    (unsigned char)*c > 0x7e
				? "%%%02X"
				: "%c",
			    (unsigned char)*c);
	}
	return MHD_YES;
}

static enum MHD_Result send_redirect(
    struct MHD_Connection *connection, unsigned status, const char *to)
{
	struct MHD_Response *response;
	struct buf location = { 0 };
	enum MHD_Result result;

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &location);
	response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (!response) {
		buf_release(&location);
		return MHD_NO;
	}
	{
		struct buf target = { 0 };

		buf_printf(&target, "%s%.*s", to, STR_ARG(buf_str(&location)));
		MHD_add_response_header(response, "Location", buf_c(&target));
		buf_release(&target);
	}
	buf_release(&location);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/*
 * A page of another site whose name was made to resolve to this machine still sends its own name
 * in Host, so only our own names are answered.
 */
static bool host_allowed(const struct web *web, struct MHD_Connection *connection)
{
	static const char *const local[] = { "localhost", "127.0.0.1", "[::1]" };
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	struct str host = value ? str_c(value) : STR("");
	size_t colon = str_rfind_char(host, ':');

	if (colon != STR_NPOS && !str_ends(host, STR("]")))
		host = str_head(host, colon);
	if (str_eq(host, web->host))
		return true;
	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
		if (str_is(host, local[i]))
			return true;
	/* Listening on every address was the user's wish: any name may lead here. */
	return str_is(web->host, "0.0.0.0") || str_is(web->host, "::");
}

struct url_options {
	struct web_request *request;
	struct err *e;
	enum err_code code;
};

static enum MHD_Result apply_option(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct url_options *options = context;
	struct web_request *request = options->request;

	(void)kind;
	if (!value)
		return MHD_YES;
	if (strcmp(name, "f") == 0)
		request->param = arena_str(&request->arena, str_c(value));
	options->code = config_set_url(
	    &request->config, str_c(name), str_c(value), &request->arena, options->e);
	return options->code == OK ? MHD_YES : MHD_NO;
}

static enum MHD_Result run_handler(
    struct web *web, struct MHD_Connection *connection, web_handler *handler)
{
	struct web_request request = { .web = web, .config = web->driver->config };
	struct web_reply reply = { .type = "text/plain; charset=utf-8" };
	struct err e = { 0 };
	struct url_options options = { &request, &e, OK };
	enum MHD_Result result;
	enum err_code code;

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, apply_option, &options);
	code = options.code == OK ? handler(&request, &reply, &e) : options.code;
	if (code == OK && (buf_failed(&reply.body) || arena_failed(&request.arena)))
		code = FAIL_NOMEM(&e);
	reply.warnings = one_line(&request.warnings);
	if (code == OK)
		result = send_reply(connection, MHD_HTTP_OK, &reply);
	else
		result = send_text(connection,
		    code == ERR_NOMEM ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST, e.msg);
	buf_release(&reply.body);
	buf_release(&request.warnings);
	arena_release(&request.arena);
	return result;
}

static enum MHD_Result send_asset(struct MHD_Connection *connection, const struct asset *asset)
{
	struct web_reply reply = { .type = asset->type };
	enum MHD_Result result;

	buf_add_str(&reply.body, asset->bytes);
	result = send_reply(connection, MHD_HTTP_OK, &reply);
	buf_release(&reply.body);
	return result;
}

static enum MHD_Result find_page(
    struct web *web, struct MHD_Connection *connection, const char *url)
{
	struct asset storage;
	const struct asset *asset = asset_find(&storage, str_c(url));

	if (asset)
		return send_asset(connection, asset);
	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
		if (strcmp(url, handlers[i].path) == 0)
			return run_handler(web, connection, handlers[i].handler);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		if (strcmp(url, views[i]) == 0)
			return send_asset(connection, asset_find(&storage, STR("/ui/index.html")));
	for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++)
		if (strcmp(url, redirects[i].from) == 0)
			return send_redirect(connection, redirects[i].status, redirects[i].to);
	if (!str_starts(str_c(url), STR("/ui/")))
		return send_redirect(connection, MHD_HTTP_TEMPORARY_REDIRECT, "/ui");
	return send_text(connection, MHD_HTTP_NOT_FOUND, "404 page not found");
}

enum MHD_Result web_route(void *web, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
	static const char ready;

	(void)version;
	(void)upload;
	if (!*state) { /* the first call is for the head; the answer waits for the whole request */
		*state = (void *)(uintptr_t)&ready;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (!host_allowed(web, connection))
		return send_text(connection, MHD_HTTP_FORBIDDEN, "permission denied");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed");
	return find_page(web, connection, url);
}
