/*
 * One source on its way to a profile. fetch.c makes a slot per source, worker threads run them;
 * a slot is touched by one thread at a time.
 */
#ifndef FETCH_GRAB_H
#define FETCH_GRAB_H

#include "base/arena.h"
#include "base/buf.h"
#include "fetch/fetch.h"
#include "net/url.h"

struct grab {
	struct str name; /* as the user gave it; borrowed */
	struct url_source where;
	const struct fetch_options *o;
	struct arena arena; /* of where */

	/* Results of grab_run. */
	enum err_code status;
	struct err error;
	struct profile profile;
	struct mapping_sources urls;
	struct buf messages; /* lines for the user, from other threads than his */
};

/* Finds out whether name is a file or a URL; nothing is opened. ERR_NOMEM. */
enum err_code grab_prepare(
    struct grab *g, struct str name, const struct fetch_options *o, struct err *e) MUST_USE;
/* Reads, decodes, checks and locates binaries; the outcome is in g->status. */
void grab_run(struct grab *g);
void grab_release(struct grab *g);

/* Seconds as Go prints a duration: "5s", "1m30s", "1h0m0s". */
struct grab_duration {
	char text[48];
};
struct grab_duration grab_duration_text(int64_t seconds);

#endif
