/*
 * The directory of state files, as a writer sees it: which process am I, whose file has my name,
 * which old files go. Called by state_file.c at start-up; no malloc, so no opendir.
 */
#ifndef RUNTIME_STATE_DIR_H
#define RUNTIME_STATE_DIR_H

#include <stdbool.h>

#include "core/statefmt.h"

/* Fills in what tells this process from others with its number, from /proc. RT_ANY */
void rt_state_dir_identify(struct statefmt_head *h);

/*
 * Frees the name `path` in `directory` for the process that h is of. A file of the same process
 * (which has become another program by exec) may be replaced; that of a former process with its
 * number is renamed to PID.SECONDS.state. False when there is something else. RT_ANY
 */
bool rt_state_dir_make_way(const char *directory, const char *path, const struct statefmt_head *h);

/*
 * Removes files of processes that are gone: those without a sample, then those with the oldest
 * last sample until STATEFMT_KEEP are left. h is of this process. RT_ANY
 */
void rt_state_dir_prune(const char *directory, const struct statefmt_head *h);

#endif
