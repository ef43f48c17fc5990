/* Writes gzip, at once or in pieces. Callers: encode.c, the tests. */
#ifndef PROFILE_GZIP_H
#define PROFILE_GZIP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

struct isal_zstream;
struct gzip_trial;

/* A member being written. A zero struct is a valid one that has not begun. */
struct gzip {
	struct buf *out;
	struct arena scratch;
	struct isal_zstream *stream;
	struct gzip_trial *trial; /* NULL until there is much to pack */
	size_t left;              /* bytes until it is tried again how to pack */
	bool failed;              /* memory */
};

/*
 * Begins a member (time stamp 0, no name: the same bytes every time) at the end of *out, which is
 * used until gzip_end(). Between the pieces *out is drained (base/buf.h).
 */
void gzip_begin(struct gzip *g, struct buf *out);
void gzip_add(struct gzip *g, struct str raw);
/* A hint: what is added from now on repeats itself more, or less, than what was before. */
void gzip_other_data(struct gzip *g);
/* Ends the member and releases all; false when memory was short. Without gzip_begin: true. */
bool gzip_end(struct gzip *g);

/* Appends `raw` as one member. ERR_NOMEM. */
enum err_code profile_gzip(struct str raw, struct buf *out, struct err *e) MUST_USE;

#endif
