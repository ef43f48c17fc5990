/*
 * The one table of options: flags, shell variables, the `o` listing, help, URL parameters,
 * completions and the manual page are all made from it. A second table of the same kind holds what
 * is only a flag: where profiles come from and how they are symbolized (struct request).
 */
#ifndef DRIVER_OPTIONS_TABLE_H
#define DRIVER_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

enum option_kind {
	OPTION_BOOL,
	OPTION_INT,
	OPTION_FLOAT,
	OPTION_STRING,
	OPTION_CHOICE, /* one word of `choices`; on the command line each word is a flag */
};

struct option_choice {
	const char *name;
	const char *help;
};

struct option {
	const char *name;
	enum option_kind kind;
	size_t offset;        /* of the field: bool, int64_t, double or struct str */
	const char *initial;  /* default, as text */
	const char *url;      /* parameter of the web pages; NULL none */
	bool saved;           /* belongs to a saved configuration */
	const char *group;    /* heading in the usage text, of flags that are no config option */
	const char *argument; /* what stands for the value in help texts */
	const struct option_choice *choices; /* ended by a NULL name */
	const char *help;                    /* first line: summary; further lines: details */
};

/* Options of struct config, in the order in which a config is compared, saved and printed. */
extern const struct option config_options[];
extern const size_t n_config_options;

/* Flags of struct request. */
extern const struct option request_options[];
extern const size_t n_request_options;

/* An option of a config by name, or by URL parameter; NULL when there is none. */
const struct option *option_find(struct str name);
const struct option *option_find_url(struct str param);
/* The option that has `name` among its choices, and the choice; NULL when there is none. */
const struct option *option_find_choice(struct str name, const struct option_choice **choice);

/* Fills the fields of all options of a table with their defaults. */
void option_set_defaults(const struct option *table, size_t n, void *base);
/*
 * Reads a value as the shell does. Strings are copied into keep. ERR_USAGE with Go's text, or
 * ERR_NOMEM; then the field is unchanged.
 */
enum err_code option_set(const struct option *o, void *base, struct str value, struct arena *keep,
    struct err *e) MUST_USE;
/* Appends the value as text. */
void option_print(const struct option *o, const void *base, struct buf *out);
/* True when the field holds the default. */
bool option_is_default(const struct option *o, const void *base);

/* First line of a help text. */
struct str option_summary(const char *help);

#endif
