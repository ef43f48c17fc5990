/*
 * -traces: every sample with its stack, as it lies in the profile. Called through the table of
 * report.c. Names are made once per frame of the profile, not once per sample.
 */
#include "graph/trimpath.h"
#include "profile/unit.h"
#include "report/labels.h"
#include "report/samplelabels.h"
#include "report/writers.h"

#define TRACES_INDENT 10

struct traces {
	struct report *r;
	struct sample_labels_work labels;
	struct buf scratch;
	/* Rows of location l, indented and with "\n": rows[at[l]] … rows[at[l + 1] - 1]. */
	uint32_t *at;
	struct str *rows;
};

static void print_text_group(
    const struct profile *p, const struct label_group *group, void *ctx, struct buf *out)
{
	(void)ctx;
	report_pad(group->key, TRACES_INDENT, out);
	BUF_LIT(out, ":  ");
	for (size_t i = 0; i < group->n; i++) {
		if (i > 0)
			buf_char(out, ' ');
		buf_add_str(out, profile_str(p, group->labels[i]->str));
	}
	buf_char(out, '\n');
}

static void print_number_group(
    const struct profile *p, const struct label_group *group, void *ctx, struct buf *out)
{
	const struct traces *t = ctx;
	const struct str unit = num_units_get(&t->r->options->num_units, group->key);

	(void)p;
	report_pad(group->key, TRACES_INDENT, out);
	BUF_LIT(out, ":  ");
	for (size_t i = 0; i < group->n; i++) {
		if (i > 0)
			buf_char(out, ' ');
		unit_label(out, group->labels[i]->num, unit);
	}
	buf_char(out, '\n');
}

/* Paths are cleaned but not trimmed here. */
static struct node_text frame_text(
    struct traces *t, const struct location *l, const struct line *line)
{
	const struct profile *p = t->r->profile;
	struct node_text text = { .address = l->address };
	const struct function *f;

	if (line && line->function != PROFILE_NONE) {
		f = &p->functions[line->function];
		text.name = profile_str(p, f->name);
		text.line = line->line;
		text.column = line->column;
		if (f->filename != 0)
			text.file = graph_clean_path(profile_str(p, f->filename), &t->r->arena);
	}
	if (text.name.n == 0 && l->mapping != PROFILE_NONE)
		text.objfile = profile_str(p, p->mappings[l->mapping].file);
	return text;
}

static struct str frame_row(
    struct traces *t, const struct location *l, const struct line *line, bool inlined)
{
	const struct node_text text = frame_text(t, l, line);
	struct str parts[3];
	struct str row;
	struct buf joined = { 0 };
	int n;

	buf_clear(&t->scratch);
	n = graph_name_parts(&text, &t->scratch, parts);
	buf_fill(&joined, ' ', TRACES_INDENT + 3);
	for (int i = 0; i < n; i++) {
		if (i > 0)
			buf_char(&joined, ' ');
		buf_add_str(&joined, parts[i]);
	}
	if (inlined)
		BUF_LIT(&joined, " (inline)");
	buf_char(&joined, '\n');
	row = arena_str(&t->r->arena, buf_str(&joined));
	if (buf_failed(&joined) || buf_failed(&t->scratch))
		t->r->arena.failed = true;
	buf_release(&joined);
	return row;
}

static void add_location(struct traces *t, uint32_t location, uint32_t *n)
{
	const struct location *l = &t->r->profile->locations[location];
	const struct line *lines = location_lines(t->r->profile, l);

	t->at[location] = *n;
	if (l->n_lines == 0)
		t->rows[(*n)++] = frame_row(t, l, NULL, false);
	for (uint32_t i = 0; i < l->n_lines; i++)
		t->rows[(*n)++] = frame_row(t, l, &lines[i], i + 1 < l->n_lines);
}

static enum err_code make_rows(struct traces *t, struct err *e)
{
	const struct profile *p = t->r->profile;
	struct arena *arena = &t->r->arena;
	size_t rows = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_locations; i++)
		rows += p->locations[i].n_lines ? p->locations[i].n_lines : 1;
	if (rows > UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many frames");
	t->at = ARENA_ARRAY(arena, uint32_t, (size_t)p->n_locations + 1);
	t->rows = ARENA_ARRAY(arena, struct str, rows);
	if (!t->at || !t->rows)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_locations; i++)
		add_location(t, i, &n);
	t->at[p->n_locations] = n;
	return arena_failed(arena) ? FAIL_NOMEM(e) : OK;
}

static void print_separator(struct buf *out)
{
	buf_fill(out, '-', 11);
	buf_char(out, '+');
	buf_fill(out, '-', 55);
	buf_char(out, '\n');
}

static void print_stack(struct traces *t, size_t sample, struct buf *out)
{
	size_t depth;
	const uint32_t *stack = sample_stack(t->r->profile, sample, &depth);

	report_value_pad(t->r, report_sample_mean(t->r, sample), TRACES_INDENT, out);
	for (size_t i = 0; i < depth; i++) {
		for (uint32_t k = t->at[stack[i]]; k < t->at[stack[i] + 1]; k++) {
			/* The value stands where other rows are indented. */
			const bool first = i == 0 && k == t->at[stack[i]];

			buf_add_str(out, first ? str_skip(t->rows[k], TRACES_INDENT) : t->rows[k]);
		}
	}
}

static enum err_code print_samples(struct traces *t, struct buf *out, struct err *e)
{
	const struct profile *p = t->r->profile;

	TRY(make_rows(t, e));
	for (size_t i = 0; i < p->samples.n; i++) {
		if (p->samples.stack_at[i] == p->samples.stack_at[i + 1])
			continue;
		print_separator(out);
		sample_labels_print(&t->labels, p, i, false, print_text_group, t, STR(""), out);
		sample_labels_print(&t->labels, p, i, true, print_number_group, t, STR(""), out);
		print_stack(t, i, out);
	}
	print_separator(out);
	return t->labels.failed ? FAIL_NOMEM(e) : OK;
}

enum err_code report_write_traces(struct report *r, struct buf *out, struct err *e)
{
	struct traces t = { .r = r };
	struct labels labels;
	enum err_code code;

	TRY(labels_profile(r, &labels, e));
	labels_print(&labels, out);
	code = print_samples(&t, out, e);
	sample_labels_release(&t.labels);
	buf_release(&t.scratch);
	return code;
}
