/*
 * Small helpers between our strings and the JSON library. Names from a profile are bytes; what is
 * not UTF-8 is replaced by U+FFFD, since JSON has no other way.
 */
#ifndef WEB_WEB_JSON_H
#define WEB_WEB_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* A new JSON string; NULL when memory is short. */
json_t *web_json_str(struct str s);
/* The lines of a text, without their newlines, as a new array; NULL when memory is short. */
json_t *web_json_lines(struct str text);
/* Appends a JSON string; for answers too long to be built as a tree first. */
void web_json_add(struct buf *out, struct str s);
/* Appends the compact text of `value` and gives the reference up. ERR_NOMEM (also for NULL). */
enum err_code web_json_write(json_t *value, struct buf *out, struct err *e) MUST_USE;

#endif
