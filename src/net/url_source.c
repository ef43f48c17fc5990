/*
 * What a source name means: a URL to fetch with its durations, and the URL to ask for symbol names.
 * The rules are pprof's; the driver's users rely on "host:port/path" being a URL.
 */
#include "net/url.h"

/* Without any duration a fetch may take this long. */
#define DEFAULT_TIMEOUT_S 60
/* Durations above this (a year) are cut, so that arithmetic on them cannot overflow. */
#define MAX_SECONDS       (366 * 24 * 3600LL)

static struct str written(const struct url *u, struct arena *a)
{
	struct buf b = { 0 };
	struct str text;

	url_write(u, &b);
	text = arena_str(a, buf_str(&b));
	if (buf_failed(&b))
		a->failed = true;
	buf_release(&b);
	return text;
}

bool url_unix_socket(const struct url *u, struct str *socket, struct str *path)
{
	size_t colon;

	if (!str_is(u->scheme, "unix") || u->host.n || u->user_info.n ||
	    !str_starts(u->path, STR("/")))
		return false;
	colon = str_find(u->path, STR(":/"));
	*socket = str_head(u->path, colon);
	*path = colon == STR_NPOS ? (struct str){ NULL, 0 } : str_skip(u->path, colon + 1);
	return true;
}

/*
 * Parses source, as it is or with "http://" in front; false when it has no host either way. A
 * socket's URL always gets a path.
 */
static bool parse_source(struct url *u, struct str source, struct arena *a)
{
	struct err ignored;
	struct str longer, socket, path;
	bool parsed = url_parse(u, source, a, &ignored) == OK;

	if (parsed && url_unix_socket(u, &socket, &path)) {
		if (!path.p)
			u->path = arena_printf(a, "%.*s:/", STR_ARG(u->path));
		return true;
	}
	if (parsed && (u->host.n || !u->scheme.n || str_is(u->scheme, "file")))
		return u->host.n > 0;
	if (source.n > URL_MAX)
		return false;
	longer = arena_printf(a, "http://%.*s", STR_ARG(source));
	return url_parse(u, longer, a, &ignored) == OK && u->host.n > 0;
}

static int64_t seconds_of(const struct url *u, struct arena *a)
{
	struct str text;
	int64_t v;

	if (!url_query_get(u, STR("seconds"), a, &text) || !str_to_i64(text, &v))
		return 0;
	return v < INT32_MIN || v > INT32_MAX ? 0 : v;
}

static void set_times(struct url_source *out, int64_t seconds, int64_t timeout_s)
{
	out->duration_s = seconds < MAX_SECONDS ? seconds : MAX_SECONDS;
	out->timeout_s = timeout_s < MAX_SECONDS ? timeout_s : MAX_SECONDS;
	out->timeout_ms = out->timeout_s * 1000;
	if (timeout_s > 0)
		return;
	out->timeout_ms = DEFAULT_TIMEOUT_S * 1000;
	if (out->duration_s > 0)
		out->timeout_ms = out->duration_s * 1500;
	out->timeout_s = out->timeout_ms / 1000;
}

enum err_code url_adjust(struct url_source *out, struct str source, int64_t seconds,
    int64_t timeout_s, struct arena *a, struct err *e)
{
	struct url u;
	struct str key = seconds > 0 ? STR("seconds") : STR("");
	struct str value = { "", 0 };

	*out = (struct url_source){ 0 };
	if (!parse_source(&u, source, a))
		return arena_failed(a) ? FAIL_NOMEM(e) : OK;
	if (seconds > 0)
		value = arena_printf(a, "%lld", (long long)seconds);
	else
		seconds = seconds_of(&u, a);
	TRY(url_query_set(&u, key, value, a, e));
	out->url = written(&u, a);
	out->is_url = true;
	set_times(out, seconds, timeout_s);
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}

/* gperftools' handlers, each beside its own /pprof/symbol. */
static bool is_gperftools(struct str path)
{
	static const char *const handlers[] = { "/pprof/heap", "/pprof/growth", "/pprof/profile",
		"/pprof/pmuprofile", "/pprof/contention" };

	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (str_ends(path, str_c(handlers[i])))
			return true;
	return false;
}

enum err_code url_symbolz(struct str source, struct arena *a, struct str *out, struct err *e)
{
	struct url u;
	struct err ignored;
	struct str socket, path;
	size_t slash;
	size_t dir;
	bool go_like;

	*out = (struct str){ "", 0 };
	if (url_parse(&u, source, a, &ignored) != OK ||
	    (!u.host.n && !(url_unix_socket(&u, &socket, &path) && path.p)))
		return arena_failed(a) ? FAIL_NOMEM(e) : OK;
	slash = str_rfind_char(u.path, '/');
	dir = slash == STR_NPOS ? 0 : slash;
	go_like = str_find(u.path, STR("/debug/pprof/")) != STR_NPOS || is_gperftools(u.path);
	u.path = arena_printf(a, "%.*s/%s", (int)dir, u.path.p, go_like ? "symbol" : "symbolz");
	u.query = (struct str){ "", 0 };
	u.has_query = false;
	*out = written(&u, a);
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}

static bool has_scheme(struct str name, const char *part)
{
	struct arena a = { 0 };
	struct url u;
	struct err ignored;
	bool yes = url_parse(&u, name, &a, &ignored) == OK && u.scheme.n &&
		   str_find(u.scheme, str_c(part)) != STR_NPOS;

	arena_release(&a);
	return yes;
}

bool url_is_http(struct str name)
{
	return has_scheme(name, "http") || has_scheme(name, "unix");
}

bool url_is_absolute(struct str name)
{
	return has_scheme(name, "");
}
