/*
 * The expressions of tagfocus and tagignore: "VALUE" or "KEY=VALUE", where VALUE is a range of
 * numbers ("32kb", ":64kb", "4mb:", "12kb:64mb") for numeric labels, or a comma-separated list of
 * regular expressions for text labels. Without KEY every expression must match some "key:value" of
 * the sample; with KEY one expression matching one value is enough.
 */
#ifndef PROFILE_TAGFILTER_H
#define PROFILE_TAGFILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "profile/numunits.h"
#include "profile/profile.h"

struct tag_filter;

/*
 * Compiles `value` of the option `name` ("tagfocus"); an empty value gives *out = NULL. A range
 * appends "tagfocus:Interpreted '32kb:' as range, not regexp\n" to messages (may be NULL). units is
 * kept: it must outlive the filter. Errors: ERR_NOMEM, or ERR_USAGE with "parsing tagfocus regexp:
 * error parsing regexp: …" or "failed to parse int …"; then *out is NULL.
 */
enum err_code tag_filter_new(struct tag_filter **out, struct str name, struct str value,
    const struct num_units *units, struct buf *messages, struct err *e) MUST_USE;
void tag_filter_free(struct tag_filter *f);

/*
 * One pass of a filter over a profile: what was found out about a label once is kept here. Only
 * profile_filter_by_tag uses it.
 */
struct tag_match;

/* f and p are kept for the life of the match. ERR_NOMEM; then *out is NULL. */
enum err_code tag_match_new(
    struct tag_match **out, const struct tag_filter *f, struct profile *p, struct err *e) MUST_USE;
void tag_match_free(struct tag_match *m);
/* True when the labels of sample i match. */
bool tag_match_sample(struct tag_match *m, size_t i);
/* True after memory ran short in tag_match_sample: its answers are void. False for NULL. */
bool tag_match_failed(const struct tag_match *m);

#endif
