/*
 * The lines on top of a report: what the profile is, which filters are active, how much is shown.
 * Callers: text, tree, dot, traces and weblist writers; the web page's legend.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "report/report.h"

/* Lines without newlines at their end (a comment of the profile may hold some inside). */
struct labels {
	struct str *lines;
	uint32_t n;
};

/*
 * File, Build ID, comments that do not start with '#', Type, Doc, Time, Duration; each only when
 * known. The result lives in the report's arena. ERR_NOMEM.
 */
enum err_code labels_profile(struct report *r, struct labels *out, struct err *e) MUST_USE;

/*
 * The profile's labels (left out with compact_labels, unless the format is dot), active filters,
 * "Showing nodes accounting for …", what was dropped; for dot also edges and the reading hint.
 * The report must have a graph. The result lives in the report's arena. ERR_NOMEM.
 */
enum err_code labels_report(struct report *r, struct labels *out, struct err *e) MUST_USE;

/* Appends every line with a newline behind it; an empty line when there is none. */
void labels_print(const struct labels *labels, struct buf *out);

#endif
