/*
 * `pprof leaks`: from sources to a verdict. The face reads the flags through the table
 * verdicts_options; the judging is in leaks/, reading files in verdicts_read.c, watching a running
 * program in verdicts_watch.c.
 */
#ifndef DRIVER_VERDICTS_H
#define DRIVER_VERDICTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "driver/options_table.h"

struct verdicts {
	struct str watch; /* -for: how long a URL is watched */
	struct str every; /* time between two profiles; "" chosen from -for */
	struct str since; /* what to compare with: a source, a time, or an age */
	struct str save;  /* directory for the profiles that are fetched; "" none */
	struct str symbolize;
	struct str tls_cert, tls_key, tls_ca;
	bool json;
	bool holders; /* a live program with suspects is asked who holds them */
	/*
	 * Shows what is known so far in place of what was shown before; "" takes it away. NULL when
	 * nobody watches.
	 */
	void (*progress)(void *ctx, struct str text);
	/* Sleeps for so many seconds; false ends the watch. NULL: nobody is there to end it. */
	bool (*wait)(void *ctx, double s);
	void *progress_ctx; /* of both */
};

extern const struct option verdicts_options[];
extern const size_t n_verdicts_options;

void verdicts_init(struct verdicts *v);

/*
 * Judges argv[0 .. n) (NUL-terminated): a URL, or profiles, directories and state files, a
 * program's binary before them. Appends the report to *out; *status is 0 no leak, 1 leak, 3
 * undecided. Errors: those of fetching; ERR_USAGE; ERR_UNSUPPORTED for what is no heap profile.
 */
enum err_code verdicts_run(const struct verdicts *v, char *const *argv, size_t n,
    const struct ui *ui, struct buf *out, int *status, struct err *e) MUST_USE;

#endif
