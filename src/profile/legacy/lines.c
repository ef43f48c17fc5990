#include "profile/legacy/lines.h"

bool lines_next(struct lines *l)
{
	size_t end = str_find_char(str_head(l->rest, LINE_LIMIT), '\n');

	l->line = (struct str){ l->rest.p, 0 };
	if (l->rest.n == 0 || l->too_long)
		return false;
	if (end == STR_NPOS && l->rest.n >= LINE_LIMIT) {
		l->too_long = true;
		return false;
	}
	l->line = end == STR_NPOS ? l->rest : str_head(l->rest, end);
	l->rest = str_skip(l->rest, l->line.n + (end != STR_NPOS));
	if (str_ends(l->line, STR("\r")))
		l->line.n--;
	return true;
}

enum err_code lines_check(const struct lines *l, struct err *e)
{
	if (l->too_long)
		return FAIL(e, ERR_FORMAT, "bufio.Scanner: token too long");
	return OK;
}

bool line_is_blank(struct str line)
{
	struct str trimmed = str_trim(line);

	return trimmed.n == 0 || trimmed.p[0] == '#';
}

bool line_is_map_start(struct str line)
{
	return str_find(line, STR("--- Memory map: ---")) != STR_NPOS ||
	       str_find(line, STR("MAPPED_LIBRARIES:")) != STR_NPOS;
}

bool lines_next_row(struct lines *l, struct str *row)
{
	while (lines_next(l)) {
		*row = str_trim(l->line);
		if (!line_is_blank(*row))
			return !line_is_map_start(*row);
	}
	return false;
}

/* Cuts "0x", "0b", "0o" or "0" off *s. */
static unsigned take_base(struct str *s)
{
	unsigned second = s->n > 1 ? (unsigned char)s->p[1] | 0x20u : 0;
	unsigned base = 8;

	if (s->n < 2 || s->p[0] != '0')
		return 10;
	if (second == 'x')
		base = 16;
	else if (second == 'b')
		base = 2;
	*s = str_skip(*s, second == 'x' || second == 'b' || second == 'o' ? 2 : 1);
	return base;
}

enum number_fault { NUMBER_OK, NUMBER_SYNTAX, NUMBER_RANGE };

/* As Go, digits are judged before the range. */
static enum number_fault read_digits(struct str s, unsigned base, uint64_t *out)
{
	bool fits = true;
	uint64_t v = 0;

	if (s.n == 0)
		return NUMBER_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = str_digit(s.p[i]);

		if (digit >= base)
			return NUMBER_SYNTAX;
		fits = fits && !__builtin_mul_overflow(v, (uint64_t)base, &v) &&
		       !__builtin_add_overflow(v, (uint64_t)digit, &v);
	}
	*out = v;
	return fits ? NUMBER_OK : NUMBER_RANGE;
}

static enum number_fault read_int(struct str s, bool any_base, int64_t *out)
{
	bool negative = str_starts(s, STR("-"));
	enum number_fault fault;
	uint64_t v = 0;
	unsigned base;

	if (negative || str_starts(s, STR("+")))
		s = str_skip(s, 1);
	base = any_base ? take_base(&s) : 10;
	fault = read_digits(s, base, &v);
	if (fault != NUMBER_OK)
		return fault;
	if (v > (uint64_t)INT64_MAX + negative)
		return NUMBER_RANGE;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return NUMBER_OK;
}

static MUST_USE enum err_code parse_number(struct str s, bool any_base, int64_t *out, struct err *e)
{
	enum number_fault fault = read_int(s, any_base, out);

	if (fault == NUMBER_OK)
		return OK;
	return FAIL(e, ERR_FORMAT, "strconv.ParseInt: parsing \"%.*s\": %s", STR_ARG(s),
	    fault == NUMBER_SYNTAX ? "invalid syntax" : "value out of range");
}

enum err_code number_any_base(struct str s, int64_t *out, struct err *e)
{
	return parse_number(s, true, out, e);
}

enum err_code number_decimal(struct str s, int64_t *out, struct err *e)
{
	return parse_number(s, false, out, e);
}

bool number_hex(struct str s, uint64_t *out)
{
	return read_digits(s, 16, out) == NUMBER_OK;
}
