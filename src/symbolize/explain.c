/*
 * `pprof symbols`: for each mapping of a profile what was tried to find its binary and debug
 * information, and why each place was refused. Called by the driver.
 */
#include "object/dwarf.h"
#include "symbolize/sym_open.h"
#include "symbolize/sym_special.h"
#include "symbolize/symbolize.h"

/* Errors name the place again ("stat X: no such file"), which is the line's start already. */
static struct str plain_reason(const struct find_try *t)
{
	struct str r = t->reason;

	if (str_starts(r, STR("stat ")) && str_starts(str_skip(r, 5), t->path) &&
	    str_starts(str_skip(r, 5 + t->path.n), STR(": ")))
		r = str_skip(r, 5 + t->path.n + 2);
	else if (str_starts(r, t->path) && str_starts(str_skip(r, t->path.n), STR(": ")))
		r = str_skip(r, t->path.n + 2);
	return r.n ? r : STR("taken");
}

static void write_tries(const struct find_log *log, const char *what, struct buf *out)
{
	for (size_t i = 0; i < log->tries.n; i++) {
		const struct find_try *t = &log->tries.p[i];

		buf_printf(
		    out, "  %s %.*s: %.*s\n", what, STR_ARG(t->path), STR_ARG(plain_reason(t)));
	}
}

static void write_object(struct object *o, struct buf *out)
{
	const struct object_symbol *v;
	struct str why;
	struct err e;
	size_t n = 0;
	const bool has_dwarf = object_has_dwarf(o, &why);

	if (!has_dwarf || !str_eq(why, object_path(o)))
		write_tries(object_debug_tries(o), "debug file", out);
	if (object_symbols(o, &v, &n, &e) != OK)
		n = 0;
	buf_printf(out, "  symbols: %zu\n  lines and inlined calls: %s%.*s\n", n,
	    has_dwarf ? "from " : "none: ", STR_ARG(why));
}

static MUST_USE enum err_code write_special(
    struct str file, struct str build_id, struct buf *out, struct err *e)
{
	struct sym_special s = { 0 };

	TRY(sym_special_open(&s, file, build_id, e));
	if (s.object || s.text.v.n)
		buf_printf(out, "  symbols: %s\n", s.object ? "this machine's" : "a list of names");
	else
		buf_printf(out, "  not looked up: %s\n", s.why);
	sym_special_release(&s);
	return OK;
}

/* Where the search path leads; the mapping's own file when it leads nowhere. */
static struct str search(const struct profile *p, const struct mapping *m, struct str search_path,
    struct arena *a, struct find_log *log)
{
	const struct find_request r = { .file = profile_str(p, m->file),
		.build_id = profile_str(p, m->build_id),
		.search_path = search_path,
		.mapping = { .start = m->start, .limit = m->limit, .offset = m->offset } };
	struct str path;

	return find_binary(&r, a, &path, log, NULL, NULL) ? path : r.file;
}

static MUST_USE enum err_code write_file(const struct profile *p, const struct mapping *m,
    struct str search_path, const struct ui *ui, struct buf *out, struct err *e)
{
	struct str build_id = profile_str(p, m->build_id);
	struct find_log log = { 0 };
	struct arena a = { 0 };
	struct object *o;
	struct err why;
	struct str path = search(p, m, search_path, &a, &log);
	enum err_code rc = ERR_NOT_FOUND;

	if (path.n)
		rc = sym_open(&o, path, build_id, &log, ui, &why);
	write_tries(&log, "binary", out);
	if (rc == OK) {
		write_object(o, out);
		object_close(o);
	} else {
		BUF_LIT(out, "  no binary: addresses stay addresses\n");
	}
	rc = arena_failed(&a) || log.tries.failed ? FAIL_NOMEM(e) : OK;
	find_log_release(&log);
	arena_release(&a);
	return rc;
}

enum err_code symbolize_explain(const struct profile *p, struct str search_path,
    const struct ui *ui, struct buf *out, struct err *e)
{
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		const struct mapping *m = &p->mappings[i];
		struct str file = profile_str(p, m->file);
		struct str build_id = profile_str(p, m->build_id);

		buf_printf(out, "%.*s at 0x%llx-0x%llx, build id %.*s\n",
		    STR_ARG(file.n ? file : STR("(no file name)")), (unsigned long long)m->start,
		    (unsigned long long)m->limit, STR_ARG(build_id.n ? build_id : STR("unknown")));
		if (m->has_functions || m->has_filenames || m->has_line_numbers)
			BUF_LIT(out, "  the profile came with names: they are kept\n");
		else if (file.n && (symbolize_is_special(file) || sym_text_is_perf_map(file)))
			TRY(write_special(file, build_id, out, e));
		else
			TRY(write_file(p, m, search_path, ui, out, e));
	}
	return buf_failed(out) ? FAIL_NOMEM(e) : OK;
}
