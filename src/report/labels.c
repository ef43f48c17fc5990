/*
 * The lines on top of a report. Called by the writers and the web page's legend; the texts are
 * those that scripts know from pprof's output.
 */
#include "report/labels.h"

#include <math.h>
#include <time.h>

#include "graph/trimpath.h"
#include "profile/unit.h"

/* File, build id, type, doc, time, duration, heading and 9 filters, shown, 2 dropped, top, 2 hint.
 */
#define LABELS_FIXED        24
#define LABELS_FILTER_BYTES 80

struct builder {
	struct report *r;
	struct labels labels;
	struct buf line; /* the one being written */
};

static enum err_code builder_init(struct builder *b, struct report *r, struct err *e)
{
	const size_t n = (size_t)r->profile->n_comments + LABELS_FIXED;

	*b = (struct builder){ .r = r };
	b->labels.lines = ARENA_ARRAY(&r->arena, struct str, n);
	return b->labels.lines ? OK : FAIL_NOMEM(e);
}

static void end_line(struct builder *b)
{
	if (buf_failed(&b->line))
		b->r->arena.failed = true;
	b->labels.lines[b->labels.n++] = arena_str(&b->r->arena, buf_str(&b->line));
	buf_clear(&b->line);
}

static void add_line(struct builder *b, struct str line)
{
	buf_add_str(&b->line, line);
	end_line(b);
}

/* A line when there is a text. */
static void add_text(struct builder *b, struct str title, struct str text)
{
	if (text.n == 0)
		return;
	buf_add_str(&b->line, title);
	add_line(b, text);
}

static enum err_code builder_done(struct builder *b, struct labels *out, struct err *e)
{
	buf_release(&b->line);
	if (arena_failed(&b->r->arena))
		return FAIL_NOMEM(e);
	*out = b->labels;
	return OK;
}

/* In the local zone, as the user's clock shows it. */
static void add_time(struct builder *b)
{
	const int64_t ns = b->r->profile->time_ns;
	const time_t seconds = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
	struct tm tm;
	char text[64];

	if (ns == 0 || !localtime_r(&seconds, &tm))
		return;
	add_text(b, STR("Time: "),
	    (struct str){ text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %Z", &tm) });
}

/* The share of the duration is told only when the total is a time. */
static void add_duration(struct builder *b)
{
	const struct report_options *o = b->r->options;
	const int64_t duration = b->r->profile->duration_ns;
	struct str unit;
	double total_ns;

	if (duration == 0)
		return;
	BUF_LIT(&b->line, "Duration: ");
	unit_label(&b->line, duration, STR("nanoseconds"));
	BUF_LIT(&b->line, ", Total samples = ");
	report_value(b->r, o->total, &b->line);
	buf_char(&b->line, ' ');
	total_ns = unit_scale(o->total, o->sample_unit, STR("nanoseconds"), &unit);
	if (str_is(unit, "ns") && total_ns != 0) {
		const bool fits = total_ns >= -0x1p63 && total_ns < 0x1p63;

		buf_char(&b->line, '(');
		unit_percentage(&b->line, fits ? (int64_t)total_ns : INT64_MIN, duration);
		buf_char(&b->line, ')');
	}
	end_line(b);
}

static void add_profile(struct builder *b)
{
	const struct profile *p = b->r->profile;

	if (p->n_mappings > 0) {
		if (p->mappings[0].file != 0)
			add_text(
			    b, STR("File: "), graph_base_path(profile_str(p, p->mappings[0].file)));
		add_text(b, STR("Build ID: "), profile_str(p, p->mappings[0].build_id));
	}
	for (uint32_t i = 0; i < p->n_comments; i++) {
		const struct str comment = profile_str(p, p->comments[i]);

		if (!str_starts(comment, STR("#")))
			add_line(b, comment);
	}
	add_text(b, STR("Type: "), b->r->options->sample_type);
	add_text(b, STR("Doc: "), profile_str(p, p->doc_url));
	add_time(b);
	add_duration(b);
}

static void add_filters(struct builder *b)
{
	const struct report_filters *f = &b->r->options->filters;

	const struct {
		struct str key, value;
	} rows[] = {
		{ STR("focus="), f->focus },
		{ STR("ignore="), f->ignore },
		{ STR("hide="), f->hide },
		{ STR("show="), f->show },
		{ STR("show_from="), f->show_from },
		{ STR("tagfocus="), f->tag_focus },
		{ STR("tagignore="), f->tag_ignore },
		{ STR("tagshow="), f->tag_show },
		{ STR("taghide="), f->tag_hide },
	};

	const uint32_t heading = b->labels.n;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const size_t room = LABELS_FILTER_BYTES - rows[i].key.n;

		if (rows[i].value.n == 0)
			continue;
		if (b->labels.n == heading)
			add_line(b, STR("Active filters:"));
		BUF_LIT(&b->line, "   ");
		buf_add_str(&b->line, rows[i].key);
		buf_add_str(&b->line, str_head(rows[i].value, room));
		if (rows[i].value.n > room)
			BUF_LIT(&b->line, "…");
		end_line(b);
	}
}

static int64_t flat_sum(const struct graph *g)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < g->n_nodes; i++)
		sum += (uint64_t)graph_value(g->nodes[i].flat, g->nodes[i].flat_div);
	return (int64_t)sum;
}

static void add_shown(struct builder *b)
{
	const int64_t shown = flat_sum(&b->r->graph);
	struct buf percent = { 0 };

	report_percent(b->r, shown, &percent);
	BUF_LIT(&b->line, "Showing nodes accounting for ");
	report_value(b->r, shown, &b->line);
	BUF_LIT(&b->line, ", ");
	buf_add_str(&b->line, str_trim(buf_str(&percent)));
	BUF_LIT(&b->line, " of ");
	report_value(b->r, b->r->options->total, &b->line);
	BUF_LIT(&b->line, " total");
	if (buf_failed(&percent))
		b->r->arena.failed = true;
	buf_release(&percent);
	end_line(b);
}

/* The bound that is told comes from the report's total, not from what the cut was made with. */
static void add_dropped(
    struct builder *b, uint32_t n, const char *noun, const char *measure, double fraction)
{
	const double bound = fabs((double)b->r->options->total * fraction);

	if (n == 0)
		return;
	buf_printf(&b->line, "Dropped %u %s%s (%s <= ", n, noun, n > 1 ? "s" : "", measure);
	report_value(b->r, bound < 0x1p63 ? (int64_t)bound : INT64_MAX, &b->line);
	buf_char(&b->line, ')');
	end_line(b);
}

static void add_trimmed(struct builder *b)
{
	const struct report_options *o = b->r->options;
	const struct graph_counts *counts = &b->r->counts;
	const uint32_t n = b->r->graph.n_nodes;

	if (o->total == 0)
		return;
	add_dropped(b, counts->dropped_nodes, "node", "cum", o->node_fraction);
	if (o->format == REPORT_DOT)
		add_dropped(b, counts->dropped_edges, "edge", "freq", o->edge_fraction);
	if (n == 0 || n >= counts->orig_nodes)
		return;
	buf_printf(&b->line, "Showing top %u nodes out of %u", n, counts->orig_nodes);
	end_line(b);
}

enum err_code labels_profile(struct report *r, struct labels *out, struct err *e)
{
	struct builder b;

	TRY(builder_init(&b, r, e));
	add_profile(&b);
	return builder_done(&b, out, e);
}

enum err_code labels_report(struct report *r, struct labels *out, struct err *e)
{
	const bool is_dot = r->options->format == REPORT_DOT;
	struct builder b;

	TRY(builder_init(&b, r, e));
	if (is_dot || !r->options->compact_labels)
		add_profile(&b);
	add_filters(&b);
	add_shown(&b);
	add_trimmed(&b);
	if (is_dot) {
		add_line(&b, STR(""));
		add_line(&b, STR("See https://git.io/JfYMW for how to read the graph"));
	}
	return builder_done(&b, out, e);
}

/* No labels at all are an empty line, as pprof prints it. */
void labels_print(const struct labels *labels, struct buf *out)
{
	if (labels->n == 0)
		buf_char(out, '\n');
	for (uint32_t i = 0; i < labels->n; i++) {
		buf_add_str(out, labels->lines[i]);
		buf_char(out, '\n');
	}
}
