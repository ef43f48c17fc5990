/*
 * Regular expressions in RE2's syntax (what pprof's users write), run by PCRE2 with its JIT and
 * with match limits. Patterns that RE2 refuses (backreferences, look-around, bad repeats) are
 * refused here with Go's error text, "error parsing regexp: missing closing ): `(`". Matching is an
 * unanchored search over bytes that are treated as UTF-8 when valid.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>

#include "base/err.h"
#include "core/str.h"

struct regex;

/* Compiles; *out is freed with regex_free. The error's message is Go's, without context. */
enum err_code regex_new(struct regex **out, struct str pattern, struct err *e) MUST_USE;
void regex_free(struct regex *re);
/* True when s contains a match. Reaching a match limit counts as no match. Thread safe. */
bool regex_match(const struct regex *re, struct str s);
/* The pattern as it was given; lives as long as re. */
struct str regex_pattern(const struct regex *re);

#endif
