/*
 * Starts a command with libpprof in it: LD_PRELOAD, the PPROF_* environment, and a pipe on which
 * the runtime tells its address. `pprof run` calls this; the other end is runtime/preload.c, which
 * writes "http://127.0.0.1:PORT/debug/pprof/\n" to the descriptor named by PPROF_NOTIFY_FD, in the
 * same write lines "warning: …\n" if there is something to warn of, and closes it.
 */
#ifndef FETCH_RUN_H
#define FETCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"

struct run_options {
	char *const *argv; /* command and arguments, NULL-terminated; argv[0] searched in PATH */
	struct str out;    /* -o FILE: PPROF_OUT, heap profile at exit; "" none */
	bool born;         /* -born: PPROF_BORN, births in it; false leaves the environment alone */
	struct str heap_rate; /* -rate N: PPROF_HEAP_RATE, bytes; "" leaves the environment alone */
	struct str addr;      /* PPROF_ADDR; "" leaves it, or sets 127.0.0.1:0 when it is unset */
	struct str state;     /* PPROF_STATE, absolute; "" leaves the environment alone */
	bool quiet;           /* do not say where it serves */
};

/*
 * Runs the command to its end. "pprof: serving URL" is said through ui when the runtime has
 * answered. INT, TERM, HUP and QUIT that reach us go to the command. *status is its exit status,
 * 128 + signal when a signal ended it. ERR_NOT_FOUND without a command or without the preload
 * library, ERR_UNSUPPORTED for a static or set-user-id program (into which nothing can be loaded).
 */
enum err_code run_command(
    const struct run_options *o, const struct ui *ui, int *status, struct err *e) MUST_USE;

/*
 * Path of libpprof_preload.so: $PPROF_PRELOAD, else beside the tool (../lib, then the installed
 * library directory). Writes into out (with NUL); ERR_NOT_FOUND names the places.
 */
enum err_code run_find_preload(char *out, size_t cap, struct err *e) MUST_USE;

#endif
