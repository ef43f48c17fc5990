/*
 * Go's flag syntax and the mapping of our tables to flags, see flags.h. Choices are the hard part:
 * each word of a choice is a flag of its own, and two words of one choice are a conflict that is
 * told only after everything was read.
 */
#include "cli/flags.h"

#include "driver/value.h"

#define MAX_CHOICES  8
#define MAX_COMMANDS 64

static enum flags_result bad(struct err *e, const char *what, struct str name)
{
	err_set(e, ERR_USAGE, 0, "%s: %.*s", what, STR_ARG(name));
	return FLAGS_BAD;
}

static enum flags_result bad_value(struct err *e, const char *what, struct str value,
    const char *flag, struct str name, enum value_result why)
{
	struct buf quoted = { 0 };

	value_quote(&quoted, value);
	err_set(e, ERR_USAGE, 0, "invalid %s %s for %s-%.*s: %s", what, buf_c(&quoted), flag,
	    STR_ARG(name), why == VALUE_RANGE ? "value out of range" : "parse error");
	buf_release(&quoted);
	return FLAGS_BAD;
}

static enum flags_result set_value(
    const struct flag *flag, struct str name, struct str value, struct err *e)
{
	enum value_result result = VALUE_OK;

	switch (flag->kind) {
	case OPTION_BOOL:
		if (!value_flag_bool(value, flag->value))
			return bad_value(e, "boolean value", value, "", name, VALUE_SYNTAX);
		break;
	case OPTION_INT:
		result = value_int(value, 0, flag->value);
		break;
	case OPTION_FLOAT:
		result = value_float(value, flag->value);
		break;
	case OPTION_CHOICE:
	case OPTION_STRING:
		*(struct str *)flag->value = value;
		break;
	}
	if (result != VALUE_OK)
		return bad_value(e, "value", value, "flag ", name, result);
	return FLAGS_OK;
}

/* One flag: argv[*at] without its dashes; *at moves over a value that is a word of its own. */
static enum flags_result read_flag(char *const *argv, int n, int *at, struct str text,
    flag_lookup *lookup, void *ctx, struct err *e)
{
	size_t equals = str_find_char(text, '=');
	struct str name = equals == STR_NPOS ? text : str_head(text, equals);
	struct flag flag;

	(*at)++;
	if (!lookup(ctx, name, &flag)) {
		if (str_is(name, "help") || str_is(name, "h"))
			return FLAGS_HELP;
		err_set(e, ERR_USAGE, 0, "flag provided but not defined: -%.*s", STR_ARG(name));
		return FLAGS_BAD;
	}
	if (equals != STR_NPOS)
		return set_value(&flag, name, str_skip(text, equals + 1), e);
	if (flag.kind == OPTION_BOOL)
		return set_value(&flag, name, STR("true"), e);
	if (*at >= n) {
		err_set(e, ERR_USAGE, 0, "flag needs an argument: -%.*s", STR_ARG(name));
		return FLAGS_BAD;
	}
	return set_value(&flag, name, str_c(argv[(*at)++]), e);
}

enum flags_result flags_read(
    char *const *argv, int n, flag_lookup *lookup, void *ctx, int *used, struct err *e)
{
	int at = 0;

	while (at < n) {
		struct str word = str_c(argv[at]);
		struct str text = str_skip(word, 1);
		enum flags_result result;

		if (word.n < 2 || word.p[0] != '-')
			break;
		if (text.p[0] == '-')
			text = str_skip(text, 1);
		if (text.n == 0) { /* "--" */
			at++;
			break;
		}
		if (text.p[0] == '-' || text.p[0] == '=')
			return bad(e, "bad flag syntax", word);
		result = read_flag(argv, n, &at, text, lookup, ctx, e);
		if (result != FLAGS_OK)
			return result;
	}
	*used = at;
	return FLAGS_OK;
}

bool flags_find_option(
    const struct option *table, size_t n, void *base, struct str name, struct flag *flag)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_is(name, table[i].name) || table[i].kind == OPTION_CHOICE)
			continue;
		*flag = (struct flag){ table[i].kind, (char *)base + table[i].offset };
		return true;
	}
	return false;
}

/* What the whole command line says, before it is checked for conflicts. */
struct parse {
	struct driver *driver;
	bool chosen[MAX_COMMANDS][MAX_CHOICES]; /* by option and choice */
	bool command[MAX_COMMANDS];             /* given, by command */
	struct str param[MAX_COMMANDS];
};

static bool find_choice_flag(struct parse *p, struct str name, struct flag *flag)
{
	const struct option_choice *choice;
	const struct option *o = option_find_choice(name, &choice);

	if (!o)
		return false;
	*flag = (struct flag){ OPTION_BOOL, &p->chosen[o - config_options][choice - o->choices] };
	return true;
}

static bool find_command_flag(struct parse *p, struct str name, struct flag *flag)
{
	const struct command *c = command_find(name);

	if (!c)
		return false;
	if (c->has_param)
		*flag = (struct flag){ OPTION_STRING, &p->param[c - commands] };
	else
		*flag = (struct flag){ OPTION_BOOL, &p->command[c - commands] };
	return true;
}

static bool lookup_any(void *ctx, struct str name, struct flag *flag)
{
	struct parse *p = ctx;

	return flags_find_option(
		   config_options, n_config_options, &p->driver->config, name, flag) ||
	       flags_find_option(
		   request_options, n_request_options, &p->driver->request, name, flag) ||
	       find_choice_flag(p, name, flag) || find_command_flag(p, name, flag);
}

/* The word given of a choice; several are noted for request_check. */
static void take_choice(struct parse *p, const struct option *o)
{
	struct driver *d = p->driver;
	const bool *chosen = p->chosen[o - config_options];
	struct buf words = { 0 };
	size_t n = 0;

	for (size_t i = 0; o->choices[i].name; i++) {
		if (!chosen[i])
			continue;
		*(struct str *)(void *)((char *)&d->config + o->offset) = str_c(o->choices[i].name);
		buf_printf(&words, "%s%s", n++ ? " " : "", o->choices[i].name);
	}
	if (n > 1)
		d->request.conflict = arena_str(&d->arena, buf_str(&words));
	buf_release(&words);
}

static void take_commands(struct parse *p)
{
	struct request *r = &p->driver->request;

	for (size_t i = 0; i < n_commands; i++) {
		if (!p->command[i] && p->param[i].n == 0)
			continue;
		r->command = &commands[i];
		r->param = p->param[i];
		r->n_commands++;
	}
}

static enum flags_result take_positionals(struct parse *p, char *const *argv, int n, struct err *e)
{
	struct driver *d = p->driver;
	struct str *sources = ARENA_ARRAY(&d->arena, struct str, (size_t)n);

	if (!sources) {
		err_set(e, ERR_NOMEM, 0, "out of memory");
		return FLAGS_BAD;
	}
	for (int i = 0; i < n; i++)
		sources[i] = str_c(argv[i]);
	d->request.sources = sources;
	d->request.n_sources = (uint32_t)n;
	return FLAGS_OK;
}

enum flags_result flags_parse(struct driver *d, char *const *argv, int n, struct err *e)
{
	struct parse p = { .driver = d };
	enum flags_result result;
	int used = 0;

	result = flags_read(argv, n, lookup_any, &p, &used, e);
	if (result != FLAGS_OK)
		return result;
	take_commands(&p);
	for (size_t i = 0; i < n_config_options; i++)
		if (config_options[i].kind == OPTION_CHOICE)
			take_choice(&p, &config_options[i]);
	return take_positionals(&p, argv + used, n - used, e);
}
