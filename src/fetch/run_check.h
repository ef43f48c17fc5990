/*
 * What must hold before a command can be run with the runtime in it. For run.c.
 */
#ifndef FETCH_RUN_CHECK_H
#define FETCH_RUN_CHECK_H

#include <limits.h>

#include "base/err.h"
#include "core/str.h"

/* The file that name means: itself when it has a slash, else searched in PATH. ERR_NOT_FOUND. */
enum err_code run_find_command(char path[PATH_MAX], const char *name, struct err *e) MUST_USE;

/*
 * ERR_UNSUPPORTED when the dynamic linker will not load the runtime into path: a statically linked
 * program, or one with the set-user-id or set-group-id bit or file capabilities.
 */
enum err_code run_check_loadable(const char *path, struct err *e) MUST_USE;

/*
 * Where the command's last profile goes: `out` made absolute, as the command may change folders.
 * Fails like the opening of a file there would ("open X: permission denied"); makes nothing. A
 * folder with %p in its name is known only to the command and is not looked at.
 */
enum err_code run_check_output(char path[PATH_MAX], struct str out, struct err *e) MUST_USE;

#endif
