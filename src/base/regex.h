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

/*
 * For built-in expressions that take a line apart: as regex_new, but with groups. Repetitions are
 * greedy; {0} and \Q…\E have no place in them.
 */
enum err_code regex_new_capturing(struct regex **out, struct str pattern, struct err *e) MUST_USE;
/*
 * The leftmost match, as Go's FindSubmatch. groups[0] is the whole match, groups[i] the i-th group,
 * borrowed from s; a group that took no part is empty. n counts groups[0]; re must have been made
 * by regex_new_capturing. On false the groups are untouched. Thread safe.
 */
bool regex_find(const struct regex *re, struct str s, struct str *groups, size_t n);

/* The pattern as it was given; lives as long as re. */
struct str regex_pattern(const struct regex *re);

#endif
