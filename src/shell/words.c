/* Commands as words, see words.h. */
#include "shell/words.h"

#include <ctype.h>

#include "base/utf8.h"
#include "driver/options_table.h"
#include "driver/value.h"

/* White space besides ASCII's, as Unicode has it: pasted lines hold such. */
static bool is_wide_space(uint32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Bytes of the white space at that place; 0: there is none. */
static size_t space_at(struct str s, size_t i)
{
	uint32_t c;
	size_t n;

	if (i >= s.n || isspace((unsigned char)s.p[i]))
		return i < s.n;
	if ((unsigned char)s.p[i] < 0x80)
		return 0;
	n = utf8_next(str_skip(s, i), &c);
	return is_wide_space(c) ? n : 0;
}

struct str words_trim(struct str s)
{
	size_t n;

	while ((n = space_at(s, 0)) > 0)
		s = str_skip(s, n);
	for (size_t i = 0; i < s.n; i++) {
		size_t end = i;

		while ((n = space_at(s, end)) > 0)
			end += n;
		if (end == s.n)
			return str_head(s, i);
		i = end;
	}
	return s;
}

enum err_code words_split(struct words *out, struct str line, struct arena *arena, struct err *e)
{
	struct str *v = ARENA_ARRAY(arena, struct str, line.n / 2 + 1);
	size_t n = 0;

	if (!v)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < line.n;) {
		size_t space;
		size_t start;

		while ((space = space_at(line, i)) > 0)
			i += space;
		start = i;
		while (i < line.n && !space_at(line, i))
			i++;
		if (i > start)
			v[n++] = (struct str){ line.p + start, i - start };
	}
	*out = (struct words){ v, n };
	return OK;
}

/* name without the digits at its end, when there are both. */
static struct str without_digits(struct str name)
{
	size_t n = name.n;

	while (n > 0 && isdigit((unsigned char)name.p[n - 1]))
		n--;
	return n > 0 ? str_head(name, n) : name;
}

static bool is_option_word(struct str name)
{
	const struct option_choice *choice;

	return option_find(name) || option_find_choice(name, &choice);
}

static MUST_USE enum err_code unknown(struct str name, struct str first, struct err *e)
{
	struct buf quoted = { 0 };

	if (is_option_word(name))
		return FAIL(e, ERR_USAGE, "did you mean: %.*s=%.*s", STR_ARG(name),
		    STR_ARG(first.n ? first : STR("<val>")));
	value_quote(&quoted, name);
	err_set(e, ERR_USAGE, 0, "unrecognized command: %s", buf_c(&quoted));
	buf_release(&quoted);
	return ERR_USAGE;
}

/* What the arguments of one command add up to. */
struct arguments {
	struct shell_command *out;
	struct arena *arena;
	struct str focus, ignore;
};

static MUST_USE enum err_code add_pattern(
    struct arguments *a, struct str *to, struct str pattern, struct err *e)
{
	if (to->n == 0 || pattern.n == 0)
		*to = pattern.n ? pattern : *to;
	else
		*to = arena_printf(a->arena, "%.*s|%.*s", STR_ARG(*to), STR_ARG(pattern));
	return arena_failed(a->arena) ? FAIL_NOMEM(e) : OK;
}

/* One argument; *next is the word behind it, which ">" takes. */
static MUST_USE enum err_code add_argument(
    struct arguments *a, struct str word, const struct words *words, size_t *next, struct err *e)
{
	struct config *c = &a->out->config;
	int64_t number;

	if (value_int(word, 10, &number) == VALUE_OK && number == (int32_t)number) {
		c->nodecount = number;
		return OK;
	}
	if (word.p[0] == '>') {
		c->output = str_skip(word, 1);
		if (c->output.n == 0 && *next >= words->n)
			return FAIL(e, ERR_USAGE, "unexpected end of line after >");
		if (c->output.n == 0)
			c->output = words->v[(*next)++];
		return OK;
	}
	if (str_is(word, "-cum") || str_is(word, "--cum")) {
		c->sort = STR("cum");
		return OK;
	}
	if (word.p[0] == '-')
		return add_pattern(a, &a->ignore, str_skip(word, 1), e);
	return add_pattern(a, &a->focus, word, e);
}

/* Patterns replace the options of the same meaning for this command. */
static void apply_patterns(const struct arguments *a)
{
	struct config *c = &a->out->config;
	bool tags = a->out->command->format == REPORT_TAGS;

	if (a->focus.n)
		*(tags ? &c->tagfocus : &c->focus) = a->focus;
	if (a->ignore.n)
		*(tags ? &c->tagignore : &c->ignore) = a->ignore;
}

/*
 * Finds the command of words[0]. When it is one only without the digits at its end ("top10"), those
 * are the first argument.
 */
static MUST_USE enum err_code find(
    struct shell_command *out, const struct words *words, struct str *digits, struct err *e)
{
	struct str name = words->v[0];
	struct str stem = without_digits(name);

	out->command = command_find(name);
	if (out->command)
		return OK;
	*digits = str_skip(name, stem.n);
	out->command = command_find(stem);
	if (out->command)
		return OK;
	return unknown(stem, digits->n ? *digits : words->n > 1 ? words->v[1] : STR(""), e);
}

static MUST_USE enum err_code add_arguments(
    struct arguments *a, const struct words *words, struct str first, struct err *e)
{
	struct shell_command *out = a->out;
	size_t next = 1;

	if (out->command->has_param) {
		if (first.n == 0 && next >= words->n)
			return FAIL(
			    e, ERR_USAGE, "command %s requires an argument", out->command->name);
		out->param = first.n ? first : words->v[next++];
	} else if (first.n) {
		TRY(add_argument(a, first, words, &next, e));
	}
	while (next < words->n) {
		struct str word = words->v[next++];

		TRY(add_argument(a, word, words, &next, e));
	}
	return OK;
}

enum err_code words_parse(struct shell_command *out, const struct words *words,
    const struct config *config, struct arena *arena, struct err *e)
{
	struct arguments a = { .out = out, .arena = arena };
	struct str first = { "", 0 };

	*out = (struct shell_command){ .config = *config };
	TRY(find(out, words, &first, e));
	TRY(add_arguments(&a, words, first, e));
	apply_patterns(&a);
	return OK;
}
