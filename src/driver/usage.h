/*
 * The lists of commands and options that the usage text of the command line and the shell's help
 * have in common, made from the tables.
 */
#ifndef DRIVER_USAGE_H
#define DRIVER_USAGE_H

#include "base/buf.h"
#include "driver/options_table.h"

/* One line of a list: name padded, then the first line of help. */
void usage_line(struct buf *out, const char *prefix, const char *name, const char *help);

/* Commands and config options, sorted; prefix is "-" for flags and "" for the shell. */
void usage_commands(struct buf *out, const char *prefix);
void usage_options(struct buf *out, const char *prefix);

/* An environment variable that the tool obeys; further lines of help are indented alike. */
struct usage_variable {
	const char *name;
	const char *help;
};

extern const struct usage_variable usage_variables[];
extern const size_t n_usage_variables;

/* The variables as a list. */
void usage_environment(struct buf *out);

/* Flags of a table by their groups, each with a heading. */
void usage_groups(struct buf *out, const struct option *table, size_t n);

#endif
