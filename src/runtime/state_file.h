/*
 * PPROF_STATE: the tables as a file, DIR/PID.state, so that the last heap profile is there after
 * kill -9, an OOM kill or a crash. docs/state-file.md is the contract.
 *
 * Nothing of this may harm the program: a page is only used after the file system has given it
 * its space, descriptors are open during start-up only, and where anything is in the way, tables
 * are in memory as without PPROF_STATE (counted, and said at /debug/pprof/self).
 */
#ifndef RUNTIME_STATE_FILE_H
#define RUNTIME_STATE_FILE_H

#include <stdbool.h>

#include "core/fmt.h"
#include "runtime/state.h"

/*
 * Makes the tables *s in a file that has no name yet, if PPROF_STATE asks for it. False when they
 * are to be in memory (nothing is left behind). Before threads, or in a forked child. RT_ANY
 */
bool rt_state_file_create(struct rt_state *s);
/* Fills in who the process is and gives the file its name; for tables of either kind. RT_ANY */
void rt_state_file_publish(struct rt_state *s);

/* In a forked child: tables of its own, in a file or in memory. RT_ANY */
void rt_state_file_after_fork(void);

/* Where the file is; "" when there is none. Constant but for forked children. RT_ANY */
const char *rt_state_file_path(void);
/* Writes why there is none, although one was asked for; nothing when there is one. RT_ANY */
void rt_state_file_why(struct fmt_buf *out);

#endif
