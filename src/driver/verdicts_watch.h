/*
 * A running program as a series: fetches its heap profile again and again.
 */
#ifndef DRIVER_VERDICTS_WATCH_H
#define DRIVER_VERDICTS_WATCH_H

#include "driver/verdicts_series.h"
#include "fetch/fetch.h"

/*
 * Watches for v->watch, or until the answer is certain, or the program is gone. `source` is the URL
 * of the program, of its /debug/pprof/ or of a heap profile. ERR_IO and others when the first
 * profile cannot be had. http_start() must have been called.
 */
enum err_code verdicts_watch(struct verdicts_series *s, const struct verdicts *v, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e) MUST_USE;

/* Where a program answers: its heap profile with births, and the page about the process. */
struct verdicts_place {
	struct str heap, self;
};

/*
 * Fetches one profile more and what the process says of itself; with v->save it is kept there.
 * Errors: those of fetching, ERR_NOMEM; then the series is as before.
 */
enum err_code verdicts_take(struct verdicts_series *s, const struct verdicts *v,
    const struct verdicts_place *from, const struct fetch_options *how, const struct ui *ui,
    struct err *e) MUST_USE;

/* The URLs of a source, in `a`: the heap profile with births, and the page about the process. */
enum err_code verdicts_urls(
    struct str source, struct arena *a, struct str *heap, struct str *self, struct err *e) MUST_USE;

#endif
