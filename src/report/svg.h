/*
 * Makes a drawing by Graphviz's dot pleasant in a browser: it fills the window and can be dragged
 * and zoomed. Called by driver for -svg and -web.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/*
 * Appends `svg`, the output of dot -Tsvg, changed so. What does not look like dot's output is
 * copied as it is. ERR_NOMEM.
 */
enum err_code svg_make_movable(struct str svg, struct buf *out, struct err *e) MUST_USE;

#endif
