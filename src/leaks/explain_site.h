/*
 * The part of a report that is about one suspect: what was seen, what else it could be, what to do.
 * Called by explain.c, and by explain_json.c for the sentences.
 */
#ifndef LEAKS_EXPLAIN_SITE_H
#define LEAKS_EXPLAIN_SITE_H

#include "leaks/explain.h"

/* What a rate is per: "/s", or "/profile" when times are unknown. */
const char *explain_per(const struct leaks_report *r);
/* False for one profile without births: it says what there is, not what becomes of it. */
bool explain_sees_growth(const struct leaks_report *r);
/* The verdict in a word; "" when nothing can be said. */
const char *explain_word(const struct leaks_report *r, const struct leaks_site *s);
/* "cache_put server.c:88" */
void explain_name(struct buf *out, const struct leaks_site *s);
/* Suspect i with its evidence, as lines. */
void explain_suspect(
    struct buf *out, const struct leaks_report *r, const struct explain_options *o, size_t i);

/* Sentences without an end of line. What would look the same and is no leak: */
void explain_caveat(struct buf *out, const struct leaks_report *r, const struct leaks_site *s);
/* What is missing for a verdict, and how long that takes: */
void explain_need(struct buf *out, const struct leaks_report *r, const struct leaks_site *s);
/* The command that shows more of it: */
void explain_next(struct buf *out, const struct explain_options *o, const struct leaks_site *s);
/* The URL of a profile of the program, when the source is one: */
void explain_page(struct buf *out, const struct explain_options *o, const char *profile);
/* The command that says whether it is mended: */
void explain_again(struct buf *out, const struct explain_options *o);

#endif
