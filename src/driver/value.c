/*
 * Go's reading and printing of values, see value.h. The hard part is base 0 with underscores and
 * the shortest printing of a double, which is found by trying precisions until one reads back.
 */
#include "driver/value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/regex.h"
#include "base/utf8.h"

/* Longest number text that is looked at; longer ones are syntax errors. */
#define VALUE_MAX 400

/* Cuts a base prefix off *s; *prefixed tells that an underscore may come first. */
static int int_base(struct str *s, bool *prefixed)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

	*prefixed = true;
	if (s->n < 2 || s->p[0] != '0') {
		*prefixed = false;
		return 10;
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (s->n > 2 && tolower((unsigned char)s->p[1]) == prefixes[i].letter) {
			*s = str_skip(*s, 2);
			return prefixes[i].base;
		}
	}
	*s = str_skip(*s, 1);
	return 8;
}

/* Digits into *out; underscores only when allowed, each between two digits (or after a prefix). */
static enum value_result int_digits(
    struct str s, int base, bool underscores, bool may_start, uint64_t *out)
{
	enum value_result result = VALUE_OK;
	bool after_digit = may_start;
	uint64_t v = 0;

	if (s.n == 0)
		return VALUE_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = str_digit(s.p[i]);

		if (s.p[i] == '_' && underscores && after_digit) {
			after_digit = false;
			continue;
		}
		if (digit >= (unsigned)base)
			return VALUE_SYNTAX;
		after_digit = true;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			result = VALUE_RANGE;
	}
	if (!after_digit)
		return VALUE_SYNTAX;
	*out = v;
	return result;
}

enum value_result value_int(struct str s, int base, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	bool prefixed = false;
	bool any_base = base == 0;
	enum value_result result;
	uint64_t v;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_skip(s, 1);
	if (any_base)
		base = int_base(&s, &prefixed);
	result = int_digits(s, base, any_base, prefixed, &v);
	if (result != VALUE_OK)
		return result;
	if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return VALUE_RANGE;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return VALUE_OK;
}

/* s for C: without underscores. False when one of them does not stand between two digits. */
static bool drop_underscores(struct str s, char *text)
{
	const bool hex = s.n > 1 && s.p[0] == '0' && tolower((unsigned char)s.p[1]) == 'x';
	const unsigned base = hex ? 16 : 10;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_') {
			*text++ = s.p[i];
			continue;
		}
		if (i == 0 || i + 1 == s.n || str_digit(s.p[i + 1]) >= base)
			return false;
		if (str_digit(s.p[i - 1]) >= base && !(hex && i == 2)) /* the x counts */
			return false;
	}
	*text = '\0';
	return true;
}

enum value_result value_float(struct str s, double *out)
{
	char text[VALUE_MAX];
	char *end;
	double v;

	if (s.n == 0 || s.n >= sizeof text || isspace((unsigned char)s.p[0]))
		return VALUE_SYNTAX;
	if (str_find_char(s, '\0') != STR_NPOS || !drop_underscores(s, text))
		return VALUE_SYNTAX;
	if (strchr(text, '(') || strspn(text, "+-nN") > 1) /* nan(…) and -nan are C only */
		return VALUE_SYNTAX;
	if (strpbrk(text, "xX") && !strpbrk(text, "pP"))
		return VALUE_SYNTAX;
	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end)
		return VALUE_SYNTAX;
	if (errno == ERANGE && isinf(v))
		return VALUE_RANGE;
	*out = v;
	return VALUE_OK;
}

/* Both lists end in NULL. */
static bool one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_is(s, *words))
			return true;
	return false;
}

bool value_flag_bool(struct str s, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True", NULL };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False", NULL };

	*out = one_of(s, yes);
	return *out || one_of(s, no);
}

bool value_word_bool(struct str s, bool *out)
{
	static const char *const yes[] = { "true", "t", "yes", "y", "1", "", NULL };
	static const char *const no[] = { "false", "f", "no", "n", "0", NULL };
	char lower[8];

	if (s.n >= sizeof lower)
		return false;
	for (size_t i = 0; i < s.n; i++)
		lower[i] = (char)tolower((unsigned char)s.p[i]);
	s.p = lower;
	*out = one_of(s, yes);
	return *out || one_of(s, no);
}

/* "%.*e" of v with the fewest digits that read back; returns the exponent. */
static int shortest_digits(double v, char *text, size_t size)
{
	int64_t exponent = 0;

	for (int digits = 0; digits <= 16; digits++) {
		snprintf(text, size, "%.*e", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (value_int(str_c(strchr(text, 'e') + 1), 10, &exponent) != VALUE_OK)
		exponent = 0;
	return (int)exponent;
}

void value_print_float(struct buf *out, double v)
{
	char text[40];
	int exponent;
	int decimals;

	if (isnan(v) || isinf(v)) {
		buf_printf(out, "%s", isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
		return;
	}
	exponent = shortest_digits(v, text, sizeof text);
	if (exponent < -4 || exponent >= 21) {
		buf_printf(out, "%s", text);
		return;
	}
	/* digits behind the point: those of the mantissa, moved by the exponent */
	decimals = (int)(strchr(text, 'e') - text) - (v < 0) - 1;
	decimals = (decimals > 0 ? decimals - 1 : 0) - exponent;
	buf_printf(out, "%.*f", decimals > 0 ? decimals : 0, v);
}

static void quote_byte(struct buf *out, unsigned char c)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_printf(out, "\\%c", to[at - from]);
	else
		buf_printf(out, "\\x%02x", c);
}

/* Letters, marks, numbers, punctuation and symbols are what Go prints. */
static void quote_character(struct buf *out, const struct regex *printable, struct str text)
{
	uint32_t c;

	utf8_next(text, &c);
	if (regex_match(printable, text))
		buf_add_str(out, text);
	else
		buf_printf(out, c <= 0xffff ? "\\u%04x" : "\\U%08x", (unsigned)c);
}

static void quote_text(struct buf *out, const struct regex *printable, struct str s)
{
	while (s.n > 0) {
		unsigned char c = (unsigned char)s.p[0];
		uint32_t wide;
		size_t n = utf8_next(s, &wide);

		if (n > 1)
			quote_character(out, printable, str_head(s, n));
		else if (c >= ' ' && c < 0x7f && c != '"' && c != '\\')
			buf_char(out, (char)c);
		else
			quote_byte(out, c);
		s = str_skip(s, n);
	}
}

void value_quote(struct buf *out, struct str s)
{
	struct regex *printable;
	struct err e;

	if (regex_new(&printable, STR("[\\pL\\pM\\pN\\pP\\pS]"), &e) != OK) {
		out->failed = true;
		return;
	}
	buf_char(out, '"');
	quote_text(out, printable, s);
	buf_char(out, '"');
	regex_free(printable);
}
