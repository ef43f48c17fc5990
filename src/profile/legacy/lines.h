/*
 * Lines of a text profile, with the limit that the format's readers have always had: a line of
 * 64 KiB is an error. Used by every text reader in this folder.
 */
#ifndef PROFILE_LEGACY_LINES_H
#define PROFILE_LEGACY_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/str.h"

#define LINE_LIMIT 65536u

struct lines {
	struct str rest;
	struct str
	    line; /* the current one without its end; empty before the first and at the end */
	bool too_long;
};

static inline struct lines lines_of(struct str text)
{
	return (struct lines){ text, { text.p, 0 }, false };
}

/* Steps to the next line; false at the end of the text or at a line that is too long. */
bool lines_next(struct lines *l);
/* ERR_FORMAT "bufio.Scanner: token too long" when the last step failed for that reason. */
enum err_code lines_check(const struct lines *l, struct err *e) MUST_USE;

/* True for lines without content and for comments (#). */
bool line_is_blank(struct str line);
/* True for "--- Memory map: ---" and "MAPPED_LIBRARIES:", anywhere in the line. */
bool line_is_map_start(struct str line);
/* Steps to the next line that is not blank, *row, trimmed; false at the end and where a map is. */
bool lines_next_row(struct lines *l, struct str *row);

/*
 * Go's ParseInt with base 0: an optional sign, then 0x, 0b, 0o or 0 for the base. Fails with
 * ERR_FORMAT and Go's words ("strconv.ParseInt: parsing "x": invalid syntax").
 */
enum err_code number_any_base(struct str s, int64_t *out, struct err *e) MUST_USE;
/* The same with base 10. */
enum err_code number_decimal(struct str s, int64_t *out, struct err *e) MUST_USE;
/* Hexadecimal digits without a prefix; false when the value does not fit. */
bool number_hex(struct str s, uint64_t *out);

#endif
