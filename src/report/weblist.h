/*
 * -weblist: annotated source with machine code, as a page of its own or as a fragment for the web
 * face's source page.
 */
#ifndef REPORT_WEBLIST_H
#define REPORT_WEBLIST_H

#include "base/buf.h"
#include "base/err.h"
#include "report/report.h"

/*
 * Appends <section> elements, one a function, all text escaped. options->max_sections limits the
 * files. ERR_NOT_FOUND when the symbol matches nothing; ERR_NOMEM.
 */
enum err_code weblist_sections(struct report *r, struct buf *out, struct err *e) MUST_USE;

/* The style sheet that the sections are made for (without <style>). */
extern const char weblist_style[];

#endif
