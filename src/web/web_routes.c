#include "web/web_routes.h"

#include "web/assets.h"
#include "web/web_guard.h"
#include "web/web_send.h"

/* What has to be there before a handler runs. */
enum need {
	NEED_NOTHING,
	NEED_PROFILE, /* held while it runs */
	NEED_GATE,    /* a place behind the gate: it takes time and memory */
	NEED_PLACE,   /* both */
	NEED_POST,    /* it changes something */
};

static const struct {
	const char *path;
	web_handler *handler;
	enum need need;
} handlers[] = {
	{ "/ui/api/meta", web_api_meta, NEED_PROFILE },
	{ "/ui/api/options", web_api_options, NEED_NOTHING },
	{ "/ui/api/configs", web_api_configs, NEED_NOTHING },
	{ "/ui/api/top", web_api_top, NEED_PLACE },
	{ "/ui/api/flame", web_api_flame, NEED_PLACE },
	{ "/ui/api/found", web_api_found, NEED_PLACE },
	{ "/ui/api/graph", web_api_graph, NEED_PLACE },
	{ "/ui/api/peek", web_api_peek, NEED_PLACE },
	{ "/ui/api/source", web_api_source, NEED_PLACE },
	{ "/ui/api/disasm", web_api_disasm, NEED_PLACE },
	{ "/ui/api/timeline", web_api_timeline, NEED_GATE },
	{ "/ui/download", web_download, NEED_PLACE },
	{ "/ui/saveconfig", web_save_config, NEED_POST },
	{ "/ui/deleteconfig", web_delete_config, NEED_POST },
	{ "/ui/fetch", web_fetch_again, NEED_POST },
	{ "/ui/sample", web_sample, NEED_POST },
};

/* Views are one page that reads its own URL; google/pprof's older names lead to the new ones. */
static const struct {
	const char *path;
	const char *command; /* whose options and argument the URL has */
} views[] = {
	{ "/ui/flamegraph", "top" },
	{ "/ui/graph", "dot" },
	{ "/ui/top", "top" },
	{ "/ui/peek", "peek" },
	{ "/ui/source", "weblist" },
	{ "/ui/disasm", "disasm" },
	{ "/ui/timeline", "top" },
};

static const struct {
	const char *from, *to;
	unsigned status;
} redirects[] = {
	{ "/ui", "/ui/", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/flamegraph2", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
	{ "/ui/flamegraphold", "flamegraph", MHD_HTTP_MOVED_PERMANENTLY },
};

static struct str header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return str_c(value ? value : "");
}

struct url_options {
	struct web_request *request;
	struct MHD_Connection *connection;
	struct err *e;
	enum err_code code;
};

static const struct {
	const char *name;
	size_t offset;
} arguments[] = {
	{ "f", offsetof(struct web_arguments, f) },
	{ "p", offsetof(struct web_arguments, p) },
	{ "q", offsetof(struct web_arguments, q) },
	{ "side", offsetof(struct web_arguments, side) },
	{ "profile", offsetof(struct web_arguments, profile) },
	{ "base", offsetof(struct web_arguments, base) },
	{ "config", offsetof(struct web_arguments, config) },
};

static enum MHD_Result apply_option(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct url_options *options = context;
	struct web_request *request = options->request;

	/* Of several values the first counts, as for the page and for google/pprof. */
	if (!value || value != MHD_lookup_connection_value(options->connection, kind, name))
		return MHD_YES;
	for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
		if (strcmp(name, arguments[i].name) == 0)
			*(struct str *)(void *)((char *)&request->arguments + arguments[i].offset) =
			    arena_str(&request->arena, str_c(value));
	options->code = config_set_url(
	    &request->config, str_c(name), str_c(value), &request->arena, options->e);
	return options->code == OK ? MHD_YES : MHD_NO;
}

static int socket_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static bool is_connected(void *request)
{
	return web_gate_wanted(((struct web_request *)request)->fd);
}

enum err_code web_wanted(struct web_request *request, struct err *e)
{
	cancel_now(&request->cancel, 0);
	return cancel_check(&request->cancel, e);
}

/* The handler over the profile that the request names. */
static MUST_USE enum err_code run_on_profile(
    struct web_request *request, struct web_reply *reply, web_handler *handler, struct err *e)
{
	struct web_profiles *profiles = &request->web->profiles;
	struct driver own; /* borrows the loaded one's parts */
	enum err_code code = OK;

	TRY(web_profiles_hold(profiles, request->arguments.profile, &request->loaded, e));
	own = *request->loaded->driver;
	own.profile.cancel = &request->cancel;
	if (request->arguments.base.n)
		code = web_profiles_subtract(profiles, request->arguments.base, &own.profile, e);
	request->driver = &own;
	if (code == OK) {
		code = handler(request, reply, e);
		if (request->arguments.base.n)
			profile_release(&own.profile);
	}
	request->driver = NULL;
	web_profiles_drop(profiles, request->loaded);
	return code;
}

static MUST_USE enum err_code run(struct web_request *request, struct web_reply *reply,
    web_handler *handler, enum need need, struct err *e)
{
	enum err_code code;

	if (need == NEED_PROFILE)
		return run_on_profile(request, reply, handler, e);
	if (need != NEED_PLACE && need != NEED_GATE)
		return handler(request, reply, e);
	if (!web_gate_enter(&request->web->gate, request->fd))
		return FAIL(e, ERR_CANCELLED, "nobody waits for this any more");
	code = need == NEED_PLACE ? run_on_profile(request, reply, handler, e)
				  : handler(request, reply, e);
	if (code == OK && request->gzip) /* here, where few do it at once */
		web_send_pack(reply);
	web_gate_leave(&request->web->gate);
	return code;
}

/* Fills a request from the connection, with the options of its URL. */
static MUST_USE enum err_code read_request(
    struct web_request *request, struct web *web, struct MHD_Connection *connection, struct err *e)
{
	struct url_options options = { request, connection, e, OK };

	*request = (struct web_request){ .web = web,
		.driver = web->driver,
		.config = web->driver->config,
		.fd = socket_of(connection),
		.gzip = web_send_accepts_gzip(connection) };
	request->cancel = (struct cancel){ .is_wanted = is_connected, .ctx = request };
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, apply_option, &options);
	return options.code;
}

static enum MHD_Result run_handler(
    struct web *web, struct MHD_Connection *connection, web_handler *handler, enum need need)
{
	struct web_reply reply = { .type = "text/plain; charset=utf-8" };
	struct web_request request;
	struct err e = { 0 };
	enum MHD_Result result;
	enum err_code code;

	code = read_request(&request, web, connection, &e);
	if (code == OK)
		code = run(&request, &reply, handler, need, &e);
	if (code == OK && (buf_failed(&reply.body) || arena_failed(&request.arena)))
		code = FAIL_NOMEM(&e);
	reply.warnings = web_send_one_line(&request.warnings);
	if (code == OK)
		result = web_send_reply(connection, MHD_HTTP_OK, &reply);
	else
		result = web_send_text(connection,
		    code == ERR_NOMEM ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST, e.msg);
	buf_release(&reply.body);
	buf_release(&request.warnings);
	arena_release(&request.arena);
	return result;
}

static enum MHD_Result send_asset(
    struct MHD_Connection *connection, unsigned status, const struct asset *asset)
{
	struct web_reply reply = { .type = asset->type };
	enum MHD_Result result;

	buf_add_str(&reply.body, asset->bytes);
	if (web_send_accepts_gzip(connection))
		web_send_pack(&reply);
	result = web_send_reply(connection, status, &reply);
	buf_release(&reply.body);
	return result;
}

/* What the URL of a view says that cannot be: an option's value, a pattern, a sample type. */
static MUST_USE enum err_code check_view(
    struct web *web, struct MHD_Connection *connection, const char *command, struct err *e)
{
	struct web_reply reply = { 0 };
	struct web_request request;
	enum err_code code;

	code = read_request(&request, web, connection, e);
	request.view_command = command;
	request.arguments.base = STR(""); /* the difference itself is work */
	if (code == OK)
		code = run(&request, &reply, web_check_view, NEED_PROFILE, e);
	buf_release(&request.warnings);
	arena_release(&request.arena);
	return code;
}

/*
 * A view is the page, which tells what is wrong with its URL where it can be mended. The status
 * tells it too, and who takes no HTML gets the message alone: as google/pprof answers.
 */
static enum MHD_Result send_view(
    struct web *web, struct MHD_Connection *connection, const char *command)
{
	int parameters = MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, NULL, NULL);
	struct asset storage;
	struct err e = { 0 };
	enum err_code code = parameters > 0 ? check_view(web, connection, command, &e) : OK;

	if (code != OK && str_find(header(connection, "Accept"), STR("text/html")) == STR_NPOS)
		return web_send_text(connection, MHD_HTTP_BAD_REQUEST, e.msg);
	return send_asset(connection, code == OK ? MHD_HTTP_OK : MHD_HTTP_BAD_REQUEST,
	    asset_find(&storage, STR("/ui/index.html")));
}

/* Only our own page may change something, and it says so by the method. */
static enum MHD_Result change(
    struct web *web, struct MHD_Connection *connection, const char *method, web_handler *handler)
{
	bool delete = strcmp(method, "DELETE") == 0 && handler == web_delete_config;

	if (strcmp(method, "POST") != 0 && !delete)
		return web_send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed");
	if (!web_guard_origin(header(connection, "Origin"), header(connection, "Host")))
		return web_send_text(connection, MHD_HTTP_FORBIDDEN, "permission denied");
	return run_handler(web, connection, handler, NEED_POST);
}

static enum MHD_Result find_page(
    struct web *web, struct MHD_Connection *connection, const char *url)
{
	struct asset storage;
	const struct asset *asset = asset_find(&storage, str_c(url));

	if (asset)
		return send_asset(connection, MHD_HTTP_OK, asset);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++)
		if (strcmp(url, views[i].path) == 0)
			return send_view(web, connection, views[i].command);
	for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++)
		if (strcmp(url, redirects[i].from) == 0)
			return web_send_redirect(connection, redirects[i].status, redirects[i].to);
	if (!str_starts(str_c(url), STR("/ui/")))
		return web_send_redirect(connection, MHD_HTTP_TEMPORARY_REDIRECT, "/ui");
	return web_send_text(connection, MHD_HTTP_NOT_FOUND, "404 page not found");
}

static enum MHD_Result answer(
    struct web *web, struct MHD_Connection *connection, const char *url, const char *method)
{
	bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
		if (strcmp(url, handlers[i].path) != 0)
			continue;
		if (handlers[i].need == NEED_POST)
			return change(web, connection, method, handlers[i].handler);
		if (reads)
			return run_handler(web, connection, handlers[i].handler, handlers[i].need);
	}
	if (!reads)
		return web_send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed");
	return find_page(web, connection, url);
}

enum MHD_Result web_route(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
	static const char ready;
	struct web *web = context;

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
	if (!web_guard_host(web->host, header(connection, "Host")))
		return web_send_text(connection, MHD_HTTP_FORBIDDEN, "permission denied");
	return answer(web, connection, url, method);
}
