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
};

extern const struct option launch_options[];
extern const size_t n_launch_options;

void launch_init(struct launch *l);

/*
 * Runs argv (NULL-terminated) to its end; *status is what our own exit status should be. Errors:
 * those of run_command().
 */
enum err_code launch_run(const struct launch *l, char *const *argv, const struct ui *ui,
    int *status, struct err *e) MUST_USE;

/* Appends the table of PPROF_* variables that the command will obey. */
void launch_environment(struct buf *out);

#endif
