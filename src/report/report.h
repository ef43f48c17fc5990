/*
 * A report: one profile (already filtered and aggregated by the driver) printed in one format into
 * a buffer. report/ opens no file and prints nothing itself. Each format is one file with one
 * function (writers.h), listed in the table of report.c.
 *
 * Callers: driver uses report_generate; web uses report_init and reads rows as data (text.h,
 * labels.h, weblist.h); writers use struct report and the helpers at the end.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/regex.h"
#include "core/str.h"
#include "graph/graph.h"
#include "profile/numunits.h"
#include "profile/profile.h"
#include "report/source.h"

enum report_format {
	REPORT_TEXT,
	REPORT_TREE, /* also peek: with `symbol` set */
	REPORT_TRACES,
	REPORT_TAGS,
	REPORT_RAW,
	REPORT_COMMENTS,
	REPORT_LIST,
	REPORT_WEBLIST,
	REPORT_DISASM,
	REPORT_DOT,
	REPORT_CALLGRIND,
	REPORT_TOPPROTO,
	REPORT_PROTO,
	REPORT_FOLDED, /* "root;child;leaf value" a line */
	REPORT_FLAME,  /* the tree of all stacks: here as JSON only, a face draws it */
	REPORT_N_FORMATS,
};

/* Active filters, in the order of the legend; empty strings are not shown. */
struct report_filters {
	struct str focus, ignore, hide, show, show_from;
	struct str tag_focus, tag_ignore, tag_show, tag_hide;
};

struct report_options {
	enum report_format format;
	bool json; /* text, tree and tags as JSON rows */

	bool cum_sort;
	bool call_tree;
	bool drop_negative;
	bool compact_labels;
	double divide_by; /* values are multiplied by 1 / divide_by when printed; not 0 */
	int64_t node_count;
	double node_fraction, edge_fraction;
	struct str output_unit; /* "minimum", "auto" or a unit */

	uint32_t value_index;   /* column that is reported */
	bool mean;              /* divided by column 0 */
	struct str sample_type; /* printed type: "inuse_space", "mean_delay" */
	struct str sample_unit;
	struct num_units num_units; /* of numeric labels, for traces and tags; before filters */

	int64_t total; /* of the whole sample set, see report_total */
	struct report_filters filters;

	const struct regex *symbol; /* peek, list, disasm, weblist; NULL otherwise */
	struct str symbol_text;     /* as the user wrote it */
	bool has_address;           /* symbol_text is a number: an address for disasm/weblist */
	uint64_t address;

	struct str source_path, trim_path;
	bool intel_syntax;
	bool show_columns;
	const struct source_ops *source; /* may be NULL */
	/* weblist, disasm: only so many files or functions, heaviest first; 0: all, by name */
	uint32_t max_sections;
};

/*
 * One report at work. Writers read the fields and append to a buffer; the graph is there when the
 * format wants one (all but traces, tags, raw, comments, weblist, proto, folded).
 */
struct report {
	const struct profile *profile; /* borrowed, as are options */
	const struct report_options *options;
	struct graph graph;
	struct graph_counts counts;
	struct str *names;    /* of nodes, made when first asked for: report_node_name */
	struct str unit;      /* of printed values: output_unit, or the one chosen for "minimum" */
	struct arena arena;   /* scratch of the writer, released with the report */
	struct buf *warnings; /* lines for stderr; may be NULL */
};

/*
 * Total that percentages refer to: sum of |value| (divided by the sum of the divisors for mean);
 * for -diff_base, of the samples labelled pprof::base=true when that is positive.
 */
int64_t report_total(const struct profile *p, uint32_t value_index, bool mean);

/*
 * Writes the report. `warnings` receives lines for stderr (may stay empty), each ending in a
 * newline; it may be NULL. On failure `out` holds nothing that should be shown.
 * Errors: ERR_NOMEM; ERR_NOT_FOUND when the symbol matches nothing; what options->source returns.
 */
enum err_code report_generate(const struct profile *p, const struct report_options *options,
    struct buf *out, struct buf *warnings, struct err *e) MUST_USE;

/*
 * Builds the graph the format wants and chooses the unit. Profile and options must outlive the
 * report. On failure the report is empty; releasing it is valid in any case.
 */
enum err_code report_init(struct report *r, const struct profile *p,
    const struct report_options *options, struct err *e) MUST_USE;
void report_release(struct report *r);

/*
 * Lines of the profile itself, each with its newline: File, Build ID, comments, Type, Doc, Time,
 * Duration. What the shell greets with. Needs format, total, sample_*, output_unit and divide_by.
 */
void report_profile_labels(
    const struct profile *p, const struct report_options *options, struct buf *out);

/* Appends v (in the sample's unit) times 1/divide_by, in the report's unit: "1.50s". */
void report_value(const struct report *r, int64_t v, struct buf *out);
/* As report_value, right-aligned to `width` columns. */
void report_value_pad(const struct report *r, int64_t v, size_t width, struct buf *out);
/* As report_value_pad with "." for zero. */
void report_value_or_dot(const struct report *r, int64_t v, size_t width, struct buf *out);
/* Appends s right-aligned to `width` columns; a column is a UTF-8 character, as in Go. */
void report_pad(struct str s, size_t width, struct buf *out);
/* Number of UTF-8 characters of s; an invalid byte counts as one. */
size_t report_columns(struct str s);
/* Appends v as a percentage of the report's total, six columns. */
void report_percent(const struct report *r, int64_t v, struct buf *out);
/* Value of sample i in the reported column, as it is. */
int64_t report_sample_value(const struct report *r, size_t i);
/* As report_sample_value, divided by column 0 for mean. */
int64_t report_sample_mean(const struct report *r, size_t i);
/*
 * Printable name of a node of the graph (also of the hidden ones that edges lead to); lives as
 * long as the report. "" when memory is short.
 */
struct str report_node_name(struct report *r, uint32_t node);
/* Base name of the first mapping's file, or "unnamed": what dot calls the graph. */
struct str report_title(const struct report *r);

#endif
