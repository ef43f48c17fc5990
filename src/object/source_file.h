/*
 * From the path the compiler wrote to a file that can be read here: -trim_path and -source_path.
 * Both the list report (text) and error messages follow google/pprof.
 */
#ifndef OBJECT_SOURCE_FILE_H
#define OBJECT_SOURCE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"

/* Largest source file that is read. */
#define SOURCE_FILE_MAX ((size_t)64 << 20)

/*
 * path without the prefix that trim_path (colon list) names; with trim_path "", cut behind
 * "/base-of-a-search-dir/" of search_path (colon list). Borrows from path.
 */
struct str source_trim_path(struct str path, struct str trim_path, struct str search_path);

/*
 * Finds path (trimmed first; absolute: must exist; relative: under each directory of search_path
 * and its parents) and reads it into a. When that finds nothing: the longest end of path, of two
 * names at least, below a directory of search_path; and Go's own sources and modules, as -trimpath
 * names them. *found (may be NULL) is where it was. ERR_NOT_FOUND is "could not find file F on path
 * P".
 */
enum err_code source_read_file(struct str path, struct str search_path, struct str trim_path,
    struct arena *a, struct str *text, struct str *found, struct err *e) MUST_USE;

#endif
