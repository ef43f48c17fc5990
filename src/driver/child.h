/*
 * Programs that the driver starts: dot as a filter, viewers and browsers. Called by output.c and,
 * for the browser, by the web face.
 */
#ifndef DRIVER_CHILD_H
#define DRIVER_CHILD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/*
 * Runs argv (NULL-terminated, argv[0] searched in PATH) with `input` on its standard input and
 * appends its standard output to out; standard error is ours. ERR_NOT_FOUND `exec: "x": executable
 * file not found in $PATH`, ERR_IO "exit status 1".
 */
enum err_code child_filter(
    const char *const argv[], struct str input, struct buf *out, struct err *e) MUST_USE;

/*
 * Starts `command` (words separated by single spaces) with `argument` as its last word, without
 * waiting. ERR_NOT_FOUND as above.
 */
enum err_code child_start(
    struct str command, struct str argument, pid_t *pid, struct err *e) MUST_USE;

/* Waits for a started program. ERR_IO "exit status 1". */
enum err_code child_wait(pid_t pid, struct err *e) MUST_USE;

/* The first of the user's browsers that starts with this URL or file; as child_start. */
enum err_code child_browse(struct str address, pid_t *pid, struct err *e) MUST_USE;

#endif
