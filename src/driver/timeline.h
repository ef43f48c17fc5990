/*
 * The course of time for the web page: the profiles that a command line names in order of time, or
 * those of a running program that were sampled while somebody looked, with the verdict on them.
 * The reading, watching and judging is that of `pprof leaks`.
 *
 * A struct timeline belongs to one thread at a time.
 */
#ifndef DRIVER_TIMELINE_H
#define DRIVER_TIMELINE_H

#include "base/buf.h"
#include "driver/driver.h"
#include "driver/verdicts_watch.h"
#include "fetch/fetch.h"

struct timeline {
	const struct driver *driver; /* sources, how names are found; outlives it */
	struct verdicts how;
	struct verdicts_series series;
	struct verdicts_place place; /* when it is live */
	struct arena arena;
	bool is_open, is_live;
	double every_s, next_s; /* between samples; monotonic time of the next one */
	struct buf json;        /* of the series as it is; empty: to be made */
	/*
	 * Who holds what, as a live program said when it was asked last: it is asked when something
	 * leaks of which that is not known, and not soon again, as it stands still meanwhile.
	 */
	struct fetch_result retained;
	bool has_retained, wants_retained;
	struct str no_holder; /* why it did not say; "" */
	double ask_next_s;
};

/* Nothing is read yet. */
void timeline_init(struct timeline *t, const struct driver *d);
void timeline_release(struct timeline *t);

/*
 * Takes one sample of a running program, unless it is too early for the next one or the source is
 * not a running program: then nothing happens. Errors: those of fetching.
 */
enum err_code timeline_sample(struct timeline *t, struct err *e) MUST_USE;

/*
 * Appends what there is, as timeline_json.c describes it; reads the files first when that was not
 * done. Errors: those of reading and judging.
 */
enum err_code timeline_write(struct timeline *t, struct buf *out, struct err *e) MUST_USE;

/*
 * Makes the profile with this id that of *d, named as any that is loaded; `d` has no profile yet
 * and its request and config are those of the timeline's driver. *time_ns is when it was made, 0
 * unknown. ERR_NOT_FOUND; errors of driver_load.
 */
enum err_code timeline_profile(
    struct timeline *t, uint32_t id, struct driver *d, int64_t *time_ns, struct err *e) MUST_USE;

/* timeline_json.c; `report` is NULL when `why` says that there is no verdict. */
struct leaks_report;
void timeline_json(
    const struct timeline *t, const struct leaks_report *report, struct str why, struct buf *out);

#endif
