/*
 * -list: source lines of the functions that the symbol matches, with their values. Called through
 * the table of report.c; the graph is whole, and nodes are per line (the driver aggregates so).
 */
#include <stdlib.h>

#include "report/source_text.h"
#include "report/writers.h"

#define LIST_MARGIN 5

/* A node of a function that is listed. */
struct list_entry {
	struct str name, file;
	int64_t line, start_line;
	int64_t flat, cum;
	uint32_t node; /* for a stable order */
};

struct list {
	struct report *r;
	struct source_texts texts;
	struct list_entry *entries;
	size_t n;
};

static int by_name_and_file(const void *a, const void *b)
{
	const struct list_entry *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	if (order == 0)
		order = str_cmp(x->file, y->file);
	if (order != 0)
		return order;
	return x->node < y->node ? -1 : x->node > y->node;
}

static int by_line(const void *a, const void *b)
{
	const struct list_entry *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* Lines of a real file are small; a damaged profile's must not overflow the margins. */
static int64_t sane_line(int64_t line)
{
	if (line > INT32_MAX)
		return INT32_MAX;
	return line < 0 ? 0 : line;
}

static enum err_code collect(struct list *l, struct err *e)
{
	const struct graph *g = &l->r->graph;

	l->entries = ARENA_ARRAY(&l->r->arena, struct list_entry, g->n_nodes);
	if (!l->entries)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		const struct node *n = &g->nodes[i];
		const struct str name = profile_str(g->profile, n->info.name);

		if (!regex_match(l->r->options->symbol, name))
			continue;
		l->entries[l->n++] =
		    (struct list_entry){ name, n->info.file, sane_line(n->info.line),
			    sane_line(n->info.start_line), n->flat, n->cum, i };
	}
	if (l->n == 0)
		return FAIL(e, ERR_NOT_FOUND, "no matches found for regexp: %.*s",
		    STR_ARG(l->r->options->symbol_text));
	qsort(l->entries, l->n, sizeof *l->entries, by_name_and_file);
	return OK;
}

struct list_range {
	int64_t begin, end; /* line numbers, both shown */
};

/*
 * From the function's first line, or some lines before the first with values, to some lines behind
 * the last. A function's known start is trusted even when a line lies far behind it.
 */
static struct list_range range_of(const struct list_entry *v, size_t n)
{
	struct list_range range = {
		v[0].start_line != 0 ? v[0].start_line : v[0].line - LIST_MARGIN,
		v[0].line + LIST_MARGIN,
	};

	for (size_t i = 0; i < n; i++) {
		const int64_t begin =
		    v[i].start_line != 0 ? v[i].start_line : v[i].line - LIST_MARGIN;

		if (begin < range.begin)
			range.begin = begin;
		else if (v[i].line + LIST_MARGIN > range.end)
			range.end = v[i].line + LIST_MARGIN;
	}
	if (range.begin < 1)
		range.begin = 1;
	return range;
}

static void print_line(const struct report *r, int64_t number, struct str text, uint64_t flat,
    uint64_t cum, struct buf *out)
{
	report_value_or_dot(r, (int64_t)flat, 10, out);
	buf_char(out, ' ');
	report_value_or_dot(r, (int64_t)cum, 10, out);
	buf_printf(out, " %6lld:", (long long)number);
	buf_add_str(out, text);
	buf_char(out, '\n');
}

/* Sorts the entries by line. */
static void print_lines(const struct report *r, const struct source_file *file,
    struct list_range range, struct list_entry *v, size_t n, struct buf *out)
{
	struct str text;
	size_t at = 0;

	qsort(v, n, sizeof *v, by_line);
	while (at < n && v[at].line < range.begin)
		at++;
	for (int64_t line = range.begin; line <= range.end; line++) {
		uint64_t flat = 0, cum = 0;

		if (!source_file_line(file, line, &text))
			return;
		for (; at < n && v[at].line == line; at++) {
			flat += (uint64_t)v[at].flat;
			cum += (uint64_t)v[at].cum;
		}
		print_line(r, line, text, flat, cum, out);
	}
}

/* One function in one file. */
static enum err_code print_routine(
    struct list *l, struct list_entry *v, size_t n, struct buf *out, struct err *e)
{
	const struct list_range range = range_of(v, n);
	struct source_file *file;
	uint64_t flat = 0, cum = 0;

	for (size_t i = 0; i < n; i++) {
		flat += (uint64_t)v[i].flat;
		cum += (uint64_t)v[i].cum;
	}
	TRY(source_texts_get(&l->texts, l->r, v[0].file, &file, e));
	buf_printf(out, "ROUTINE ======================== %.*s in %.*s\n", STR_ARG(v[0].name),
	    STR_ARG(v[0].file));
	report_value_pad(l->r, (int64_t)flat, 10, out);
	buf_char(out, ' ');
	report_value_pad(l->r, (int64_t)cum, 10, out);
	BUF_LIT(out, " (flat, cum) ");
	report_percent(l->r, (int64_t)cum, out);
	BUF_LIT(out, " of Total\n");
	file->wanted |= range.begin <= range.end; /* else google/pprof does not read it yet */
	if (file->error.n == 0)
		print_lines(l->r, file, range, v, n, out);
	else if (file->wanted)
		buf_printf(out, " Error: %.*s\n", STR_ARG(file->error));
	return OK;
}

/* Entries of one function; those without a file sort first. */
static enum err_code print_function(
    struct list *l, struct list_entry *v, size_t n, struct buf *out, struct err *e)
{
	size_t i = 0;

	while (i < n && v[i].file.n == 0)
		i++;
	if (i == n)
		buf_printf(out, "No source information for %.*s\n", STR_ARG(v[0].name));
	while (i < n) {
		size_t end = i + 1;

		while (end < n && str_eq(v[end].file, v[i].file))
			end++;
		TRY(print_routine(l, v + i, end - i, out, e));
		i = end;
	}
	return OK;
}

static enum err_code print_list(struct list *l, struct buf *out, struct err *e)
{
	TRY(collect(l, e));
	BUF_LIT(out, "Total: ");
	report_value(l->r, l->r->options->total, out);
	buf_char(out, '\n');
	for (size_t i = 0; i < l->n;) {
		size_t end = i + 1;

		while (end < l->n && str_eq(l->entries[end].name, l->entries[i].name))
			end++;
		TRY(print_function(l, l->entries + i, end - i, out, e));
		i = end;
	}
	return OK;
}

enum err_code report_write_list(struct report *r, struct buf *out, struct err *e)
{
	struct list l = { .r = r };
	const enum err_code code = print_list(&l, out, e);

	source_texts_release(&l.texts);
	return code;
}
