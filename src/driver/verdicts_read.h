/*
 * Files, directories and state files as a series, for `pprof leaks`.
 */
#ifndef DRIVER_VERDICTS_READ_H
#define DRIVER_VERDICTS_READ_H

#include "driver/verdicts_series.h"
#include "fetch/fetch.h"

/*
 * Reads the sources in the order they are named; of a directory all profiles, or, when it has state
 * files, the newest of these. What cannot be read is said through ui, and is an error when nothing
 * can be. The entries are in order of time; those of earlier runs are there too.
 */
enum err_code verdicts_read(struct verdicts_series *s, const struct str *sources, size_t n,
    const struct fetch_options *how, const struct ui *ui, struct err *e) MUST_USE;

/*
 * The newest profile of a directory by its name ("heap.9" before "heap.10"): the last one that can
 * be read. The path lives in `arena`. ERR_NOT_FOUND when there is none.
 */
enum err_code verdicts_newest(struct str directory, const struct fetch_options *how,
    struct arena *arena, struct str *path, struct err *e) MUST_USE;

#endif
