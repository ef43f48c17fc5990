/*
 * Right-aligned columns, by the rules of Go's tabwriter, which pprof prints its tags with. Lines
 * are cut into cells; a column is a run of lines that have a cell there, so the columns to the
 * right of it are found within that run: a recursion as deep as the line with the most cells.
 */
#include "report/columns.h"

#include "base/vec.h"
#include "report/report.h"

#define COLUMNS_MAX 64 /* cells of a line that are aligned; further ones are only printed */

struct row {
	size_t first; /* its cells in `cells` */
	size_t n;     /* how many end in a tab; one more follows that does not */
};

struct columns {
	VEC(struct str) cells;
	VEC(struct row) lines;
	size_t width[COLUMNS_MAX];
	struct buf *out;
};

static bool ends_cell(char c)
{
	return c == '\t' || c == '\v';
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\f';
}

/* Adds the line at the head of `rest`; returns what ended it. */
static char take_line(struct columns *c, struct str *rest)
{
	struct row line = { .first = c->cells.n };
	size_t start = 0, at = 0;

	for (; at < rest->n && !ends_line(rest->p[at]); at++) {
		if (!ends_cell(rest->p[at]))
			continue;
		VEC_PUSH(&c->cells, (struct str){ rest->p + start, at - start });
		start = at + 1;
		line.n++;
	}
	VEC_PUSH(&c->cells, (struct str){ rest->p + start, at - start });
	VEC_PUSH(&c->lines, line);
	if (at == rest->n) {
		*rest = str_skip(*rest, at);
		return '\0';
	}
	*rest = str_skip(*rest, at + 1);
	return rest->p[-1];
}

/* The lines [begin, end), with the widths of the first n_columns columns known. */
static void print_lines(struct columns *c, size_t n_columns, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++) {
		const struct row *line = &c->lines.p[i];

		for (size_t k = 0; k <= line->n; k++)
			report_pad(
			    c->cells.p[line->first + k], k < n_columns ? c->width[k] : 0, c->out);
		buf_char(c->out, '\n');
	}
}

static size_t widest(const struct columns *c, size_t column, size_t begin, size_t end)
{
	size_t width = 0;

	for (size_t i = begin; i < end; i++) {
		const size_t n = report_columns(c->cells.p[c->lines.p[i].first + column]) + 1;

		width = n > width ? n : width;
	}
	return width;
}

/* Prints the lines [begin, end), which all have the first `column` columns. */
static void print_block(struct columns *c, size_t column, size_t begin, size_t end)
{
	size_t done = begin;

	for (size_t i = begin; i < end && column < COLUMNS_MAX; i++) {
		const size_t first = i;

		while (i < end && c->lines.p[i].n > column)
			i++;
		if (i == first)
			continue;
		print_lines(c, column, done, first);
		c->width[column] = widest(c, column, first, i);
		print_block(c, column + 1, first, i);
		done = i;
	}
	print_lines(c, column, done, end);
}

static void flush(struct columns *c)
{
	if (!c->cells.failed && !c->lines.failed)
		print_block(c, 0, 0, c->lines.n);
	else
		c->out->failed = true;
	c->cells.n = c->lines.n = 0;
}

void columns_align_right(struct str text, struct buf *out)
{
	struct columns c = { .out = out };

	while (text.n > 0) {
		const char end = take_line(&c, &text);

		if (end == '\f' || c.lines.failed || c.lines.p[c.lines.n - 1].n == 0)
			flush(&c);
	}
	flush(&c);
	VEC_RELEASE(&c.cells);
	VEC_RELEASE(&c.lines);
}
