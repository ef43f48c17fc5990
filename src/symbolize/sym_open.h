/*
 * From a mapping's file name and build id to an open binary, with its debug file: the one place
 * that decides what is taken. For sym_local.c, symbolizer.c and explain.c.
 */
#ifndef SYMBOLIZE_SYM_OPEN_H
#define SYMBOLIZE_SYM_OPEN_H

#include "base/ui.h"
#include "object/find.h"

/*
 * Opens file, else (a build id being known) what it was called before it was deleted, else what a
 * debuginfod server has. A binary with another build id is refused. One without debug information
 * gets its debug file, from this machine or from a server. log (may be NULL) gets every place that
 * was looked at; *e is why nothing was taken.
 */
enum err_code sym_open(struct object **out, struct str file, struct str build_id,
    struct find_log *log, const struct ui *ui, struct err *e) MUST_USE;

#endif
