/*
 * Parsing of the memory map's lines, and its clean-up. Assigning addresses is in memmap_assign.c.
 *
 * The hard thing is that the lines are free-form, so they are taken apart by the same expressions
 * that google/pprof documents for them, and that a "name=value" line changes how later lines read.
 */
#include "profile/legacy/memmap.h"

#include "base/buf.h"
#include "base/regex.h"

/* Limits against maps made to hurt; a Linux process has at most 65,530 ranges by default. */
#define MAX_MAPPINGS    65536u
#define MAX_DEFINITIONS 1024u
#define MAX_EXPANDED    (1u << 20)

/* Start and end in hexadecimal, with or without "0x", "-" and ":". */
#define HEX    "(?:0x)?([[:xdigit:]]+)"
#define RANGE  "^\\s*" HEX "[\\s-]?\\s*" HEX ":?"
#define PERM   "(?:\\s+([-rwxp]+))?"
#define WORD   "(?:\\s+(\\S+))?"
#define OFFSET "(?:\\s+([[:xdigit:]]+))?"

/* start-end perm offset major:minor inode path */
#define PROC_LINE  RANGE PERM OFFSET "\\s+[[:xdigit:]]+:[[:xdigit:]]+\\s+[[:digit:]]+" WORD
/* start-end perm path (@offset) build-id, all but the range optional */
#define BRIEF_LINE RANGE PERM WORD "(?:\\s+\\(@([[:xdigit:]]+)\\))?" OFFSET

struct definition {
	struct str name; /* with the "$" */
	struct str value;
};

struct map_reader {
	struct legacy_builder *b;
	struct regex *proc;
	struct regex *brief;
	VEC(struct definition) definitions; /* texts live in the profile's arena */
	struct buf line;                    /* the current one, when something was replaced */
	struct err *e;
};

/* What a line of the map says; empty fields were not there. */
struct map_fields {
	struct str start, end, perm, offset, file, build_id;
};

static bool split_line(const struct map_reader *r, struct str line, struct map_fields *f)
{
	struct str g[7];

	if (regex_find(r->proc, line, g, 6)) {
		*f = (struct map_fields){ g[1], g[2], g[3], g[4], g[5], STR("") };
		return true;
	}
	if (regex_find(r->brief, line, g, 7)) {
		*f = (struct map_fields){ g[1], g[2], g[3], g[5], g[4], g[6] };
		return true;
	}
	return false;
}

/* False when the line is no range of memory. */
static MUST_USE enum err_code read_range(struct map_reader *r, struct str line, bool *is_range)
{
	struct mapping m = { 0 };
	struct map_fields f;

	*is_range = split_line(r, line, &f);
	if (!*is_range || (f.perm.n && str_find_char(f.perm, 'x') == STR_NPOS))
		return OK;
	*is_range = number_hex(f.start, &m.start) && number_hex(f.end, &m.limit) &&
		    (f.offset.n == 0 || number_hex(f.offset, &m.offset));
	if (!*is_range)
		return OK;
	if (r->b->mappings.n >= MAX_MAPPINGS)
		return FAIL(r->e, ERR_LIMIT, "memory map has more than %u ranges", MAX_MAPPINGS);
	m.file = profile_intern(r->b->p, f.file);
	m.build_id = profile_intern(r->b->p, f.build_id);
	(void)VEC_PUSH(&r->b->mappings, m);
	return OK;
}

static MUST_USE enum err_code add_definition(struct map_reader *r, struct str line)
{
	size_t eq = str_find_char(line, '=');
	struct arena *a = &r->b->p->arena;
	struct definition d;
	struct str name;

	if (eq == STR_NPOS)
		return OK;
	if (r->definitions.n >= MAX_DEFINITIONS)
		return FAIL(
		    r->e, ERR_LIMIT, "memory map has more than %u definitions", MAX_DEFINITIONS);
	name = str_trim(str_head(line, eq));
	d.name = arena_printf(a, "$%.*s", STR_ARG(name));
	d.value = arena_str(a, str_trim(str_skip(line, eq + 1)));
	(void)VEC_PUSH(&r->definitions, d);
	return OK;
}

/* The definition whose name is at the start of s; earlier ones win. */
static const struct definition *find_definition(const struct map_reader *r, struct str s)
{
	for (size_t i = 0; i < r->definitions.n; i++)
		if (str_starts(s, r->definitions.p[i].name))
			return &r->definitions.p[i];
	return NULL;
}

/* *line with the definitions put in, valid until the next call. */
static MUST_USE enum err_code expand(struct map_reader *r, struct str *line)
{
	struct str rest = *line;
	size_t at;

	if (r->definitions.n == 0 || str_find_char(rest, '$') == STR_NPOS)
		return OK;
	buf_clear(&r->line);
	while ((at = str_find_char(rest, '$')) != STR_NPOS) {
		const struct definition *d = find_definition(r, str_skip(rest, at));

		buf_add(&r->line, rest.p, at);
		buf_add_str(&r->line, d ? d->value : STR("$"));
		rest = str_skip(rest, at + (d ? d->name.n : 1));
		if (r->line.n > MAX_EXPANDED)
			return FAIL(r->e, ERR_LIMIT, "memory map line is too long");
	}
	buf_add_str(&r->line, rest);
	if (buf_failed(&r->line))
		return FAIL_NOMEM(r->e);
	*line = buf_str(&r->line);
	return OK;
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Takes off "…file:line] " in front of a line that went through a log. */
static struct str without_log_prefix(struct str line)
{
	size_t end = str_find_char(line, ']');
	struct str prefix = str_head(line, end);
	size_t colon = str_rfind_char(prefix, ':');

	if (end == STR_NPOS || end + 1 >= line.n || !strchr("\t\n\f\r ", line.p[end + 1]) ||
	    line.p[end + 1] == '\0')
		return line;
	if (colon == STR_NPOS || colon == 0 || !is_digits(str_skip(prefix, colon + 1)) ||
	    str_find_char(prefix, '[') != STR_NPOS)
		return line;
	return str_skip(line, end + 2);
}

static MUST_USE enum err_code read_line(struct map_reader *r, struct str line)
{
	bool is_range;

	line = without_log_prefix(line);
	TRY(expand(r, &line));
	TRY(read_range(r, line, &is_range));
	return is_range ? OK : add_definition(r, line);
}

static MUST_USE enum err_code read_lines(struct map_reader *r, struct lines *l)
{
	TRY(regex_new_capturing(&r->proc, STR(PROC_LINE), r->e));
	TRY(regex_new_capturing(&r->brief, STR(BRIEF_LINE), r->e));
	while (lines_next(l))
		TRY(read_line(r, l->line));
	return lines_check(l, r->e);
}

static bool differ(str_id a, str_id b)
{
	return a && b && a != b;
}

/* Whether b continues a: same file, no gap, offsets that fit when both are known. */
static bool is_adjacent(const struct mapping *a, const struct mapping *b)
{
	if (differ(a->file, b->file) || differ(a->build_id, b->build_id) || a->limit != b->start)
		return false;
	return a->offset == 0 || b->offset == 0 || a->offset + (a->limit - a->start) == b->offset;
}

static void join_adjacent(struct legacy_builder *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->mappings.n; i++) {
		const struct mapping *m = &b->mappings.p[i];
		struct mapping *last = n ? &b->mappings.p[n - 1] : NULL;

		if (!last || !is_adjacent(last, m)) {
			b->mappings.p[n++] = *m;
			continue;
		}
		last->limit = m->limit;
		if (m->file)
			last->file = m->file;
		if (m->build_id)
			last->build_id = m->build_id;
	}
	b->mappings.n = n;
}

/* ".so" at the end, or ".so.1" or ".so_1" anywhere. */
static bool is_library(struct str file)
{
	size_t at;

	if (str_ends(file, STR(".so")))
		return true;
	while ((at = str_find(file, STR(".so"))) != STR_NPOS) {
		file = str_skip(file, at + 3);
		if (file.n > 1 && (file.p[0] == '.' || file.p[0] == '_') && file.p[1] >= '0' &&
		    file.p[1] <= '9')
			return true;
	}
	return false;
}

/* Cuts "(deleted)" off wherever it is; the text goes to `out`. */
static struct str without_deleted(struct buf *out, struct str file)
{
	static const struct str mark = { "(deleted)", 9 };
	size_t at;

	buf_clear(out);
	while ((at = str_find(file, mark)) != STR_NPOS) {
		buf_add(out, file.p, at);
		file = str_skip(file, at + mark.n);
	}
	buf_add_str(out, file);
	return str_trim(buf_str(out));
}

/* The first range that may be the program itself changes places with the first of all. */
static void put_main_first(struct map_reader *r)
{
	struct legacy_builder *b = r->b;

	for (size_t i = 0; i < b->mappings.n; i++) {
		struct mapping m = b->mappings.p[i];
		struct str file = without_deleted(&r->line, profile_str(b->p, m.file));

		if (file.n == 0 || file.p[0] == '[' || is_library(file))
			continue;
		b->mappings.p[i] = b->mappings.p[0];
		b->mappings.p[0] = m;
		return;
	}
}

enum err_code memmap_read(struct legacy_builder *b, struct lines *l, struct err *e)
{
	struct map_reader r = { .b = b, .e = e };
	enum err_code rc = read_lines(&r, l);

	if (rc == OK) {
		join_adjacent(b);
		put_main_first(&r);
	}
	if (rc == OK && (r.definitions.failed || buf_failed(&r.line) || b->mappings.failed))
		rc = FAIL_NOMEM(e);
	regex_free(r.proc);
	regex_free(r.brief);
	VEC_RELEASE(&r.definitions);
	buf_release(&r.line);
	return rc;
}
