/*
 * What the labels of the samples add up to: the rows of -tags as data, for tags.c, json.c and the
 * web page.
 */
#ifndef REPORT_TAGS_H
#define REPORT_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/str.h"
#include "report/report.h"

struct tags_value {
	struct str text; /* label's text, or its number with a unit: "16kB" */
	int64_t sum;     /* of the samples that carry it */
};

struct tags_key {
	struct str key;
	int64_t sum;               /* of its values: a sample with two counts twice */
	struct tags_value *values; /* by |sum| descending, then text */
	size_t n;
};

/* Keys in byte order, in the report's arena. ERR_NOMEM. */
enum err_code tags_keys(
    struct report *r, struct tags_key **keys, size_t *n, struct err *e) MUST_USE;

#endif
