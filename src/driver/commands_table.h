/*
 * The one table of report commands: what a flag or shell word prints, what is done to the text
 * afterwards and where it goes. Flags, shell, help, completions and the manual page use it.
 */
#ifndef DRIVER_COMMANDS_TABLE_H
#define DRIVER_COMMANDS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "core/str.h"
#include "driver/config.h"
#include "report/report.h"

/* Where a report goes when no output file is named. */
enum command_show {
	COMMAND_STDOUT,
	COMMAND_FILE,    /* standard output, or a new file when that is a terminal */
	COMMAND_BROWSER, /* a temporary file, opened in a browser */
	COMMAND_VIEWER,  /* a temporary file, opened with `viewer` */
};

/* What the arguments in the shell may be, for its help. */
enum command_usage {
	COMMAND_USAGE_NONE,
	COMMAND_USAGE_SORTED, /* n, focus, -ignore, -cum */
	COMMAND_USAGE_GRAPH,  /* n, focus, -ignore */
	COMMAND_USAGE_SYMBOL, /* regex or address, then focus, -ignore */
	COMMAND_USAGE_PEEK,
	COMMAND_USAGE_TAGS,
};

struct command {
	const char *name;
	enum report_format format;
	bool has_param;
	const char *dot; /* argument of dot -T, NULL: not drawn */
	bool massage;    /* make the SVG pannable */
	enum command_show show;
	const char *suffix; /* of the file */
	const char *viewer; /* program with arguments */
	enum command_usage usage;
	/* What the command decides over the user's options: */
	bool untrimmed;          /* nodecount, nodefraction and edgefraction are 0 */
	int64_t nodecount;       /* when still -1 */
	const char *granularity; /* NULL: the user's */
	const bool *noinlines;   /* NULL: the user's */
	const char *summary;
};

extern const struct command commands[];
extern const size_t n_commands;

/* NULL when there is none. */
const struct command *command_find(struct str name);

/* The options as the command wants them: trimming, count, granularity, inlines. */
void command_override(const struct command *c, struct config *config);

/* Appends the help text of the shell: summary and usage lines, then an empty line. */
void command_help(const struct command *c, struct buf *out);

#endif
