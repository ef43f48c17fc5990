/*
 * Paths of source files as reports show them. Every file name passes through graph_trim_path and
 * graph_clean_path before nodes are made; the reports that read source use them too.
 */
#ifndef GRAPH_TRIMPATH_H
#define GRAPH_TRIMPATH_H

#include "base/arena.h"
#include "core/str.h"

/*
 * Cuts a machine's own prefix off a path; the result is a tail of `path`. With a trim path (a
 * ':' list of folders) the first that is a prefix goes. Without one, a source path (a ':' list)
 * is a guess: everything up to and including the first "/<base of a folder>/" goes. Bazel's
 * "/proc/self/cwd/" always goes.
 */
struct str graph_trim_path(struct str path, struct str trim_path, struct str source_path);
/* The shortest equal path ("a//b/../c" is "a/c", "" is "."), as Go's path cleaning rules say. */
struct str graph_clean_path(struct str path, struct arena *arena);
/* What follows the last slash; trailing slashes do not count. "." for "", "/" for slashes only. */
struct str graph_base_path(struct str path);

#endif
