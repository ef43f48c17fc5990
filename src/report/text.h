/*
 * The rows of -text (-top) as data: one walk over the graph, printed by text.c, by json.c and by
 * the web page's Top table.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdint.h>

#include "base/err.h"
#include "core/str.h"
#include "report/report.h"

struct text_item {
	struct str name;                /* of the node */
	struct str inline_label;        /* "", "(inline)" or "(partial-inline)" */
	int64_t flat, cum;              /* in the sample's unit */
	struct str flat_text, cum_text; /* as printed: "1.50s" */
};

/*
 * One item a node, in report order, of a report whose format is REPORT_TEXT. Items live in the
 * report's arena. ERR_NOMEM.
 */
enum err_code text_items(
    struct report *r, struct text_item **items, uint32_t *n, struct err *e) MUST_USE;

#endif
