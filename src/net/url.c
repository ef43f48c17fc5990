/*
 * URLs with Go's rules. Called by fetch/ (is a source a URL, and which), symbolize/ (where to ask
 * for names) and http_client.c. What is hard: what counts as a URL. "host:port/path" parses as
 * scheme "host", "host/path" as a relative path, and only the first becomes a URL.
 */
#include "net/url.h"

#include <stdlib.h>

#include "net/url_escape.h"

static bool is_scheme_byte(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
}

/* Cuts "scheme:" off *rest; leaves it alone when there is none. */
static MUST_USE enum err_code cut_scheme(struct str *rest, struct str *scheme, struct err *e)
{
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == ':' && i == 0)
			return FAIL(e, ERR_FORMAT, "missing protocol scheme");
		if (rest->p[i] == ':') {
			*scheme = str_head(*rest, i);
			*rest = str_skip(*rest, i + 1);
			return OK;
		}
		if (!is_scheme_byte(rest->p[i], i == 0))
			return OK;
	}
	return OK;
}

static struct str lower(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);

	if (!p)
		return (struct str){ "", 0 };
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
	return (struct str){ p, s.n };
}

static struct str cut_at(struct str *s, char c, bool *found)
{
	size_t at = str_find_char(*s, c);
	struct str rest = { "", 0 };

	*found = at != STR_NPOS;
	if (!*found)
		return rest;
	rest = str_skip(*s, at + 1);
	*s = str_head(*s, at);
	return rest;
}

/* ":8080", ":" and "" are ports. */
static bool is_port(struct str s)
{
	if (s.n == 0)
		return true;
	if (s.p[0] != ':')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static MUST_USE enum err_code check_host(struct str host, struct err *e)
{
	size_t port_at = str_rfind_char(host, ':');
	struct str port = port_at == STR_NPOS ? (struct str){ "", 0 } : str_skip(host, port_at);

	if (host.n && host.p[0] == '[') {
		size_t close = str_rfind_char(host, ']');

		if (close == STR_NPOS)
			return FAIL(e, ERR_FORMAT, "missing ']' in host");
		port = str_skip(host, close + 1);
	}
	if (!is_port(port))
		return FAIL(e, ERR_FORMAT, "invalid port \"%.*s\" after host", STR_ARG(port));
	if (!url_escapes_are_valid(host, URL_PART_HOST))
		return FAIL(e, ERR_FORMAT, "invalid character in host name");
	return OK;
}

static bool is_user_info(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alnum =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!alnum && (!c || !strchr("-._:~!$&'()*+,;=%@", c)))
			return false;
	}
	return url_escapes_are_valid(s, URL_PART_USER);
}

/* rest begins behind "//"; what follows the authority stays in it. */
static MUST_USE enum err_code cut_authority(struct url *u, struct str *rest, struct err *e)
{
	size_t end = str_find_char(*rest, '/');
	struct str authority = end == STR_NPOS ? *rest : str_head(*rest, end);
	size_t at = str_rfind_char(authority, '@');

	*rest = str_skip(*rest, authority.n);
	u->has_authority = true;
	u->host = authority;
	if (at != STR_NPOS) {
		u->user_info = str_head(authority, at);
		u->host = str_skip(authority, at + 1);
		if (!is_user_info(u->user_info))
			return FAIL(e, ERR_FORMAT, "net/url: invalid userinfo");
	}
	return check_host(u->host, e);
}

static bool has_control_byte(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool first_segment_has_colon(struct str s)
{
	size_t slash = str_find_char(s, '/');

	return str_find_char(slash == STR_NPOS ? s : str_head(s, slash), ':') != STR_NPOS;
}

/* Everything behind "scheme:" and before '?' and '#'. */
static MUST_USE enum err_code parse_rest(struct url *u, struct str rest, struct err *e)
{
	bool rooted = rest.n && rest.p[0] == '/';

	if (!rooted && u->scheme.n) {
		u->opaque = rest;
		return OK;
	}
	if (!rooted && first_segment_has_colon(rest))
		return FAIL(e, ERR_FORMAT, "first path segment in URL cannot contain colon");
	if (str_starts(rest, STR("//")) && (u->scheme.n || !str_starts(rest, STR("///")))) {
		rest = str_skip(rest, 2);
		TRY(cut_authority(u, &rest, e));
	}
	if (!url_escapes_are_valid(rest, URL_PART_PATH))
		return FAIL(e, ERR_FORMAT, "invalid URL escape in path");
	u->path = rest;
	return OK;
}

enum err_code url_parse(struct url *out, struct str text, struct arena *a, struct err *e)
{
	struct url u = { 0 };
	struct str rest = text;
	bool has_fragment;

	if (text.n > URL_MAX)
		return FAIL(e, ERR_LIMIT, "URL of %zu bytes is too long", text.n);
	u.fragment = cut_at(&rest, '#', &has_fragment);
	if (has_control_byte(rest))
		return FAIL(e, ERR_FORMAT, "net/url: invalid control character in URL");
	if (!url_escapes_are_valid(u.fragment, URL_PART_FRAGMENT))
		return FAIL(e, ERR_FORMAT, "invalid URL escape in fragment");
	TRY(cut_scheme(&rest, &u.scheme, e));
	u.scheme = lower(u.scheme, a);
	u.query = cut_at(&rest, '?', &u.has_query);
	TRY(parse_rest(&u, rest, e));
	if (arena_failed(a))
		return FAIL_NOMEM(e);
	*out = u;
	return OK;
}

static void write_part(struct buf *out, struct str s, enum url_part part)
{
	struct buf plain = { 0 };

	if (url_is_escaped(s, part)) {
		buf_add_str(out, s);
		return;
	}
	(void)url_unescape(&plain, s, part);
	if (buf_failed(&plain))
		out->failed = true;
	url_escape(out, buf_str(&plain), part);
	buf_release(&plain);
}

/* Escapes in a host are kept: they were checked, and would come out as they went in. */
static void write_host(struct buf *out, struct str host)
{
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == '%')
			buf_char(out, '%');
		else
			url_escape(out, (struct str){ host.p + i, 1 }, URL_PART_HOST);
	}
}

static void write_authority(const struct url *u, struct buf *out)
{
	if (u->scheme.n && !u->has_authority && u->path.n)
		return;
	if (!u->scheme.n && !u->host.n && !u->user_info.p)
		return;
	if (u->host.n || u->path.n || u->user_info.p)
		BUF_LIT(out, "//");
	if (u->user_info.p) {
		buf_add_str(out, u->user_info);
		buf_char(out, '@');
	}
	write_host(out, u->host);
}

void url_write(const struct url *u, struct buf *out)
{
	if (u->scheme.n) {
		buf_add_str(out, u->scheme);
		buf_char(out, ':');
	}
	if (u->opaque.n) {
		buf_add_str(out, u->opaque);
	} else {
		write_authority(u, out);
		if (u->path.n && u->path.p[0] != '/' && u->host.n)
			buf_char(out, '/');
		write_part(out, u->path, URL_PART_PATH);
	}
	if (u->has_query) {
		buf_char(out, '?');
		buf_add_str(out, u->query);
	}
	if (u->fragment.n) {
		buf_char(out, '#');
		write_part(out, u->fragment, URL_PART_FRAGMENT);
	}
}

/* A decoded query parameter and its place, which keeps values of one key in order. */
struct param {
	struct str key;
	struct str value;
	size_t place;
};

static int param_order(const void *x, const void *y)
{
	const struct param *a = x;
	const struct param *b = y;
	int order = str_cmp(a->key, b->key);

	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static bool decode(struct str s, struct arena *a, struct str *out)
{
	struct buf b = { 0 };
	bool ok = url_unescape(&b, s, URL_PART_QUERY);

	if (ok)
		*out = arena_str(a, buf_str(&b));
	if (buf_failed(&b))
		a->failed = true;
	buf_release(&b);
	return ok;
}

/* Parameters of a query in their order; pieces with a bad escape or a semicolon are dropped. */
static struct param *query_params(struct str query, struct arena *a, size_t *n)
{
	struct str rest = query;
	struct str piece;
	struct param *v;
	size_t count = 1;

	*n = 0;
	for (size_t i = 0; i < query.n; i++)
		count += query.p[i] == '&';
	v = ARENA_ARRAY(a, struct param, count + 1);
	if (!v)
		return NULL;
	while (str_split(&rest, '&', &piece)) {
		struct param *p = &v[*n];
		struct str value;
		bool has_value;

		if (!piece.n || str_find_char(piece, ';') != STR_NPOS)
			continue;
		value = cut_at(&piece, '=', &has_value);
		p->place = *n;
		if (decode(piece, a, &p->key) && decode(value, a, &p->value))
			(*n)++;
	}
	return v;
}

bool url_query_get(const struct url *u, struct str key, struct arena *a, struct str *value)
{
	size_t n;
	const struct param *v = query_params(u->query, a, &n);

	for (size_t i = 0; v && i < n; i++) {
		if (str_eq(v[i].key, key)) {
			*value = v[i].value;
			return true;
		}
	}
	return false;
}

/* Replaces all values of key by one; v has room for one more. */
static size_t set_param(struct param *v, size_t n, struct str key, struct str value)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!str_eq(v[i].key, key))
			v[kept++] = v[i];
	v[kept++] = (struct param){ key, value, n };
	return kept;
}

enum err_code url_query_set(
    struct url *u, struct str key, struct str value, struct arena *a, struct err *e)
{
	struct buf b = { 0 };
	size_t n;
	struct param *v = query_params(u->query, a, &n);

	if (!v)
		return FAIL_NOMEM(e);
	if (key.n)
		n = set_param(v, n, key, value);
	qsort(v, n, sizeof *v, param_order);
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, '&');
		url_escape(&b, v[i].key, URL_PART_QUERY);
		buf_char(&b, '=');
		url_escape(&b, v[i].value, URL_PART_QUERY);
	}
	/* A query that was not empty and now is takes its question mark along. */
	u->has_query = n || (u->has_query && !u->query.n);
	u->query = arena_str(a, buf_str(&b));
	if (buf_failed(&b))
		a->failed = true;
	buf_release(&b);
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}
