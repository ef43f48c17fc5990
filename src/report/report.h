/*
 * A report: one profile (already filtered and aggregated by the driver) printed in one format into
 * a buffer. report/ opens no file and prints nothing itself. Each format is one file with one
 * function, listed in the table of report.c.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/regex.h"
#include "core/str.h"
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
};

/* Active filters, in the order of the legend; empty strings are not shown. */
struct report_filters {
	struct str focus, ignore, hide, show, show_from;
	struct str tag_focus, tag_ignore, tag_show, tag_hide;
};

struct report_options {
	enum report_format format;

	bool cum_sort;
	bool call_tree;
	bool drop_negative;
	bool compact_labels;
	double divide_by; /* values are multiplied by 1 / divide_by when printed; not 0 */
	int64_t node_count;
	double node_fraction, edge_fraction;
	struct str output_unit; /* "minimum", "auto" or a unit */

	uint32_t value_index; /* column that is reported */
	bool mean;            /* divided by column 0 */
	struct str sample_type; /* printed type: "inuse_space", "mean_delay" */
	struct str sample_unit;

	int64_t total; /* of the whole sample set, see report_total */
	struct report_filters filters;

	const struct regex *symbol; /* peek, list, disasm, weblist; NULL otherwise */
	struct str symbol_text;     /* as the user wrote it */
	bool has_address;           /* symbol_text is a number: an address for disasm/weblist */
	uint64_t address;

	struct str source_path, trim_path;
	bool intel_syntax;
	bool show_columns;
	const struct source_ops *source;
};

/*
 * Total that percentages refer to: sum of |value| (divided by the sum of the divisors for mean);
 * for -diff_base, of the samples labelled pprof::base=true when that is positive.
 */
int64_t report_total(const struct profile *p, uint32_t value_index, bool mean);

/*
 * Writes the report. `warnings` receives lines for stderr (may stay empty), each ending in a
 * newline. On failure `out` holds nothing that should be shown.
 */
enum err_code report_generate(const struct profile *p, const struct report_options *options,
    struct buf *out, struct buf *warnings, struct err *e) MUST_USE;

/* Lines of the profile itself: File, Build ID, comments, Type, Doc, Time, Duration. */
void report_profile_labels(
    const struct profile *p, const struct report_options *options, struct buf *out);

#endif
