/*
 * First arguments that are no flag and no source but a verb: `pprof run …`. One table; a word that
 * is not in it is a source, as in every other pprof.
 */
#ifndef CLI_SUBCOMMANDS_H
#define CLI_SUBCOMMANDS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"

struct subcommand {
	const char *name;
	const char *arguments;
	const char *summary;
	/* argv behind the verb, NULL-terminated. *status is the exit status when OK is returned. */
	enum err_code (*run)(
	    int argc, char **argv, const struct ui *ui, int *status, struct err *e);
};

/* NULL when name is not a verb. */
const struct subcommand *subcommand_find(struct str name);

/* Appends a usage line for each. */
void subcommands_list(struct buf *out);

#endif
