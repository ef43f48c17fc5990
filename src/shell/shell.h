/*
 * The interactive shell: reads commands and assignments and prints reports of the loaded profile.
 * Called by the driver when no report was asked for. On a terminal lines are edited (lineedit.h);
 * from a pipe they are read as they come and no prompt is printed. With -reports, the lines are
 * those of the request.
 */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include "driver/driver.h"

/*
 * Runs until the input ends or "quit". Errors of commands are said through the ui; those of
 * -reports are returned. ERR_IO.
 */
enum err_code shell_run(struct driver *d, struct err *e) MUST_USE;

/*
 * One line, as typed. *quit is set by quit, q and exit. Fails only when memory is short; what is
 * wrong with the line is said through the ui.
 */
enum err_code shell_line(struct driver *d, struct str line, bool *quit, struct err *e) MUST_USE;

#endif
