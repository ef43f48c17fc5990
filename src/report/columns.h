/*
 * Text in columns, each as wide as its widest cell. Used by tags.c, whose texts come from the
 * profile and may hold tabs and line ends of their own.
 */
#ifndef REPORT_COLUMNS_H
#define REPORT_COLUMNS_H

#include "base/buf.h"
#include "core/str.h"

/*
 * Appends `text` to `out` with its cells, which end in a tab (or vertical tab), padded on the left
 * to one more than the widest of the cells above and below that follow each other without a gap.
 * What stands behind a line's last tab belongs to no column. A line without a tab, and a form feed
 * in place of a line's end, separate what is above from what is below. The text ends in a line's
 * end. Failure to get memory is left in `out`.
 */
void columns_align_right(struct str text, struct buf *out);

#endif
