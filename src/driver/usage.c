/* Lists of commands and options as text, see usage.h. Called by cli/help.c and shell/. */
#include "driver/usage.h"

#include <stdlib.h>

#include "driver/commands_table.h"

#define MAX_SORTED 64

void usage_line(struct buf *out, const char *prefix, const char *name, const char *help)
{
	struct str summary = option_summary(help);
	int width = 21 - (int)strlen(prefix);

	buf_printf(out, "    %s%-*s %.*s\n", prefix, width > 0 ? width : 0, name, STR_ARG(summary));
}

void usage_commands(struct buf *out, const char *prefix)
{
	for (size_t i = 0; i < n_commands; i++) {
		struct buf name = { 0 };

		buf_printf(&name, "%s%s", commands[i].name,
		    !commands[i].has_param ? ""
		    : *prefix              ? "=regex"
					   : " regex");
		usage_line(out, prefix, buf_c(&name), commands[i].summary);
		buf_release(&name);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct option *const *x = a;
	const struct option *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void one_option(struct buf *out, const char *prefix, const struct option *o)
{
	struct buf name = { 0 };

	buf_printf(
	    &name, "%s%s%s", o->name, o->argument ? "=" : "", o->argument ? o->argument : "");
	usage_line(out, prefix, buf_c(&name), o->help);
	buf_release(&name);
}

static void choices(struct buf *out, const char *prefix, const struct option *o)
{
	struct str summary = option_summary(o->help);

	buf_printf(out, "\n  %.*s (%s, at most one):\n", STR_ARG(summary), o->name);
	for (const struct option_choice *c = o->choices; c->name; c++)
		usage_line(out, prefix, c->name, c->help);
}

void usage_options(struct buf *out, const char *prefix)
{
	const struct option *sorted[MAX_SORTED];
	size_t n = 0;

	for (size_t i = 0; i < n_config_options && n < MAX_SORTED; i++)
		sorted[n++] = &config_options[i];
	qsort(sorted, n, sizeof(const struct option *), by_name);
	for (size_t i = 0; i < n; i++)
		if (sorted[i]->kind != OPTION_CHOICE)
			one_option(out, prefix, sorted[i]);
	for (size_t i = 0; i < n; i++)
		if (sorted[i]->kind == OPTION_CHOICE)
			choices(out, prefix, sorted[i]);
}

void usage_groups(struct buf *out, const struct option *table, size_t n)
{
	const char *group = "";

	for (size_t i = 0; i < n; i++) {
		if (strcmp(group, table[i].group) != 0)
			buf_printf(out, "\n  %s:\n", table[i].group);
		group = table[i].group;
		one_option(out, "-", &table[i]);
	}
}
