/*
 * Profiles of a watched program as files, to be judged again and compared with. They carry names,
 * as the program's file is another after it was mended, and what the process's memory was.
 */
#ifndef DRIVER_VERDICTS_KEEP_H
#define DRIVER_VERDICTS_KEEP_H

#include "driver/verdicts_series.h"

/* Says nothing. */
extern const struct ui verdicts_silent;

/*
 * Writes one profile of the series as DIR/heap.NNN.pb.gz; `dir` exists. entry->name is the file
 * afterwards. ERR_IO, ERR_NOMEM.
 */
enum err_code verdicts_keep(struct verdicts_series *s, struct series_entry *entry,
    const struct verdicts *v, struct str dir, struct err *e) MUST_USE;

/*
 * Keeps some profiles of the series (the others are dropped from it) in a new directory where
 * fetched profiles go, and says so through ui; *dir is it, or "" when nothing could be kept, which
 * is said and no error.
 */
void verdicts_keep_some(
    struct verdicts_series *s, const struct verdicts *v, struct str *dir, const struct ui *ui);

#endif
