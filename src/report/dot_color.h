/*
 * Colours of a drawn graph: from red (large) over grey (nothing) to green (negative, in diffs).
 */
#ifndef REPORT_DOT_COLOR_H
#define REPORT_DOT_COLOR_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Appends "#rrggbb" for a score, the share of the total that a value is: -1 to 1, what lies beyond
 * counts as the end. Backgrounds are pale.
 */
void dot_color(struct buf *out, double score, bool background);

#endif
