/*
 * Reading and printing options by their table entry: declared in options_table.h, called by the
 * flag parser, the shell, the web pages and the saved settings.
 */
#include "driver/options_table.h"

#include "driver/value.h"

static void *field(const struct option *o, void *base)
{
	return (char *)base + o->offset;
}

static const void *field_const(const struct option *o, const void *base)
{
	return (const char *)base + o->offset;
}

const struct option *option_find(struct str name)
{
	for (size_t i = 0; i < n_config_options; i++)
		if (str_is(name, config_options[i].name))
			return &config_options[i];
	return NULL;
}

const struct option *option_find_url(struct str param)
{
	for (size_t i = 0; i < n_config_options; i++)
		if (config_options[i].url && str_is(param, config_options[i].url))
			return &config_options[i];
	return NULL;
}

static const struct option_choice *find_choice(const struct option *o, struct str name)
{
	for (const struct option_choice *c = o->choices; c && c->name; c++)
		if (str_is(name, c->name))
			return c;
	return NULL;
}

const struct option *option_find_choice(struct str name, const struct option_choice **choice)
{
	for (size_t i = 0; i < n_config_options; i++) {
		*choice = find_choice(&config_options[i], name);
		if (*choice)
			return &config_options[i];
	}
	return NULL;
}

/* Go's text of a number that strconv refuses. */
static enum err_code bad_number(
    struct err *e, const char *function, struct str value, enum value_result result)
{
	struct buf quoted = { 0 };

	value_quote(&quoted, value);
	err_set(e, ERR_USAGE, 0, "strconv.%s: parsing %s: %s", function, buf_c(&quoted),
	    result == VALUE_RANGE ? "value out of range" : "invalid syntax");
	buf_release(&quoted);
	return ERR_USAGE;
}

static enum err_code set_int(int64_t *at, struct str value, struct err *e)
{
	int64_t v;
	enum value_result result = value_int(value, 10, &v);

	if (result != VALUE_OK)
		return bad_number(e, "Atoi", value, result);
	*at = v;
	return OK;
}

static enum err_code set_float(double *at, struct str value, struct err *e)
{
	double v;
	enum value_result result = value_float(value, &v);

	if (result != VALUE_OK)
		return bad_number(e, "ParseFloat", value, result);
	*at = v;
	return OK;
}

static enum err_code set_bool(bool *at, struct str value, struct err *e)
{
	bool v;

	if (!value_word_bool(value, &v))
		return FAIL(
		    e, ERR_USAGE, "illegal value \"%.*s\" for bool variable", STR_ARG(value));
	*at = v;
	return OK;
}

static enum err_code set_string(struct str *at, struct str value, struct arena *keep, struct err *e)
{
	struct str copy = value.n ? arena_str(keep, value) : STR("");

	if (!copy.p)
		return FAIL_NOMEM(e);
	*at = copy;
	return OK;
}

static enum err_code set_choice(
    const struct option *o, struct str *at, struct str value, struct err *e)
{
	const struct option_choice *choice = find_choice(o, value);
	struct buf quoted = { 0 };

	if (choice) {
		*at = str_c(choice->name);
		return OK;
	}
	value_quote(&quoted, value);
	err_set(e, ERR_USAGE, 0, "invalid \"%s\" value %s", o->name, buf_c(&quoted));
	buf_release(&quoted);
	return ERR_USAGE;
}

enum err_code option_set(
    const struct option *o, void *base, struct str value, struct arena *keep, struct err *e)
{
	void *at = field(o, base);

	switch (o->kind) {
	case OPTION_BOOL:
		return set_bool(at, value, e);
	case OPTION_INT:
		return set_int(at, value, e);
	case OPTION_FLOAT:
		return set_float(at, value, e);
	case OPTION_CHOICE:
		return set_choice(o, at, value, e);
	case OPTION_STRING:
		break;
	}
	return set_string(at, value, keep, e);
}

/* Defaults are constants of the table, so strings need no copy and nothing can fail. */
static void set_default(const struct option *o, void *base)
{
	struct str initial = str_c(o->initial);
	void *at = field(o, base);

	switch (o->kind) {
	case OPTION_BOOL:
		*(bool *)at = str_is(initial, "true");
		break;
	case OPTION_INT:
		(void)value_int(initial, 10, at);
		break;
	case OPTION_FLOAT:
		(void)value_float(initial, at);
		break;
	case OPTION_CHOICE:
	case OPTION_STRING:
		*(struct str *)at = initial;
		break;
	}
}

void option_set_defaults(const struct option *table, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++)
		set_default(&table[i], base);
}

void option_print(const struct option *o, const void *base, struct buf *out)
{
	const void *at = field_const(o, base);

	switch (o->kind) {
	case OPTION_BOOL:
		buf_printf(out, "%s", *(const bool *)at ? "true" : "false");
		break;
	case OPTION_INT:
		buf_i64(out, *(const int64_t *)at);
		break;
	case OPTION_FLOAT:
		value_print_float(out, *(const double *)at);
		break;
	case OPTION_CHOICE:
	case OPTION_STRING:
		buf_add_str(out, *(const struct str *)at);
		break;
	}
}

bool option_is_default(const struct option *o, const void *base)
{
	struct buf text = { 0 };
	bool same;

	option_print(o, base, &text);
	same = str_is(buf_str(&text), o->initial);
	buf_release(&text);
	return same;
}

struct str option_summary(const char *help)
{
	struct str text = str_c(help);
	size_t end = str_find_char(text, '\n');

	return end == STR_NPOS ? text : str_head(text, end);
}
