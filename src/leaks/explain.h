/*
 * A report for people, and as JSON for programs. Pure: appends to a buffer.
 */
#ifndef LEAKS_EXPLAIN_H
#define LEAKS_EXPLAIN_H

#include "base/buf.h"
#include "leaks/leaks.h"

struct explain_options {
	struct str source; /* as the user named it: for "what to do next" */
	struct str report; /* what reports read of it, when that is another name; "" the source */
	struct str before; /* what -since would read of this run; "" nothing was kept */
	struct str notes;  /* lines about profiles that were left out or are missing; "" none */
	bool is_live;      /* the source is a URL */
};

/* As text: the verdict first, then each suspect with its evidence, then what is no leak. */
void explain_text(const struct leaks_report *r, const struct explain_options *o, struct buf *out);
/* One JSON object with a newline. Numbers are bytes, seconds, bytes a second. */
void explain_json(const struct leaks_report *r, const struct explain_options *o, struct buf *out);
/* A line without its end for while more is being read. */
void explain_brief(const struct leaks_report *r, struct buf *out);

#endif
