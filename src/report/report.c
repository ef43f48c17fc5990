/*
 * The table of formats, and what all of them share: the graph a format wants, the unit that fits
 * the values it shows, values and percentages as text. Called by driver and web.
 */
#include "report/report.h"

#include <string.h>

#include "base/utf8.h"
#include "graph/trimpath.h"
#include "profile/unit.h"
#include "report/labels.h"
#include "report/writers.h"

enum graph_want {
	WANT_NO_GRAPH,
	WANT_WHOLE,   /* every node, values in each one's own unit */
	WANT_TRIMMED, /* trimmed by the options, one unit for all values */
};

struct format {
	report_writer *write;
	report_writer *write_json; /* NULL: not offered */
	enum graph_want want;
	bool keep_objfile; /* functions of different binaries stay apart */
	bool call_tree;    /* the format knows one node per path */
	bool visual;       /* trimmed and sorted for the eye */
	bool keep_all;     /* trimming options do not apply */
};

static const struct format formats[REPORT_N_FORMATS] = {
	[REPORT_TEXT] = { .write = report_write_text,
	    .write_json = report_write_json,
	    .want = WANT_TRIMMED },
	[REPORT_TREE] = { .write = report_write_tree,
	    .write_json = report_write_json,
	    .want = WANT_TRIMMED },
	[REPORT_TRACES] = { .write = report_write_traces, .write_json = report_write_json_profile },
	[REPORT_TAGS] = { .write = report_write_tags, .write_json = report_write_json },
	[REPORT_RAW] = { .write = report_write_raw, .write_json = report_write_json_profile },
	[REPORT_COMMENTS] = { .write = report_write_comments,
	    .write_json = report_write_json_comments },
	[REPORT_LIST] = { .write = report_write_list,
	    .write_json = report_write_json_list,
	    .want = WANT_WHOLE,
	    .keep_objfile = true },
	[REPORT_DISASM] = { .write = report_write_disasm,
	    .write_json = report_write_json_disasm,
	    .want = WANT_WHOLE,
	    .keep_objfile = true },
	[REPORT_DOT] = { .write = report_write_dot,
	    .write_json = report_write_json_graph,
	    .want = WANT_TRIMMED,
	    .call_tree = true,
	    .visual = true },
	[REPORT_CALLGRIND] = { .write = report_write_callgrind,
	    .write_json = report_write_json_graph,
	    .want = WANT_TRIMMED,
	    .keep_objfile = true,
	    .call_tree = true,
	    .keep_all = true },
	[REPORT_WEBLIST] = { .write = report_write_weblist,
	    .write_json = report_write_json_list,
	    .want = WANT_WHOLE,
	    .keep_objfile = true },
	[REPORT_TOPPROTO] = { .write = report_write_topproto,
	    .write_json = report_write_json,
	    .want = WANT_TRIMMED },
	[REPORT_PROTO] = { .write = report_write_proto, .write_json = report_write_json_profile },
	[REPORT_FOLDED] = { .write = report_write_folded, .write_json = report_write_json_profile },
	[REPORT_FLAME] = { .write_json = report_write_json_flame },
};

static struct graph_options graph_options_of(
    const struct report_options *o, const struct format *format)
{
	struct graph_options g = {
		.value_index = o->value_index,
		.mean = o->mean,
		.call_tree = o->call_tree && format->call_tree,
		.drop_negative = o->drop_negative,
		.keep_objfile = format->keep_objfile,
		.tags = format->visual,
		.tag_unit = o->output_unit,
		.inline_marks_only = o->format == REPORT_TEXT,
		.trim_path = o->trim_path,
		.source_path = o->source_path,
		.node_fraction = o->node_fraction,
		.edge_fraction = o->edge_fraction,
		.node_count = o->node_count,
		.sort = o->cum_sort ? GRAPH_SORT_CUM : GRAPH_SORT_FLAT,
		.visual = format->visual,
	};

	if (format->visual)
		g.sort = GRAPH_SORT_ENTROPY;
	if (format->keep_all) {
		g.node_fraction = 0;
		g.edge_fraction = 0;
		g.node_count = 0;
	}
	return g;
}

/* Like a conversion in Go on amd64: truncates, and what does not fit becomes INT64_MIN. */
static int64_t truncated(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

static int64_t divided(const struct report_options *o, int64_t v)
{
	const double ratio = o->divide_by != 0 ? 1 / o->divide_by : 1;

	return ratio > 0 && ratio != 1 ? truncated((double)v * ratio) : v;
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* Smallest magnitude that a row of the report shows; 0 when all are zero. */
static int64_t smallest_shown(const struct graph *g)
{
	uint64_t least = 0;

	for (uint32_t i = 0; i < g->n_nodes; i++) {
		const struct node *n = &g->nodes[i];
		uint64_t v = magnitude(graph_value(n->flat, n->flat_div));

		if (v == 0)
			v = magnitude(graph_value(n->cum, n->cum_div));
		if (v > 0 && (least == 0 || v < least))
			least = v;
	}
	return least > INT64_MAX ? INT64_MAX : (int64_t)least;
}

/*
 * One unit for a whole report with -unit=minimum: the one that suits the smallest value, unless
 * the total is far above it; then small values may go down to 0.01 (callgrind's are whole).
 */
static struct str fitting_unit(const struct report *r)
{
	const struct report_options *o = r->options;
	int64_t least = smallest_shown(&r->graph);
	int64_t most = o->total;
	int64_t hundredfold;
	struct str unit, most_unit;

	if (least == 0)
		least = most;
	least = divided(o, least);
	most = divided(o, most);
	unit_scale(least, o->sample_unit, STR("minimum"), &unit);
	unit_scale(most, o->sample_unit, STR("minimum"), &most_unit);
	if (__builtin_mul_overflow(least, 100, &hundredfold))
		hundredfold = INT64_MAX;
	if (!str_eq(unit, most_unit) && hundredfold < most && o->format != REPORT_CALLGRIND)
		unit_scale(hundredfold, o->sample_unit, STR("minimum"), &unit);
	return unit.n ? unit : o->sample_unit;
}

static enum err_code build_graph(struct report *r, const struct format *format, struct err *e)
{
	const struct graph_options g = graph_options_of(r->options, format);

	if (format->want == WANT_WHOLE)
		return graph_new(&r->graph, r->profile, &g, e);
	TRY(graph_new_trimmed(&r->graph, &r->counts, r->profile, &g, e));
	if (str_is(r->unit, "minimum") && r->graph.n_nodes > 0)
		r->unit = fitting_unit(r);
	return OK;
}

enum err_code report_init(
    struct report *r, const struct profile *p, const struct report_options *options, struct err *e)
{
	const struct format *format = &formats[options->format];
	enum err_code code = OK;

	*r = (struct report){ .profile = p, .options = options, .unit = options->output_unit };
	if (format->want != WANT_NO_GRAPH)
		code = build_graph(r, format, e);
	if (code != OK)
		report_release(r);
	return code;
}

void report_release(struct report *r)
{
	graph_release(&r->graph);
	arena_release(&r->arena);
	*r = (struct report){ 0 };
}

enum err_code report_generate(const struct profile *p, const struct report_options *options,
    struct buf *out, struct buf *warnings, struct err *e)
{
	const struct format *format = &formats[options->format];
	report_writer *write = options->json ? format->write_json : format->write;
	struct report r;
	enum err_code code;

	if (!write)
		return FAIL(e, ERR_UNSUPPORTED, "unexpected output format");
	TRY(report_init(&r, p, options, e));
	r.warnings = warnings;
	code = write(&r, out, e);
	/* A writer that ran on with missing texts may have come to a wrong conclusion. */
	if (arena_failed(&r.arena) || buf_failed(out))
		code = FAIL_NOMEM(e);
	report_release(&r);
	return code;
}

void report_profile_labels(
    const struct profile *p, const struct report_options *options, struct buf *out)
{
	struct report r = { .profile = p, .options = options, .unit = options->output_unit };
	struct labels labels;
	struct err e;

	if (labels_profile(&r, &labels, &e) == OK)
		labels_print(&labels, out);
	else
		out->failed = true;
	arena_release(&r.arena);
}

/* True for samples of the base of a comparison, which keep their values as the total. */
static bool is_diff_base(const struct profile *p, size_t sample)
{
	size_t n;
	const struct label *labels = sample_labels(p, sample, &n);

	for (size_t i = 0; i < n; i++)
		if (!labels[i].is_num && str_is(profile_str(p, labels[i].key), "pprof::base") &&
		    str_is(profile_str(p, labels[i].str), "true"))
			return true;
	return false;
}

/* Sums are modulo 2^64, as in Go: a damaged profile must not be undefined behaviour. */
struct sum {
	uint64_t value;
	uint64_t divisor;
};

static void sum_add(struct sum *sum, int64_t value, int64_t divisor)
{
	sum->value += magnitude(value);
	sum->divisor += (uint64_t)divisor;
}

static int64_t quotient(int64_t v, int64_t divisor)
{
	if (divisor == 0)
		return v;
	return divisor == -1 ? (int64_t)(0 - (uint64_t)v) : v / divisor;
}

int64_t report_total(const struct profile *p, uint32_t value_index, bool mean)
{
	struct sum all = { 0 }, base = { 0 };

	for (size_t i = 0; i < p->samples.n; i++) {
		const int64_t *values = sample_values(p, i);
		const int64_t divisor = mean ? values[0] : 0;

		sum_add(&all, values[value_index], divisor);
		if (is_diff_base(p, i))
			sum_add(&base, values[value_index], divisor);
	}
	if ((int64_t)base.value > 0)
		all = base;
	return quotient((int64_t)all.value, (int64_t)all.divisor);
}

int64_t report_sample_value(const struct report *r, size_t i)
{
	return sample_values(r->profile, i)[r->options->value_index];
}

int64_t report_sample_mean(const struct report *r, size_t i)
{
	const int64_t v = report_sample_value(r, i);

	return r->options->mean ? quotient(v, sample_values(r->profile, i)[0]) : v;
}

void report_value(const struct report *r, int64_t v, struct buf *out)
{
	unit_scaled_label(out, divided(r->options, v), r->options->sample_unit, r->unit);
}

size_t report_columns(struct str s)
{
	size_t columns = 0;

	for (uint32_t c; s.n > 0; columns++)
		s = str_skip(s, utf8_next(s, &c));
	return columns;
}

void report_pad(struct str s, size_t width, struct buf *out)
{
	const size_t columns = report_columns(s);

	if (columns < width)
		buf_fill(out, ' ', width - columns);
	buf_add_str(out, s);
}

void report_value_pad(const struct report *r, int64_t v, size_t width, struct buf *out)
{
	const size_t start = out->n;
	size_t columns;

	report_value(r, v, out);
	if (buf_failed(out))
		return;
	columns = report_columns((struct str){ out->p + start, out->n - start });
	if (columns >= width || !buf_reserve(out, width - columns))
		return;
	memmove(out->p + start + (width - columns), out->p + start, out->n - start);
	memset(out->p + start, ' ', width - columns);
	out->n += width - columns;
}

void report_value_or_dot(const struct report *r, int64_t v, size_t width, struct buf *out)
{
	if (v == 0)
		report_pad(STR("."), width, out);
	else
		report_value_pad(r, v, width, out);
}

void report_percent(const struct report *r, int64_t v, struct buf *out)
{
	unit_percentage(out, v, r->options->total);
}

struct str report_node_name(struct report *r, uint32_t node)
{
	struct buf text = { 0 };
	struct str name;

	if (!r->names)
		r->names = ARENA_ARRAY(&r->arena, struct str, r->graph.n_all);
	if (!r->names)
		return STR("");
	if (r->names[node].p)
		return r->names[node];
	graph_node_name(&r->graph, &r->graph.nodes[node].info, &text);
	name = arena_str(&r->arena, buf_str(&text));
	if (buf_failed(&text))
		r->arena.failed = true;
	buf_release(&text);
	r->names[node] = name.p ? name : STR("");
	return r->names[node];
}

struct str report_title(const struct report *r)
{
	const struct profile *p = r->profile;

	if (p->n_mappings == 0 || p->mappings[0].file == 0)
		return STR("unnamed");
	return graph_base_path(profile_str(p, p->mappings[0].file));
}
