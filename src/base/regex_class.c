/*
 * Escapes and character classes of RE2. Everything is written to the output as numeric ranges or
 * \p{…}, so that nothing depends on how PCRE2 reads escapes inside brackets.
 *
 * The hard thing is case folding: PCRE2 folds a class after it was put together, RE2 folds each
 * named group before negating it, so [[:^lower:]] must be written as the negation of the folded
 * group.
 */
#include "base/regex_parse.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"

/* Letters outside ASCII that fold to ASCII letters: long s and the Kelvin sign. */
#define LONG_S 0x17Fu
#define KELVIN 0x212Au

struct ascii_group {
	const char *name;
	const char *ranges; /* pairs of characters */
};

static const struct ascii_group perl_groups[] = {
	{ "d", "09" },
	{ "s", "\t\n\f\r  " },
	{ "w", "09AZ__az" },
};

static const struct ascii_group posix_groups[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "ascii", "\x01\x7f" }, /* and NUL, see group_set */
	{ "blank", "\t\t  " },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "\t\r  " },
	{ "upper", "AZ" },
	{ "word", "09AZ__az" },
	{ "xdigit", "09AFaf" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum err_code regex_next_char(struct regex_parser *p, struct str *rest, uint32_t *c)
{
	size_t width;

	if (utf8_is_bad(*rest))
		return REGEX_FAIL(p, "invalid UTF-8", *rest);
	width = utf8_next(*rest, c);
	*rest = str_skip(*rest, width);
	return OK;
}

static MUST_USE enum err_code check_utf8(struct regex_parser *p, struct str s)
{
	size_t good = utf8_valid_head(s);

	if (good < s.n)
		return REGEX_FAIL(p, "invalid UTF-8", str_skip(s, good));
	return OK;
}

static bool is_octal(struct str s)
{
	return s.n && s.p[0] >= '0' && s.p[0] <= '7';
}

static int hex_digit(uint32_t c)
{
	if (c >= '0' && c <= '9')
		return (int)c - '0';
	if (c >= 'a' && c <= 'f')
		return (int)c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return (int)c - 'A' + 10;
	return -1;
}

/* "{10FFFF}" behind "\x{": *good when well formed; *t is left behind what was read. */
static MUST_USE enum err_code parse_hex_braces(
    struct regex_parser *p, struct str *t, uint32_t *out, bool *good)
{
	uint32_t v = 0;
	bool any = false;

	*good = false;
	while (t->n) {
		uint32_t c;
		int digit;

		TRY(regex_next_char(p, t, &c));
		if (c == '}') {
			*out = v;
			*good = any;
			return OK;
		}
		digit = hex_digit(c);
		if (digit < 0)
			return OK;
		v = v * 16 + (uint32_t)digit;
		if (v > UTF8_MAX)
			return OK;
		any = true;
	}
	return OK;
}

static MUST_USE enum err_code parse_hex(
    struct regex_parser *p, struct str *t, uint32_t *out, bool *good)
{
	uint32_t high, low;

	*good = false;
	if (t->n == 0)
		return OK;
	TRY(regex_next_char(p, t, &high));
	if (high == '{')
		return parse_hex_braces(p, t, out, good);
	TRY(regex_next_char(p, t, &low));
	if (hex_digit(high) < 0 || hex_digit(low) < 0)
		return OK;
	*out = (uint32_t)hex_digit(high) * 16 + (uint32_t)hex_digit(low);
	*good = true;
	return OK;
}

/* Up to three octal digits, of which `first` is read; a lone \1 would be a back reference. */
static bool parse_octal(struct str *t, uint32_t first, uint32_t *out)
{
	uint32_t v = first - '0';

	if (first != '0' && !is_octal(*t))
		return false;
	for (int i = 1; i < 3 && is_octal(*t); i++) {
		v = v * 8 + (uint32_t)(t->p[0] - '0');
		*t = str_skip(*t, 1);
	}
	*out = v;
	return true;
}

static bool is_alnum(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool control_escape(uint32_t c, uint32_t *out)
{
	static const char names[] = "afnrtv";
	static const char values[] = "\a\f\n\r\t\v";
	const char *at = c && c < 0x80 ? strchr(names, (int)c) : NULL;

	if (at)
		*out = (uint32_t)values[at - names];
	return at != NULL;
}

enum err_code regex_parse_escape(struct regex_parser *p, struct str *rest, uint32_t *c)
{
	struct str t = str_skip(*rest, 1);
	bool good = false;
	uint32_t first;

	if (t.n == 0)
		return REGEX_FAIL(p, "trailing backslash at end of expression", t);
	TRY(regex_next_char(p, &t, &first));
	if (first < 0x80 && !is_alnum(first)) {
		*c = first;
		good = true;
	} else if (first >= '0' && first <= '7') {
		good = parse_octal(&t, first, c);
	} else if (first == 'x') {
		TRY(parse_hex(p, &t, c, &good));
	} else {
		good = control_escape(first, c);
	}
	if (!good)
		return REGEX_FAIL(p, "invalid escape sequence", str_head(*rest, rest->n - t.n));
	*rest = t;
	return OK;
}

static void put_range(struct regex_parser *p, uint32_t lo, uint32_t hi)
{
	if (lo > hi)
		return;
	buf_printf(p->out, "\\x{%x}", (unsigned)lo);
	if (hi > lo)
		buf_printf(p->out, "-\\x{%x}", (unsigned)hi);
}

/* Everything from lo up but the two foreign letters, when the set holds what they fold to. */
static void put_foreign_complement(struct regex_parser *p, bool has_s, bool has_k)
{
	uint32_t lo = 0x80;

	if (has_s) {
		put_range(p, lo, LONG_S - 1);
		lo = LONG_S + 1;
	}
	if (has_k) {
		put_range(p, lo, KELVIN - 1);
		lo = KELVIN + 1;
	}
	put_range(p, lo, UTF8_MAX);
}

static void group_set(const struct ascii_group *g, bool fold, bool set[128])
{
	memset(set, 0, 128 * sizeof set[0]);
	for (const char *r = g->ranges; *r; r += 2)
		for (unsigned char c = (unsigned char)r[0]; c <= (unsigned char)r[1]; c++)
			set[c] = true;
	/* A table of C strings cannot name NUL, and these two groups begin with it. */
	set[0] = set[1];
	if (!fold)
		return;
	for (int c = 'a'; c <= 'z'; c++)
		set[c] = set[c - 'a' + 'A'] = set[c] || set[c - 'a' + 'A'];
}

static void put_group(struct regex_parser *p, const struct ascii_group *g, bool negate)
{
	bool fold = p->flags & REGEX_FOLD;
	bool set[128];

	group_set(g, fold, set);
	for (uint32_t c = 0; c < 128; c++) {
		uint32_t end = c;

		if (set[c] == negate)
			continue;
		while (end + 1 < 128 && set[end + 1] != negate)
			end++;
		put_range(p, c, end);
		c = end;
	}
	if (negate)
		put_foreign_complement(p, fold && set['s'], fold && set['k']);
}

static const struct ascii_group *find_group(
    const struct ascii_group *groups, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, groups[i].name))
			return &groups[i];
	return NULL;
}

/* "[:alpha:]" and "[:^alpha:]" at the start of *rest, inside a class. */
static MUST_USE enum err_code parse_posix_group(
    struct regex_parser *p, struct str *rest, bool *found)
{
	const struct ascii_group *g;
	struct str name;
	bool negate;
	size_t n;

	*found = false;
	if (rest->n < 3 || !str_starts(*rest, STR("[:")))
		return OK;
	n = str_find(str_skip(*rest, 2), STR(":]"));
	if (n == STR_NPOS)
		return OK;
	name = (struct str){ rest->p + 2, n };
	negate = str_starts(name, STR("^"));
	g = find_group(posix_groups, COUNT(posix_groups), negate ? str_skip(name, 1) : name);
	if (!g)
		return REGEX_FAIL(p, "invalid character class range", str_head(*rest, n + 4));
	put_group(p, g, negate);
	*rest = str_skip(*rest, n + 4);
	*found = true;
	return OK;
}

/* Go looks names up without case, "_", "-" and spaces. */
static bool name_is(struct str name, const char *canonical)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '_' || c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != *canonical++)
			return false;
	}
	return *canonical == '\0';
}

static size_t letters_in(struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] != '_' && name.p[i] != '-' && name.p[i] != ' ';
	return n;
}

/* Letters and separators only: nothing that PCRE2 would read as other syntax. */
static bool is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("_- ", name.p[i]) && !is_alnum((unsigned char)name.p[i]))
			return false;
	return letters_in(name) > 0;
}

/*
 * Writes \p{…}. The general categories have one or two letters; everything else is a script, named
 * with "sc:" because a bare name means "script extensions" to PCRE2.
 */
static void put_property(struct regex_parser *p, struct str name, bool negate)
{
	static const struct ascii_group ascii = { "ascii", "\x01\x7f" };

	static const struct {
		const char *name;
		const char *property;
		bool negate;
		bool only_folded;
	} special[] = {
		{ "any", "Any", false, false },
		{ "assigned", "Cn", true, false },
		{ "lc", "L&", false, false },
		{ "lu", "L&", false, true }, /* PCRE2 does not fold the negated ones */
		{ "ll", "L&", false, true },
		{ "lt", "L&", false, true },
	};

	if (name_is(name, "ascii")) {
		put_group(p, &ascii, negate);
		return;
	}
	for (size_t i = 0; i < COUNT(special); i++) {
		if (!name_is(name, special[i].name) ||
		    (special[i].only_folded && !(p->flags & REGEX_FOLD)))
			continue;
		buf_printf(p->out, "\\%c{%s}", negate != special[i].negate ? 'P' : 'p',
		    special[i].property);
		return;
	}
	buf_printf(p->out, "\\%c{%s%.*s}", negate ? 'P' : 'p', letters_in(name) > 2 ? "sc:" : "",
	    STR_ARG(name));
}

/* PCRE2 knows the names of properties: it is asked by compiling the piece alone. */
static bool compiles(struct str piece)
{
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	code = pcre2_compile((PCRE2_SPTR)piece.p, piece.n, PCRE2_UTF, &error, &at, NULL);
	pcre2_code_free(code);
	return code != NULL;
}

/* Cuts "\pN" or "\p{Greek}" off *rest: *seq is the whole, *name what is named. */
static MUST_USE enum err_code cut_property(
    struct regex_parser *p, struct str *rest, struct str *seq, struct str *name)
{
	struct str t = str_skip(*rest, 2);
	size_t end;
	uint32_t c;

	TRY(regex_next_char(p, &t, &c));
	if (c != '{') {
		*seq = str_head(*rest, rest->n - t.n);
		*name = str_skip(*seq, 2);
		*rest = t;
		return OK;
	}
	end = str_find_char(*rest, '}');
	if (end == STR_NPOS) {
		TRY(check_utf8(p, *rest));
		return REGEX_FAIL(p, "invalid character class range", *rest);
	}
	*seq = str_head(*rest, end + 1);
	*name = (struct str){ rest->p + 3, end - 3 };
	*rest = str_skip(*rest, end + 1);
	return check_utf8(p, *name);
}

static MUST_USE enum err_code parse_property(struct regex_parser *p, struct str *rest)
{
	bool negate = rest->p[1] == 'P';
	size_t at = p->out->n;
	struct str seq, name;

	TRY(cut_property(p, rest, &seq, &name));
	if (str_starts(name, STR("^"))) {
		negate = !negate;
		name = str_skip(name, 1);
	}
	if (!is_plain_name(name))
		return REGEX_FAIL(p, "invalid character class range", seq);
	put_property(p, name, negate);
	if (buf_failed(p->out))
		return FAIL_NOMEM(p->e);
	if (p->out->p[at + 1] != 'x' && !compiles(str_skip(buf_str(p->out), at)))
		return REGEX_FAIL(p, "invalid character class range", seq);
	return OK;
}

enum err_code regex_parse_group_escape(struct regex_parser *p, struct str *rest, bool *found)
{
	const struct ascii_group *g;
	char lower;

	*found = false;
	if (rest->n < 2 || rest->p[0] != '\\')
		return OK;
	if (rest->p[1] == 'p' || rest->p[1] == 'P') {
		*found = true;
		return parse_property(p, rest);
	}
	lower = (char)(rest->p[1] | 0x20);
	if (!is_alnum((unsigned char)rest->p[1]))
		return OK;
	g = find_group(perl_groups, COUNT(perl_groups), (struct str){ &lower, 1 });
	if (!g)
		return OK;
	put_group(p, g, rest->p[1] != lower);
	*rest = str_skip(*rest, 2);
	*found = true;
	return OK;
}

static MUST_USE enum err_code parse_class_char(
    struct regex_parser *p, struct str *rest, struct str whole, uint32_t *c)
{
	if (rest->n == 0)
		return REGEX_FAIL(p, "missing closing ]", whole);
	if (rest->p[0] == '\\')
		return regex_parse_escape(p, rest, c);
	return regex_next_char(p, rest, c);
}

/* One character or "a-z". */
static MUST_USE enum err_code parse_class_range(
    struct regex_parser *p, struct str *rest, struct str whole)
{
	struct str start = *rest;
	uint32_t lo = 0, hi;

	TRY(parse_class_char(p, rest, whole, &lo));
	hi = lo;
	if (rest->n >= 2 && rest->p[0] == '-' && rest->p[1] != ']') {
		*rest = str_skip(*rest, 1);
		TRY(parse_class_char(p, rest, whole, &hi));
		if (hi < lo)
			return REGEX_FAIL(
			    p, "invalid character class range", str_head(start, start.n - rest->n));
	}
	put_range(p, lo, hi);
	return OK;
}

enum err_code regex_parse_class(struct regex_parser *p, struct str *rest)
{
	struct str whole = *rest;
	bool first = true; /* a "]" in front is an ordinary character */

	*rest = str_skip(*rest, 1);
	buf_char(p->out, '[');
	if (str_starts(*rest, STR("^"))) {
		*rest = str_skip(*rest, 1);
		buf_char(p->out, '^');
	}
	for (; rest->n == 0 || rest->p[0] != ']' || first; first = false) {
		bool found;

		TRY(parse_posix_group(p, rest, &found));
		if (!found)
			TRY(regex_parse_group_escape(p, rest, &found));
		if (!found)
			TRY(parse_class_range(p, rest, whole));
	}
	*rest = str_skip(*rest, 1);
	buf_char(p->out, ']');
	return OK;
}
