/*
 * Are the files for TLS there, and what they should be? Called before every request. What is hard:
 * the usual mistake is to give one file for the other, and Go's texts say which; so the kinds of
 * their blocks ("-----BEGIN CERTIFICATE-----") are read here, and nothing else of them.
 */
#include "net/tls_files.h"

#include "base/fs.h"

#define MAX_FILE ((size_t)16 << 20)

static MUST_USE enum err_code read_file(
    struct buf *text, struct str path, const char *what, struct err *e)
{
	if (fs_read(path, MAX_FILE, text, e) == OK)
		return OK;
	err_prefix(e, "%s", what);
	return e->code;
}

/* Cuts the next whole block off *rest; *kind is what it calls itself. */
static bool next_block(struct str *rest, struct str *kind)
{
	const struct str dashes = STR("-----");
	const struct str begin = STR("-----BEGIN ");
	const struct str end = STR("-----END ");
	size_t at;

	while ((at = str_find(*rest, begin)) != STR_NPOS) {
		bool at_line = at == 0 || rest->p[at - 1] == '\n';
		size_t n;

		*rest = str_skip(*rest, at + begin.n);
		n = str_find(*rest, dashes);
		if (!at_line || n == STR_NPOS)
			continue;
		*kind = str_head(*rest, n);
		if (str_find_char(*kind, '\n') == STR_NPOS && str_find(*rest, end) != STR_NPOS)
			return true;
	}
	return false;
}

/* The kinds of a file's blocks: which were passed over before one that was looked for. */
struct blocks {
	bool found;
	size_t n_skipped;
	struct str skipped; /* the last of them */
	struct buf list;    /* "A B" */
};

static bool is_key(struct str kind)
{
	return str_is(kind, "PRIVATE KEY") || str_ends(kind, STR(" PRIVATE KEY"));
}

static bool is_certificate(struct str kind)
{
	return str_is(kind, "CERTIFICATE");
}

static struct blocks look_for(bool (*wanted)(struct str kind), struct str text)
{
	struct blocks b = { 0 };
	struct str kind;

	while (!b.found && next_block(&text, &kind)) {
		b.found = wanted(kind);
		if (b.found)
			continue;
		buf_printf(&b.list, "%s%.*s", b.n_skipped++ ? " " : "", STR_ARG(kind));
		b.skipped = kind;
	}
	return b;
}

static MUST_USE enum err_code check_certificate(struct str text, struct err *e)
{
	struct blocks b = look_for(is_certificate, text);
	enum err_code code = OK;

	if (!b.found && !b.n_skipped)
		code = FAIL(e, ERR_FORMAT,
		    TLS_PAIR ": tls: failed to find any PEM data in certificate input");
	else if (!b.found && b.n_skipped == 1 && is_key(b.skipped))
		code = FAIL(e, ERR_FORMAT,
		    TLS_PAIR ": tls: failed to find certificate PEM data in certificate input, "
			     "but did find a private key; PEM inputs may have been switched");
	else if (!b.found)
		code = FAIL(e, ERR_FORMAT,
		    TLS_PAIR ": tls: failed to find \"CERTIFICATE\" PEM block in certificate input "
			     "after skipping PEM blocks of the following types: [%s]",
		    buf_c(&b.list));
	buf_release(&b.list);
	return code;
}

/* One that is locked would have libcurl ask for its password on the terminal. */
static bool is_locked(struct str text)
{
	return str_find(text, STR("ENCRYPTED")) != STR_NPOS;
}

static MUST_USE enum err_code check_key(struct str text, struct err *e)
{
	struct blocks b = look_for(is_key, text);
	enum err_code code = OK;

	if (!b.found && !b.n_skipped)
		code =
		    FAIL(e, ERR_FORMAT, TLS_PAIR ": tls: failed to find any PEM data in key input");
	else if (!b.found && b.n_skipped == 1 && is_certificate(b.skipped))
		code = FAIL(e, ERR_FORMAT,
		    TLS_PAIR ": tls: found a certificate rather than a key in the PEM for the "
			     "private key");
	else if (!b.found)
		code = FAIL(e, ERR_FORMAT,
		    TLS_PAIR ": tls: failed to find PEM block with type ending in \"PRIVATE KEY\" "
			     "in key input after skipping PEM blocks of the following types: [%s]",
		    buf_c(&b.list));
	else if (is_locked(text))
		code = FAIL(e, ERR_FORMAT, TLS_PAIR ": tls: failed to parse private key");
	buf_release(&b.list);
	return code;
}

static MUST_USE enum err_code check_pair(const struct http_tls *tls, struct err *e)
{
	struct buf cert = { 0 };
	struct buf key = { 0 };
	enum err_code code = read_file(&cert, tls->cert, TLS_PAIR, e);

	if (code == OK)
		code = read_file(&key, tls->key, TLS_PAIR, e);
	if (code == OK)
		code = check_certificate(buf_str(&cert), e);
	if (code == OK)
		code = check_key(buf_str(&key), e);
	buf_release(&cert);
	buf_release(&key);
	return code;
}

static MUST_USE enum err_code check_ca(struct str ca, struct err *e)
{
	struct buf text = { 0 };
	enum err_code code = read_file(&text, ca, "could not load CA specified by -tls_ca", e);

	buf_release(&text);
	return code;
}

enum err_code http_check_tls(const struct http_tls *tls, struct err *e)
{
	if (!tls)
		return OK;
	if (tls->key.n && !tls->cert.n)
		return FAIL(
		    e, ERR_USAGE, "-tls_key is specified, so -tls_cert must also be specified");
	if (tls->cert.n && !tls->key.n)
		return FAIL(
		    e, ERR_USAGE, "-tls_cert is specified, so -tls_key must also be specified");
	if (tls->cert.n)
		TRY(check_pair(tls, e));
	return tls->ca.n ? check_ca(tls->ca, e) : OK;
}
