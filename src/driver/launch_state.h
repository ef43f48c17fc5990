/*
 * What `pprof run -state DIR` does besides running: the directory, its list, removing old files,
 * and saying afterwards where the last profiles of killed processes are.
 */
#ifndef DRIVER_LAUNCH_STATE_H
#define DRIVER_LAUNCH_STATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"

/*
 * Makes the directory when it is not there, and its path absolute (in `path`, with NUL). ERR_IO,
 * ERR_USAGE when it is longer than the runtime takes.
 */
enum err_code launch_state_directory(
    char *path, size_t cap, struct str directory, struct err *e) MUST_USE;

/* Appends the list of what is in the directory. */
enum err_code launch_state_list(struct str directory, struct buf *out, struct err *e) MUST_USE;

/* Removes files older than `age` ("7d") of processes that do not run, and says how many. */
enum err_code launch_state_expire(
    struct str directory, struct str age, const struct ui *ui, struct err *e) MUST_USE;

/* CLOCK_REALTIME in nanoseconds. */
int64_t launch_state_now(void);

/* Says which files processes left that started since then and are gone. */
void launch_state_tell(struct str directory, int64_t since_ns, const struct ui *ui);

#endif
