/*
 * What the parts of the RE2 translator share: regex_syntax.c walks the expression, regex_class.c
 * reads escapes and character classes. Nobody else includes this.
 */
#ifndef BASE_REGEX_PARSE_H
#define BASE_REGEX_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"

/* Flags of (?imsU); U changes which match is found, not whether, and is only parsed. */
#define REGEX_FOLD   1u /* i */
#define REGEX_LINES  2u /* m: ^ and $ match at lines */
#define REGEX_DOT_NL 4u /* s */
#define REGEX_LAZY   8u /* U */

enum regex_atom_kind {
	REGEX_NO_ATOM,
	REGEX_CHAR,  /* a character, class or dot */
	REGEX_GROUP, /* (?:…) */
	REGEX_OTHER, /* an assertion, or a repetition already: must be wrapped to be repeated */
};

/*
 * The last thing that a repetition operator could apply to. Where Go keeps a stack of trees, only
 * the two figures by which it refuses an expression are kept.
 */
struct regex_atom {
	size_t at;       /* where its text begins in the output */
	uint32_t weight; /* largest product of nested {n,m} counts */
	uint32_t height; /* nesting of groups and repetitions */
	enum regex_atom_kind kind;
};

struct regex_group {
	uint32_t flags;  /* at the parenthesis, restored when it closes */
	bool fold;       /* likewise, what the output was switched to */
	size_t at;       /* of "(?:" in the output */
	uint32_t weight; /* of what is in front of the parenthesis in the outer group */
	uint32_t height;
};

struct regex_parser {
	struct str whole;
	struct str rest;
	struct buf *out;
	struct err *e;
	bool captures; /* parentheses are groups in the output */
	uint32_t flags;
	bool fold;       /* case folding as last written to the output */
	uint32_t weight; /* of the atoms so far in the current group */
	uint32_t height;
	struct regex_atom atom;
	VEC(struct regex_group) groups;
};

#define REGEX_FAIL(p, what, expr)                                                                  \
	FAIL((p)->e, ERR_USAGE, "error parsing regexp: " what ": `%.*s`", STR_ARG(expr))

/* The first character of *rest, which is advanced; an invalid byte is an error. */
enum err_code regex_next_char(struct regex_parser *p, struct str *rest, uint32_t *c) MUST_USE;
/* An escape that stands for one character, "\n", "\x{1F600}", "\."; *rest starts at the "\". */
enum err_code regex_parse_escape(struct regex_parser *p, struct str *rest, uint32_t *c) MUST_USE;
/* "[…]" at the start of *rest; writes a PCRE2 class. */
enum err_code regex_parse_class(struct regex_parser *p, struct str *rest) MUST_USE;
/*
 * "\d" or "\p{Greek}" at the start of *rest: writes the inside of a PCRE2 class, advances and sets
 * *found. Leaves everything alone when *rest starts with something else.
 */
enum err_code regex_parse_group_escape(
    struct regex_parser *p, struct str *rest, bool *found) MUST_USE;

#endif
