/*
 * What the files that write dot's text share: dot.c the document, dot_tags.c the boxes of tags.
 */
#ifndef REPORT_DOT_H
#define REPORT_DOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/str.h"
#include "report/report.h"

struct dot {
	struct report *r;
	struct buf *out;
	struct buf text;  /* one formatted value at a time */
	int64_t max_flat; /* largest magnitude of a node's flat value */
	bool *has_tags;   /* per node: tag boxes were drawn */
};

/* v as the report prints values, as it may stand between double quotes; lives as long as d->r. */
struct str dot_value(struct dot *d, int64_t v);
/*
 * Writes the boxes of a node's label sets and sizes with the edges towards them, number `id`;
 * false when there are none.
 */
bool dot_tags(struct dot *d, const struct node *node, uint32_t id);

#endif
