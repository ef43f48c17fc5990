/*
 * Names from the server a profile came from: addresses are POSTed to its /symbol (Go, libpprof,
 * gperftools) or /symbolz, answered by lines "0xADDR name". What is hard: merging may have moved a
 * mapping, so addresses are shifted to what the server knows, and back.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "core/hash.h"
#include "net/url.h"
#include "symbolize/sym_tables.h"
#include "symbolize/symbolize.h"

/* Largest answer. */
#define MAX_ANSWER ((size_t)256 << 20)
#define TIMEOUT_MS 60000

struct answer {
	uint64_t address; /* of the profile */
	struct str name;  /* in the reply */
};

struct remote {
	struct profile *p;
	const struct mapping_sources *urls;
	const struct http_tls *tls;
	struct sym_tables tables;
	struct arena arena;
};

static bool is_wanted(const struct remote *r, uint32_t location, uint32_t mapping)
{
	const struct location *l = &r->tables.locations[location];

	return l->mapping == mapping && l->address != 0 &&
	       sym_tables_is_nameless(&r->tables, location);
}

/* "0xA+0xB+…" of the mapping's nameless locations. */
static void write_query(const struct remote *r, uint32_t mapping, uint64_t shift, struct buf *out)
{
	for (uint32_t i = 0; i < r->p->n_locations; i++) {
		if (!is_wanted(r, i, mapping))
			continue;
		buf_printf(
		    out, "%s0x%" PRIx64, out->n ? "+" : "", r->p->locations[i].address + shift);
	}
}

/* The "0xADDR<white space>name" in a line; false when there is none. */
static bool parse_answer(struct str line, uint64_t shift, struct answer *out)
{
	size_t at = str_find(line, STR("0x"));
	size_t n = 2;
	struct str rest;

	if (at == STR_NPOS)
		return false;
	rest = str_skip(line, at);
	while (n < rest.n && strchr("0123456789abcdefABCDEF", rest.p[n]) && rest.p[n])
		n++;
	if (n == rest.n || (rest.p[n] != ' ' && rest.p[n] != '\t') ||
	    !str_to_u64((struct str){ rest.p + 2, n - 2 }, 16, &out->address))
		return false;
	out->address -= shift;
	out->name = str_trim(str_skip(rest, n));
	return true;
}

static int answer_order(const void *x, const void *y)
{
	const struct answer *a = x;
	const struct answer *b = y;

	return (a->address > b->address) - (a->address < b->address);
}

static const struct answer *find_answer(const struct answer *v, size_t n, uint64_t address)
{
	struct answer key = { .address = address };

	return n ? bsearch(&key, v, n, sizeof *v, answer_order) : NULL;
}

/* The function of a name, which is all that a server says. */
static uint32_t function_of(struct remote *r, struct str name)
{
	const str_id id = profile_intern(r->p, name);

	return sym_tables_function(&r->tables, id, id, 0, 0);
}

static void apply(struct remote *r, uint32_t mapping, struct answer *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof *v, answer_order);
	for (uint32_t i = 0; i < r->p->n_locations; i++) {
		const struct location *l = &r->tables.locations[i];
		const struct answer *a;
		struct line *line;

		if (l->mapping != mapping || !(a = find_answer(v, n, l->address)))
			continue;
		line = sym_tables_lines(&r->tables, i, 1);
		if (line)
			*line = (struct line){ .function = function_of(r, a->name) };
	}
}

static MUST_USE enum err_code read_answers(
    struct remote *r, uint32_t mapping, uint64_t shift, struct str body, struct err *e)
{
	VEC(struct answer) v = { 0 };
	struct str rest = body;
	struct str line;
	bool failed;

	while (rest.n && str_split(&rest, '\n', &line)) {
		struct answer a;

		if (parse_answer(line, shift, &a))
			(void)VEC_PUSH(&v, a);
	}
	failed = v.failed;
	if (!failed)
		apply(r, mapping, v.p, v.n);
	VEC_RELEASE(&v);
	return failed ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code post(
    struct remote *r, struct str url, struct str query, struct http_reply *reply, struct err *e)
{
	struct http_options o = { .timeout_ms = TIMEOUT_MS, .max_body = MAX_ANSWER, .tls = r->tls };
	enum err_code rc;

	TRY(http_start(e));
	rc = http_post(reply, url, STR("application/octet-stream"), query, &o, e);
	if (rc == OK)
		rc = http_expect_ok(reply, e);
	http_stop();
	if (rc != OK)
		err_prefix(e, "http post %.*s", STR_ARG(url));
	return rc;
}

static MUST_USE enum err_code ask(
    struct remote *r, uint32_t mapping, uint64_t shift, struct str url, struct err *e)
{
	struct http_reply reply = { 0 };
	struct buf query = { 0 };
	enum err_code rc = OK;

	write_query(r, mapping, shift, &query);
	if (buf_failed(&query))
		rc = ERR_NOMEM;
	else if (query.n)
		rc = post(r, url, buf_str(&query), &reply, e);
	if (rc == OK && query.n)
		rc = read_answers(r, mapping, shift, buf_str(&reply.body), e);
	http_reply_release(&reply);
	buf_release(&query);
	return rc;
}

static MUST_USE enum err_code ask_for_mapping(struct remote *r, uint32_t i, struct err *e)
{
	const struct mapping *m = &r->p->mappings[i];
	struct str keys[2] = { profile_str(r->p, m->file), profile_str(r->p, m->build_id) };

	for (size_t k = 0; k < 2; k++) {
		for (size_t s = 0; keys[k].n && s < r->urls->list.n; s++) {
			const struct mapping_source *source = &r->urls->list.p[s];
			struct str url;

			if (!str_eq(source->key, keys[k]))
				continue;
			TRY(url_symbolz(source->url, &r->arena, &url, e));
			if (!url.n)
				continue;
			TRY(ask(r, i, source->start - m->start, url, e));
			r->tables.mappings[i].has_functions = true;
			return OK;
		}
	}
	return OK;
}

static MUST_USE enum err_code ask_all(struct remote *r, bool force, struct err *e)
{
	TRY(sym_tables_init(&r->tables, r->p, e));
	for (uint32_t i = 0; i < r->p->n_mappings; i++)
		if (force || !r->p->mappings[i].has_functions)
			TRY(ask_for_mapping(r, i, e));
	return sym_tables_publish(&r->tables, e);
}

enum err_code symbolize_remote(struct profile *p, bool force, const struct mapping_sources *urls,
    const struct http_tls *tls, const struct ui *ui, struct err *e)
{
	struct remote r = { .p = p, .urls = urls, .tls = tls };
	enum err_code rc;

	(void)ui;
	if (!urls || !urls->list.n)
		return OK;
	rc = ask_all(&r, force, e);
	sym_tables_release(&r.tables);
	arena_release(&r.arena);
	return rc;
}
