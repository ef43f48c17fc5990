/*
 * Debug files and programs from debuginfod servers, by build id. Nothing is asked unless
 * DEBUGINFOD_URLS names servers. Files are kept where elfutils' own client keeps them, so that what
 * a debugger has fetched is used here and the other way round.
 */
#ifndef SYMBOLIZE_DEBUGINFOD_H
#define SYMBOLIZE_DEBUGINFOD_H

#include "base/arena.h"
#include "base/ui.h"
#include "object/find.h"

/*
 * The path (from a) of what a server has for a build id: "debuginfo" or "executable". False when
 * there are no servers, or none has it; *log says why. The caller checks the file's build id.
 */
bool debuginfod_get(struct str build_id, const char *what, struct arena *a, struct str *path,
    struct find_log *log, const struct ui *ui);

#endif
