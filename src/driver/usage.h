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

/* Flags of a table by their groups, each with a heading. */
void usage_groups(struct buf *out, const struct option *table, size_t n);

#endif
