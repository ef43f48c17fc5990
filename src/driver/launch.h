/*
 * `pprof run`: starts a command with libpprof in it. The face reads the flags through the table
 * launch_options; the work is in fetch/run.h.
 */
#ifndef DRIVER_LAUNCH_H
#define DRIVER_LAUNCH_H

#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "driver/options_table.h"

struct launch {
	struct str out;  /* file for the heap profile at exit */
	struct str rate; /* bytes between heap samples */
	struct str addr; /* where to serve */
	bool quiet;
	bool born;         /* births in `out` */
	struct str state;  /* directory of state files; "" for $PPROF_STATE */
	struct str expire; /* age of those to remove first; "" none */
	bool list;         /* show what is there, and run nothing */
};

extern const struct option launch_options[];
extern const size_t n_launch_options;

void launch_init(struct launch *l);

/* True when there is something to do without a command. */
bool launch_is_query(const struct launch *l);
/* Does it; what is to be printed is appended to *out. */
enum err_code launch_query(
    const struct launch *l, const struct ui *ui, struct buf *out, struct err *e) MUST_USE;

/*
 * Runs argv (NULL-terminated) to its end; *status is what our own exit status should be. Errors:
 * those of run_command().
 */
enum err_code launch_run(const struct launch *l, char *const *argv, const struct ui *ui,
    int *status, struct err *e) MUST_USE;

/* Appends the table of PPROF_* variables that the command will obey. */
void launch_environment(struct buf *out);

#endif
