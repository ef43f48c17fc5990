/*
 * Lines for the shell: edited with history and Tab completion on a terminal (libedit), read as they
 * are otherwise. The history is kept in $XDG_STATE_HOME/pprof/history, else
 * $HOME/.local/state/pprof/history; without either it ends with the session.
 */
#ifndef SHELL_LINEEDIT_H
#define SHELL_LINEEDIT_H

#include <stdbool.h>

#include "base/err.h"
#include "core/str.h"
#include "driver/driver.h"

struct lineedit;

/*
 * d is asked for completions; it must outlive *out. On a terminal SIGINT is ignored from here to
 * lineedit_close, but for the time in which a line is typed. ERR_NOMEM.
 */
enum err_code lineedit_open(struct lineedit **out, struct driver *d, struct err *e) MUST_USE;
/* Saves the history and gives the terminal back. NULL is fine. */
void lineedit_close(struct lineedit *l);

/* True when lines come from somebody at a terminal. */
bool lineedit_is_terminal(const struct lineedit *l);

/*
 * The next line without its newline, valid until the next call; {NULL, 0} at the end of the input.
 * An interrupt (^C) gives an empty line. ERR_IO.
 */
enum err_code lineedit_read(
    struct lineedit *l, const char *prompt, struct str *line, struct err *e) MUST_USE;

#endif
