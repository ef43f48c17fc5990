/*
 * Files that reports are written to: under a name the user gave, or the first free of a numbered
 * series. A regular file appears under its name only when it is complete.
 */
#ifndef DRIVER_OUTFILE_H
#define DRIVER_OUTFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"

/*
 * Makes `text` the contents of the file `name`: written beside it and renamed over it, so a reader
 * sees the old or the new text and a failure leaves the old one. A symbolic link is followed; what
 * exists and is no regular file (a terminal, a pipe) is written to directly. ERR_IO
 * "open NAME: no such file or directory".
 */
enum err_code outfile_write(struct str name, struct str text, struct err *e) MUST_USE;

/*
 * Writes text to a new file DIR/PREFIXnnn.SUFFIX (dir "" is the working directory) with the first
 * free number from 001 on; *name lives in keep. ERR_IO.
 */
enum err_code outfile_write_new(struct str dir, const char *prefix, const char *suffix,
    struct str text, struct arena *keep, struct str *name, struct err *e) MUST_USE;

/* Writes all of text to a descriptor; `name` is for the message. ERR_IO. */
enum err_code outfile_put(int fd, const char *name, struct str text, struct err *e) MUST_USE;

#endif
