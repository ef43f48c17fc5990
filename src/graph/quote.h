/*
 * Text between double quotes in Graphviz's language: what ends a string, or what Graphviz or the
 * XML that it writes cannot hold, is escaped. Shared by names of tags, which are made here, and the
 * document that report/dot.c writes.
 */
#ifndef GRAPH_QUOTE_H
#define GRAPH_QUOTE_H

#include "base/buf.h"
#include "core/str.h"

/*
 * Appends c. A newline becomes "\l"; other control characters but tabs are shown as "\x1b", with a
 * backslash that Graphviz prints.
 */
void graph_quote_char(struct buf *out, char c);
/* Appends s, each byte so. */
void graph_quote(struct buf *out, struct str s);

#endif
