/*
 * Translation of RE2's syntax (as Go accepts it) into a PCRE2 pattern with the same language. The
 * only caller is regex.c. The result must be compiled with PCRE2_UTF, PCRE2_DOTALL, a newline of LF
 * and surrogates allowed in escapes, and without PCRE2_UCP; it has no captures and no lazy
 * repetitions, because the only question ever asked is whether there is a match.
 */
#ifndef BASE_REGEX_SYNTAX_H
#define BASE_REGEX_SYNTAX_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/*
 * Appends the translation to out. Errors: ERR_USAGE with Go's text ("error parsing regexp: missing
 * closing ): `(`"), ERR_LIMIT, ERR_NOMEM.
 */
enum err_code regex_translate(struct buf *out, struct str pattern, struct err *e) MUST_USE;

#endif
