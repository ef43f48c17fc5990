/* Lists of commands and options as text, see usage.h. Called by cli/help.c and shell/. */
#include "driver/usage.h"

#include <stdlib.h>

#include "driver/commands_table.h"

#define MAX_SORTED 64

const struct usage_variable usage_variables[] = {
	{ "PPROF_TMPDIR", "Where fetched profiles are kept (else $HOME/pprof)" },
	{ "PPROF_BINARY_PATH", "Where binaries are searched (else $HOME/pprof/binaries), by\n"
			       "name, path and build id; directories separated by ':'" },
	{ "PPROF_SYMBOL_CACHE", "Most MB of names kept in $XDG_CACHE_HOME/pprof (else 256; 0 keeps\n"
				"none)" },
	{ "PPROF_TOOLS", "Accepted and ignored, like -tools" },
	{ "PPROF_PRELOAD", "The library that pprof run loads into the command" },
	{ "HTTP_PROXY", "Proxy for fetching; also HTTPS_PROXY, and NO_PROXY for exceptions" },
	{ "BROWSER", "Browser for web, weblist, flamegraph and -http" },
	{ "TMPDIR", "Where files for viewers are put (else /tmp)" },
	{ "TZ", "Zone of the times in reports" },
	{ "NO_COLOR", "When set, nothing is coloured" },
};
const size_t n_usage_variables = sizeof usage_variables / sizeof usage_variables[0];

void usage_environment(struct buf *out)
{
	for (size_t i = 0; i < n_usage_variables; i++) {
		struct str rest = str_c(usage_variables[i].help);
		struct str line;

		for (const char *name = usage_variables[i].name; str_split(&rest, '\n', &line);
		     name = "")
			buf_printf(out, "    %-21s %.*s\n", name, STR_ARG(line));
	}
}

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
