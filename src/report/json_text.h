/*
 * Pieces of JSON that the writers of -json share. Values are whole numbers of the sample's unit.
 */
#ifndef REPORT_JSON_TEXT_H
#define REPORT_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/str.h"
#include "report/report.h"

/* A string with quotes. JSON is UTF-8: what is none becomes U+FFFD. */
void json_text(struct str s, struct buf *out);
/* "name": — with a comma in front unless it is the first of its object. */
void json_name(const char *name, bool first, struct buf *out);
void json_text_field(const char *name, struct str s, bool first, struct buf *out);
void json_number_field(const char *name, int64_t v, bool first, struct buf *out);
/* Opens the object of a report: its name, sample type, unit and total. */
void json_head(const struct report *r, struct str format, struct buf *out);

#endif
