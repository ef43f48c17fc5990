/*
 * The options that shape a report, one plain field each. Flags, shell assignments and URL
 * parameters write it through the table in options_table.h, which also holds the defaults. A
 * config is copied by value: strings are borrowed from the arena they were set with (the driver's,
 * or that of a web request).
 */
#ifndef DRIVER_CONFIG_H
#define DRIVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

struct config {
	struct str output; /* file name; "" is standard output or a viewer */

	bool call_tree;
	bool relative_percentages;
	struct str unit;
	bool compact_labels;
	struct str source_path;
	struct str trim_path;
	bool intel_syntax;
	bool mean;
	struct str sample_index; /* "" is the profile's default */
	double divide_by;
	bool normalize;
	struct str sort; /* "flat" or "cum" */

	struct str tagroot, tagleaf;

	bool drop_negative;
	int64_t nodecount; /* -1 is the command's default */
	double nodefraction, edgefraction;
	bool trim;
	struct str focus, ignore, prune_from, hide, show, show_from;
	struct str tagfocus, tagignore, tagshow, taghide;
	bool noinlines;
	bool showcolumns;
	struct str granularity; /* "" is functions */
};

struct option;

/* The defaults of the table. */
void config_init(struct config *c);

/*
 * Sets the option `name` (or, when name is one of an option's choices and value is true, that
 * choice) from text as typed in the shell. value is copied into keep. ERR_NOT_FOUND for an unknown
 * name, ERR_USAGE for a bad value; then *c is unchanged.
 */
enum err_code config_set(struct config *c, struct str name, struct str value, struct arena *keep,
    struct err *e) MUST_USE;

/*
 * Applies one URL parameter; names that are none of ours are ignored. An empty value is the
 * option's own default, so that a page can leave out what the command line has set.
 * ERR_USAGE "error setting config field NAME: …".
 */
enum err_code config_set_url(struct config *c, struct str param, struct str value,
    struct arena *keep, struct err *e) MUST_USE;

/*
 * Appends the saved options that differ from their default as "n=3&f=main", percent-encoded, in
 * the order of the parameter names; nothing when there are none.
 */
void config_print_query(const struct config *c, struct buf *out);

#endif
