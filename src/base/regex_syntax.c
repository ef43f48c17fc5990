/*
 * RE2's syntax to PCRE2's. One pass over the expression that refuses what Go refuses, with Go's
 * words, and writes each piece in a form whose meaning in PCRE2 is beyond doubt.
 *
 * The hard thing is that Go parses into a tree and PCRE2 reads text: "a*(?i)*" repeats a repetition
 * in Go, while flags between an item and its operator are an error in PCRE2. So flags are only
 * written in front of the next item, and what cannot be repeated as it stands is wrapped in (?:…)
 * afterwards. Users' groups never capture: only whether there is a match is asked.
 */
#include "base/regex_syntax.h"

#include "base/regex_parse.h"
#include "base/utf8.h"

/* Limits of Go's parser: counts, product of nested counts, nesting. */
#define MAX_REPEAT  1000u
#define MAX_HEIGHT  1000u
/* Ours: PCRE2 would refuse the code for much more than this anyway. */
#define MAX_PATTERN 65536u

#define UNLIMITED UINT32_MAX

/* Takes the atom's figures into its group's before another atom takes its place. */
static void end_atom(struct regex_parser *p)
{
	if (p->atom.kind == REGEX_NO_ATOM)
		return;
	if (p->atom.weight > p->weight)
		p->weight = p->atom.weight;
	if (p->atom.height > p->height)
		p->height = p->atom.height;
	p->atom = (struct regex_atom){ 0 };
}

static void begin_atom(struct regex_parser *p, enum regex_atom_kind kind)
{
	bool fold = p->flags & REGEX_FOLD;

	end_atom(p);
	if (fold != p->fold) {
		buf_add_str(p->out, fold ? STR("(?i)") : STR("(?-i)"));
		p->fold = fold;
	}
	p->atom = (struct regex_atom){ p->out->n, 1, 1, kind };
}

static void put_literal(struct regex_parser *p, uint32_t c)
{
	begin_atom(p, REGEX_CHAR);
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_')
		buf_char(p->out, (char)c);
	else
		buf_printf(p->out, "\\x{%x}", (unsigned)c);
}

static void put_assertion(struct regex_parser *p, struct str text)
{
	begin_atom(p, REGEX_OTHER);
	buf_add_str(p->out, text);
}

static void wrap_atom(struct regex_parser *p)
{
	size_t n = p->out->n - p->atom.at;

	if (!buf_reserve(p->out, 4))
		return;
	memmove(p->out->p + p->atom.at + 3, p->out->p + p->atom.at, n);
	memcpy(p->out->p + p->atom.at, "(?:", 3);
	p->out->n += 3;
	buf_char(p->out, ')');
}

static MUST_USE enum err_code check_height(struct regex_parser *p, uint32_t height)
{
	if (height > MAX_HEIGHT)
		return REGEX_FAIL(p, "expression nests too deeply", p->whole);
	return OK;
}

static MUST_USE enum err_code open_group(struct regex_parser *p, bool is_capture)
{
	struct regex_group g;

	TRY(check_height(p, (uint32_t)p->groups.n + 2));
	end_atom(p);
	g = (struct regex_group){ p->flags, p->fold, p->out->n, p->weight, p->height };
	if (!VEC_PUSH(&p->groups, g))
		return FAIL_NOMEM(p->e);
	buf_add_str(p->out, is_capture && p->captures ? STR("(") : STR("(?:"));
	p->weight = 1;
	p->height = 0;
	return OK;
}

static MUST_USE enum err_code close_group(struct regex_parser *p)
{
	uint32_t weight, height;
	struct regex_group g;

	end_atom(p);
	if (p->groups.n == 0)
		return REGEX_FAIL(p, "unexpected )", p->whole);
	g = p->groups.p[--p->groups.n];
	buf_char(p->out, ')');
	weight = p->weight;
	height = p->height + 1;
	p->flags = g.flags;
	p->fold = g.fold;
	p->weight = g.weight;
	p->height = g.height;
	p->atom = (struct regex_atom){ g.at, weight, height, REGEX_GROUP };
	return check_height(p, height);
}

static bool is_capture_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    c != '_')
			return false;
	}
	return name.n > 0;
}

/* "(?P<name>" and "(?<name>", of which `skip` bytes are in front of the name. */
static MUST_USE enum err_code parse_named_group(struct regex_parser *p, size_t skip)
{
	size_t end = str_find_char(p->rest, '>');
	struct str checked = end == STR_NPOS ? p->rest : str_skip(str_head(p->rest, end), skip);
	size_t good = utf8_valid_head(checked);

	if (good < checked.n)
		return REGEX_FAIL(p, "invalid UTF-8", str_skip(checked, good));
	if (end == STR_NPOS)
		return REGEX_FAIL(p, "invalid named capture", p->rest);
	if (!is_capture_name(checked))
		return REGEX_FAIL(p, "invalid named capture", str_head(p->rest, end + 1));
	TRY(open_group(p, true));
	p->rest = str_skip(p->rest, end + 1);
	return OK;
}

static uint32_t flag_of(uint32_t c)
{
	switch (c) {
	case 'i':
		return REGEX_FOLD;
	case 'm':
		return REGEX_LINES;
	case 's':
		return REGEX_DOT_NL;
	case 'U':
		return REGEX_LAZY;
	default:
		return 0;
	}
}

/*
 * Reads flags up to ":" or ")" (in *end), into *flags; *end is 0 when they are ill-formed. *t is
 * left behind the last character that was read, for the error's text.
 */
static MUST_USE enum err_code read_flags(
    struct regex_parser *p, struct str *t, uint32_t *flags, uint32_t *end)
{
	bool negative = false;
	bool any = false;

	*end = 0;
	while (t->n) {
		uint32_t c, flag;

		TRY(regex_next_char(p, t, &c));
		if (c == ':' || c == ')') {
			*end = negative && !any ? 0 : c;
			return OK;
		}
		flag = flag_of(c);
		if (flag == 0 && (c != '-' || negative))
			return OK;
		any = flag != 0;
		if (flag == 0)
			negative = true;
		else if (negative)
			*flags &= ~flag;
		else
			*flags |= flag;
	}
	return OK;
}

/* What starts with "(?". */
static MUST_USE enum err_code parse_perl_group(struct regex_parser *p)
{
	struct str t = str_skip(p->rest, 2);
	uint32_t flags = p->flags;
	uint32_t end;

	if (p->rest.n > 4 && str_starts(t, STR("P<")))
		return parse_named_group(p, 4);
	if (p->rest.n > 3 && str_starts(t, STR("<")))
		return parse_named_group(p, 3);
	TRY(read_flags(p, &t, &flags, &end));
	if (end == 0)
		return REGEX_FAIL(
		    p, "invalid or unsupported Perl syntax", str_head(p->rest, p->rest.n - t.n));
	if (end == ':')
		TRY(open_group(p, false));
	p->flags = flags;
	p->rest = t;
	return OK;
}

/* A decimal number without leading zeros; *n is UNLIMITED when it is too large. */
static bool read_count(struct str *t, uint32_t *n)
{
	size_t digits = 0;
	uint32_t v = 0;

	while (digits < t->n && t->p[digits] >= '0' && t->p[digits] <= '9') {
		v = v > MAX_REPEAT ? v : v * 10 + (uint32_t)(t->p[digits] - '0');
		digits++;
	}
	if (digits == 0 || (digits > 1 && t->p[0] == '0'))
		return false;
	*t = str_skip(*t, digits);
	*n = v;
	return true;
}

/* "{n}", "{n,}" or "{n,m}" at the start of *t; false when it is just a brace. */
static bool read_repeat(struct str *t, uint32_t *min, uint32_t *max)
{
	struct str s = str_skip(*t, 1);

	if (!read_count(&s, min) || s.n == 0)
		return false;
	*max = *min;
	if (s.p[0] == ',') {
		s = str_skip(s, 1);
		*max = UNLIMITED;
		if (!str_starts(s, STR("}")) && !read_count(&s, max))
			return false;
	}
	if (!str_starts(s, STR("}")))
		return false;
	*t = str_skip(s, 1);
	return true;
}

/* Go multiplies nested counts: {0} hides what is inside, {0,} and * count as nothing. */
static uint32_t repeated_weight(uint32_t weight, uint32_t min, uint32_t max)
{
	uint32_t times = max == UNLIMITED ? min : max;

	if (max == 0)
		return 1;
	if (times == 0)
		return weight;
	return weight > MAX_REPEAT ? weight : weight * times;
}

/* Where the text of the repetition that ended just before began; NULL when none did. */
struct repeat_op {
	const char *last;
	struct str before; /* from this operator on */
};

/*
 * Writes the repetition of the atom. "x+" and "x{2,}" of a character become "xx*" and "x{2}x*": the
 * matcher that follows all alternatives keeps a count for the former, and so a state per character
 * of the text, but none for a star. What is repeated no times is left out, because PCRE2 takes
 * (?:|\A){0}b for anchored.
 */
static void put_repeat(struct regex_parser *p, uint32_t min, uint32_t max)
{
	size_t n = p->out->n - p->atom.at;

	if (max == 0) {
		p->out->n -= buf_failed(p->out) ? 0 : n;
		BUF_LIT(p->out, "(?:)");
		return;
	}
	if (p->atom.kind == REGEX_CHAR && max == UNLIMITED && min > 0) {
		if (min > 1)
			buf_printf(p->out, "{%u}", (unsigned)min);
		if (buf_reserve(p->out, n))
			buf_add(p->out, p->out->p + p->atom.at, n);
		buf_char(p->out, '*');
		return;
	}
	if (p->atom.kind == REGEX_OTHER)
		wrap_atom(p);
	buf_printf(p->out, "{%u,", (unsigned)min);
	if (max != UNLIMITED)
		buf_u64(p->out, max);
	buf_char(p->out, '}');
}

/* Applies an operator, whose text is out of p->rest already, to the atom. */
static MUST_USE enum err_code apply_repeat(
    struct regex_parser *p, const struct repeat_op *op, uint32_t min, uint32_t max)
{
	struct str seen;

	if (str_starts(p->rest, STR("?")))
		p->rest = str_skip(p->rest, 1);
	if (op->last) {
		seen = str_range(op->last, p->rest.p);
		return REGEX_FAIL(p, "invalid nested repetition operator", seen);
	}
	seen = str_head(op->before, op->before.n - p->rest.n);
	if (p->atom.kind == REGEX_NO_ATOM)
		return REGEX_FAIL(p, "missing argument to repetition operator", seen);
	put_repeat(p, min, max);
	p->atom.kind = REGEX_OTHER;
	p->atom.height++;
	return check_height(p, p->atom.height + (uint32_t)p->groups.n);
}

/* "*", "+", "?" */
static MUST_USE enum err_code parse_star(struct regex_parser *p, const struct repeat_op *op)
{
	char c = p->rest.p[0];

	p->rest = str_skip(p->rest, 1);
	return apply_repeat(p, op, c == '+' ? 1 : 0, c == '?' ? 1 : UNLIMITED);
}

static MUST_USE enum err_code parse_counts(
    struct regex_parser *p, const struct repeat_op *op, bool *is_repeat)
{
	struct str t = p->rest;
	uint32_t min, max;

	*is_repeat = read_repeat(&t, &min, &max);
	if (!*is_repeat) {
		put_literal(p, '{');
		p->rest = str_skip(p->rest, 1);
		return OK;
	}
	if (min > MAX_REPEAT || (max != UNLIMITED && (max > MAX_REPEAT || min > max)))
		return REGEX_FAIL(p, "invalid repeat count", str_head(p->rest, p->rest.n - t.n));
	p->rest = t;
	TRY(apply_repeat(p, op, min, max));
	p->atom.weight = repeated_weight(p->atom.weight, min, max);
	if (p->atom.weight > MAX_REPEAT && (min >= 2 || (max != UNLIMITED && max >= 2)))
		return REGEX_FAIL(
		    p, "invalid repeat count", str_head(op->before, op->before.n - p->rest.n));
	return OK;
}

/* "\Q…\E" */
static MUST_USE enum err_code parse_quoted(struct regex_parser *p)
{
	struct str t = str_skip(p->rest, 2);
	size_t end = str_find(t, STR("\\E"));
	struct str text = end == STR_NPOS ? t : str_head(t, end);

	p->rest = end == STR_NPOS ? str_skip(t, t.n) : str_skip(t, end + 2);
	while (text.n) {
		uint32_t c;

		TRY(regex_next_char(p, &text, &c));
		put_literal(p, c);
	}
	return OK;
}

/* \A, \b, \B and \z; NULL for any other letter. */
static const char *assertion_of(char c)
{
	switch (c) {
	case 'A':
		return "\\A";
	case 'b':
		return "\\b";
	case 'B':
		return "\\B";
	case 'z':
		return "\\z";
	default:
		return NULL;
	}
}

static MUST_USE enum err_code parse_group_or_char(struct regex_parser *p)
{
	bool found;
	uint32_t c;

	if (p->rest.n >= 2 && p->rest.p[1] && strchr("dDsSwWpP", p->rest.p[1])) {
		begin_atom(p, REGEX_CHAR);
		buf_char(p->out, '[');
		TRY(regex_parse_group_escape(p, &p->rest, &found));
		buf_char(p->out, ']');
		return OK;
	}
	TRY(regex_parse_escape(p, &p->rest, &c));
	put_literal(p, c);
	return OK;
}

static MUST_USE enum err_code parse_backslash(struct regex_parser *p)
{
	const char *assertion;

	if (p->rest.n < 2)
		return parse_group_or_char(p);
	if (p->rest.p[1] == 'C')
		return REGEX_FAIL(p, "invalid escape sequence", str_head(p->rest, 2));
	if (p->rest.p[1] == 'Q')
		return parse_quoted(p);
	assertion = assertion_of(p->rest.p[1]);
	if (!assertion)
		return parse_group_or_char(p);
	put_assertion(p, str_c(assertion));
	p->rest = str_skip(p->rest, 2);
	return OK;
}

static MUST_USE enum err_code parse_plain(struct regex_parser *p)
{
	uint32_t c;

	TRY(regex_next_char(p, &p->rest, &c));
	put_literal(p, c);
	return OK;
}

static void put_bar(struct regex_parser *p)
{
	end_atom(p);
	buf_char(p->out, '|');
}

/* ".", "^", "$" and "|": one character in, fixed text out. */
static void parse_symbol(struct regex_parser *p)
{
	bool lines = p->flags & REGEX_LINES;
	char c = p->rest.p[0];

	p->rest = str_skip(p->rest, 1);
	if (c == '|') {
		put_bar(p);
	} else if (c == '.') {
		begin_atom(p, REGEX_CHAR);
		buf_add_str(p->out, p->flags & REGEX_DOT_NL ? STR(".") : STR("\\N"));
	} else if (c == '^') {
		put_assertion(p, lines ? STR("(?<!\\N)") : STR("\\A"));
	} else {
		put_assertion(p, lines ? STR("(?!\\N)") : STR("\\z"));
	}
}

/* One item; *is_repeat tells that it was a repetition operator. */
static MUST_USE enum err_code parse_item(
    struct regex_parser *p, const struct repeat_op *op, bool *is_repeat)
{
	*is_repeat = false;
	switch (p->rest.p[0]) {
	case '(':
		if (p->rest.n >= 2 && p->rest.p[1] == '?')
			return parse_perl_group(p);
		p->rest = str_skip(p->rest, 1);
		return open_group(p, true);
	case ')':
		p->rest = str_skip(p->rest, 1);
		return close_group(p);
	case '[':
		begin_atom(p, REGEX_CHAR);
		return regex_parse_class(p, &p->rest);
	case '*':
	case '+':
	case '?':
		*is_repeat = true;
		return parse_star(p, op);
	case '{':
		return parse_counts(p, op, is_repeat);
	case '\\':
		return parse_backslash(p);
	case '.':
	case '^':
	case '$':
	case '|':
		parse_symbol(p);
		return OK;
	default:
		return parse_plain(p);
	}
}

static MUST_USE enum err_code parse(struct regex_parser *p)
{
	const char *last = NULL;

	while (p->rest.n) {
		struct repeat_op op = { last, p->rest };
		bool is_repeat;

		TRY(parse_item(p, &op, &is_repeat));
		last = is_repeat ? op.before.p : NULL;
	}
	if (p->groups.n)
		return REGEX_FAIL(p, "missing closing )", p->whole);
	return OK;
}

enum err_code regex_translate(struct buf *out, struct str pattern, bool captures, struct err *e)
{
	struct regex_parser p = {
		.whole = pattern,
		.rest = pattern,
		.out = out,
		.e = e,
		.captures = captures,
		.weight = 1,
	};
	enum err_code rc;

	if (pattern.n > MAX_PATTERN)
		return FAIL(e, ERR_LIMIT, "error parsing regexp: expression too large");
	rc = parse(&p);
	VEC_RELEASE(&p.groups);
	if (rc != OK)
		return rc;
	return buf_failed(out) ? FAIL_NOMEM(e) : OK;
}
