/*
 * The file of the lines that were typed, in libedit's form. Each line is appended when it is
 * entered, so that shells side by side keep each other's, and one that is killed loses none.
 */
#ifndef SHELL_HISTORY_FILE_H
#define SHELL_HISTORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "core/str.h"

/*
 * $XDG_STATE_HOME/pprof/history, else $HOME/.local/state/pprof/history, NUL-terminated, with its
 * directory made; "" when there is no home.
 */
struct str history_file_path(struct arena *arena);
/* Appends a line, not longer than the path's file system takes at once; failures are silent. */
void history_file_add(struct str path, struct str line);
/* True when there are more than n lines in it. */
bool history_file_is_longer(struct str path, size_t n);

#endif
