/*
 * Translation of RE2's syntax (as Go accepts it) into a PCRE2 pattern with the same language. The
 * only caller is regex.c. The result must be compiled with PCRE2_UTF, PCRE2_DOTALL, a newline of LF
 * and surrogates allowed in escapes, and without PCRE2_UCP. It has no lazy repetitions, and groups
 * only when they are asked for, because what users ask is only whether there is a match.
 */
#ifndef BASE_REGEX_SYNTAX_H
#define BASE_REGEX_SYNTAX_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/*
 * Appends the translation to out; `captures` keeps groups. Errors: ERR_USAGE with Go's text
 * ("error parsing regexp: missing closing ): `(`"), ERR_LIMIT, ERR_NOMEM.
 */
enum err_code regex_translate(
    struct buf *out, struct str pattern, bool captures, struct err *e) MUST_USE;

#endif
