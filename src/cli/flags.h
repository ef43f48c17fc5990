/*
 * Command line flags in Go's syntax: -x, --x, -x=v, -x v; the first word that is no flag ends them,
 * and so does "--". Error texts are those of Go's flag package, which users' scripts compare.
 */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include <stdbool.h>

#include "base/err.h"
#include "core/str.h"
#include "driver/driver.h"
#include "driver/options_table.h"

/* Where one flag's value goes. */
struct flag {
	enum option_kind kind; /* not OPTION_CHOICE */
	void *value;           /* bool, int64_t, double or struct str */
};

/* Fills *flag for a flag's name; false when there is none. */
typedef bool flag_lookup(void *ctx, struct str name, struct flag *flag);

enum flags_result {
	FLAGS_OK,
	FLAGS_HELP, /* -h or -help was given and is no flag */
	FLAGS_BAD,  /* e holds the message */
};

/*
 * Reads argv[0..n) and sets *used to the number of words before the first positional. String values
 * borrow from argv.
 */
enum flags_result flags_read(
    char *const *argv, int n, flag_lookup *lookup, void *ctx, int *used, struct err *e);

/*
 * Reads a whole command line into d->request and d->config, positionals included (they live in
 * d->arena).
 */
enum flags_result flags_parse(struct driver *d, char *const *argv, int n, struct err *e);

/* The flag of a table's option with this name, in a struct at base; false when there is none. */
bool flags_find_option(
    const struct option *table, size_t n, void *base, struct str name, struct flag *flag);

#endif
