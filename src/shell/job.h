/*
 * A report of the shell as a process of its own: ^C ends it and not the shell, and what it prints
 * can go to a pager. Everything else stays with the shell: the error, and the temporary files that
 * are to be deleted at its end.
 */
#ifndef SHELL_JOB_H
#define SHELL_JOB_H

#include "base/err.h"
#include "core/str.h"
#include "driver/driver.h"
#include "shell/words.h"

/*
 * Runs the report and waits for it. `pager` is a command for sh that reads what it prints; "" none.
 * An interrupted report is no error. ERR_IO when no process can be made, ERR_NOMEM, and ERR_USAGE
 * with the report's own message. Changes the handling of SIGINT and SIGQUIT while it waits.
 */
enum err_code job_run(struct driver *d, const struct shell_command *command, struct str pager,
    struct err *e) MUST_USE;

#endif
