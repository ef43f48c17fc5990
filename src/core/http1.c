/* HTTP/1.x request heads; see http1.h. Tests: tests/unit/runtime/test_http1.c, fuzz_http1.c. */
#include "core/http1.h"

static bool is_token_char(unsigned char c)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && memchr(others, c, sizeof(others) - 1));
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_char((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

/* No control characters (and, with `spaces` false, no spaces). Bytes above 127 pass. */
static bool is_text(struct str s, bool spaces)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 127 || (c < 32 && !(spaces && c == '\t')) || (c == ' ' && !spaces))
			return false;
	}
	return true;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool same_name(struct str s, const char *lower_name)
{
	if (s.n != strlen(lower_name))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (lower(s.p[i]) != (unsigned char)lower_name[i])
			return false;
	return true;
}

/* "http://host/path" has its own authority, which replaces Host. */
static bool absolute_target(struct str *target, struct http1_request *out)
{
	struct str scheme = STR("http://");
	size_t slash;

	if (!str_starts(*target, scheme))
		return false;
	*target = str_skip(*target, scheme.n);
	slash = str_find_char(*target, '/');
	if (slash == STR_NPOS)
		return false;
	out->host = str_head(*target, slash);
	*target = str_skip(*target, slash);
	return true;
}

/* The minor version does not matter: RFC 9110, 2.5. */
static enum http1_status read_version(struct str version, struct http1_request *out)
{
	struct str digits = str_skip(version, 5);

	if (!str_starts(version, STR("HTTP/")) || digits.n != 3 || digits.p[1] != '.')
		return HTTP1_BAD;
	if (digits.p[0] < '0' || digits.p[0] > '9' || digits.p[2] < '0' || digits.p[2] > '9')
		return HTTP1_BAD;
	out->is_1_0 = digits.p[2] == '0';
	return digits.p[0] == '1' ? HTTP1_DONE : HTTP1_VERSION;
}

static enum http1_status request_line(struct str line, struct http1_request *out)
{
	struct str target, version;
	enum http1_status status;
	size_t query;

	if (!str_split(&line, ' ', &out->method) || !str_split(&line, ' ', &target))
		return HTTP1_BAD;
	version = line;
	if (!version.p || !is_token(out->method) || !is_text(target, false))
		return HTTP1_BAD;
	status = read_version(version, out);
	if (status != HTTP1_DONE)
		return status;
	if (!str_starts(target, STR("/")) && !absolute_target(&target, out))
		return HTTP1_BAD;
	query = str_find_char(target, '?');
	out->path = query == STR_NPOS ? target : str_head(target, query);
	out->query = query == STR_NPOS ? (struct str){ "", 0 } : str_skip(target, query + 1);
	return HTTP1_DONE;
}

static enum http1_status set_host(struct str value, struct http1_request *out)
{
	if (out->has_host)
		return HTTP1_BAD;
	out->has_host = true;
	if (out->host.n == 0)
		out->host = value;
	return HTTP1_DONE;
}

static enum http1_status set_length(struct str value, struct http1_request *out)
{
	if (out->has_length || !str_to_u64(value, 10, &out->content_length))
		return HTTP1_BAD;
	out->has_length = true;
	return HTTP1_DONE;
}

static enum http1_status field(struct str line, struct http1_request *out)
{
	size_t colon = str_find_char(line, ':');
	struct str name, value;

	if (colon == STR_NPOS)
		return HTTP1_BAD;
	name = str_head(line, colon);
	value = str_trim(str_skip(line, colon + 1));
	if (!is_token(name) || !is_text(value, true))
		return HTTP1_BAD;
	if (same_name(name, "host"))
		return set_host(value, out);
	if (same_name(name, "content-length"))
		return set_length(value, out);
	if (same_name(name, "transfer-encoding"))
		return HTTP1_UNSUPPORTED;
	if (same_name(name, "authorization"))
		out->authorization = value;
	else if (same_name(name, "origin"))
		out->origin = value;
	else if (same_name(name, "sec-fetch-site"))
		out->fetch_site = value;
	return HTTP1_DONE;
}

/* Cuts one line off, ended by LF or CR LF; false when there is no whole line. */
static bool next_line(struct str *rest, struct str *line)
{
	size_t end = str_find_char(*rest, '\n');

	if (end == STR_NPOS)
		return false;
	*line = str_head(*rest, end);
	*rest = str_skip(*rest, end + 1);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

enum http1_status http1_parse(struct str in, struct http1_request *out)
{
	struct str rest = in;
	struct str line;
	enum http1_status status;

	*out = (struct http1_request){
		.host = STR(""), .authorization = STR(""), .origin = STR(""), .fetch_site = STR("")
	};
	if (!next_line(&rest, &line))
		return HTTP1_MORE;
	status = request_line(line, out);
	for (unsigned fields = 0; status == HTTP1_DONE; fields++) {
		if (!next_line(&rest, &line))
			return HTTP1_MORE;
		if (line.n == 0)
			break;
		status = fields < HTTP1_MAX_FIELDS ? field(line, out) : HTTP1_BAD;
	}
	out->head_bytes = in.n - rest.n;
	return status;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at s.p[i] stands for; -1 when it is malformed or NUL. */
static int escaped(struct str s, size_t i)
{
	int high = i + 1 < s.n ? hex_digit(s.p[i + 1]) : -1;
	int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

	if (high < 0 || low < 0 || (high == 0 && low == 0))
		return -1;
	return high * 16 + low;
}

bool http1_unescape(struct str s, bool plus, char *out, size_t cap, size_t *n)
{
	size_t used = 0;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			c = escaped(s, i);
			if (c < 0)
				return false;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (used + 1 >= cap)
			return false;
		out[used++] = (char)c;
	}
	if (cap == 0)
		return false;
	out[used] = '\0';
	if (n)
		*n = used;
	return true;
}

/* One part more at the end of a path that has n bytes; the new n, or 0 when there is no room. */
static size_t add_part(struct str part, char *out, size_t n, size_t cap)
{
	if (part.n == 0 || str_is(part, "."))
		return n;
	if (str_is(part, "..")) {
		while (n > 1 && out[n - 1] == '/')
			n--;
		while (n > 1 && out[n - 1] != '/')
			n--;
		return n;
	}
	if (cap - n < part.n + 2)
		return 0;
	memcpy(out + n, part.p, part.n);
	out[n + part.n] = '/';
	return n + part.n + 1;
}

bool http1_clean_path(struct str path, char *out, size_t cap)
{
	struct str rest = path, part;
	size_t n = 1;

	if (path.n == 0 || path.p[0] != '/' || cap < 2)
		return false;
	out[0] = '/';
	while (n > 0 && str_split(&rest, '/', &part))
		n = add_part(part, out, n, cap);
	if (n == 0)
		return false;
	/* Each part has a slash behind it, which only the last one's is too much. */
	if (n > 1 && path.p[path.n - 1] != '/')
		n--;
	out[n] = '\0';
	return true;
}

bool http1_query(struct str query, const char *name, char *out, size_t cap)
{
	struct str rest = query;
	struct str piece;

	while (str_split(&rest, '&', &piece)) {
		size_t equals = str_find_char(piece, '=');
		struct str key = equals == STR_NPOS ? piece : str_head(piece, equals);
		struct str value =
		    equals == STR_NPOS ? (struct str){ "", 0 } : str_skip(piece, equals + 1);

		if (str_is(key, name) && str_find_char(piece, ';') == STR_NPOS)
			return http1_unescape(value, true, out, cap, NULL);
	}
	return false;
}

struct str http1_bearer(struct str authorization)
{
	size_t space = str_find_char(authorization, ' ');

	if (space == STR_NPOS || !same_name(str_head(authorization, space), "bearer"))
		return STR("");
	return str_trim(str_skip(authorization, space + 1));
}

struct str http1_host_name(struct str host)
{
	size_t colon = str_rfind_char(host, ':');
	size_t bracket = str_rfind_char(host, ']');

	if (host.n > 0 && host.p[0] == '[')
		return bracket == STR_NPOS ? (struct str){ "", 0 }
					   : str_range(host.p + 1, host.p + bracket);
	return colon == STR_NPOS ? host : str_head(host, colon);
}
