/*
 * Text for HTML: everything that comes from a profile or a source file passes through here.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buf.h"
#include "core/str.h"

/* Appends s with & < > " and ' as character references: for text and quoted attributes. */
void html_text(struct str s, struct buf *out);

#endif
