/*
 * Strings in JSON. Callers: report/json.c, leaks/explain_json.c.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/buf.h"
#include "core/str.h"

/* Appends s with quotes. JSON is UTF-8: what is none becomes U+FFFD. */
void json_text(struct buf *out, struct str s);

#endif
