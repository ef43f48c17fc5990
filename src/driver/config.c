/* Report options by name and by URL parameter, see config.h. Called by all three faces. */
#include "driver/config.h"

#include <ctype.h>
#include <stdlib.h>

#include "driver/options_table.h"
#include "driver/value.h"

void config_init(struct config *c)
{
	*c = (struct config){ 0 };
	option_set_defaults(config_options, n_config_options, c);
}

enum err_code config_set(
    struct config *c, struct str name, struct str value, struct arena *keep, struct err *e)
{
	const struct option *o = option_find(name);
	const struct option_choice *choice;
	bool on;

	if (o)
		return option_set(o, c, value, keep, e);
	o = option_find_choice(name, &choice);
	if (o && value_word_bool(value, &on) && on)
		return option_set(o, c, name, keep, e);
	return FAIL(e, ERR_NOT_FOUND, "unknown config field \"%.*s\"", STR_ARG(name));
}

enum err_code config_set_url(
    struct config *c, struct str param, struct str value, struct arena *keep, struct err *e)
{
	const struct option *o = option_find_url(param);
	enum err_code code;

	if (!o)
		return OK;
	if (value.n == 0) {
		option_set_defaults(o, 1, c);
		return OK;
	}
	code = option_set(o, c, value, keep, e);
	if (code != OK)
		err_prefix(e, "error setting config field %s", o->name);
	return code;
}

/* As Go's url.QueryEscape: letters, digits and -_.~ stay, a space is '+'. */
static void add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && (isalnum(c) || (c && strchr("-_.~", c))))
			buf_char(out, (char)c);
		else if (c == ' ')
			buf_char(out, '+');
		else
			buf_printf(out, "%%%02X", c);
	}
}

static int by_url(const void *a, const void *b)
{
	const struct option *const *x = a;
	const struct option *const *y = b;

	return strcmp((*x)->url, (*y)->url);
}

/* Room for pointers to all options of a config; checked where it is filled. */
#define MAX_OPTIONS 64

void config_print_query(const struct config *c, struct buf *out)
{
	const struct option *shown[MAX_OPTIONS];
	struct buf value = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < n_config_options && n < MAX_OPTIONS; i++) {
		const struct option *o = &config_options[i];

		if (o->url && o->saved && !option_is_default(o, c))
			shown[n++] = o;
	}
	qsort(shown, n, sizeof(const struct option *), by_url);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&value);
		option_print(shown[i], c, &value);
		if (shown[i]->kind == OPTION_BOOL) /* t or f */
			value.n = value.n > 0;
		buf_printf(out, "%s%s=", i ? "&" : "", shown[i]->url);
		add_escaped(out, buf_str(&value));
	}
	buf_release(&value);
}
