/*
 * The part of merging that is not about samples. Caller: merge; the rules are in merge.h.
 */
#ifndef PROFILE_MERGE_HEADER_H
#define PROFILE_MERGE_HEADER_H

#include <stddef.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "profile/profile.h"

/* Comments so far, each once. A zero struct is a valid one. */
struct merge_header {
	VEC(str_id) comments;
	struct map seen;
};

/*
 * Gives the empty profile *out the types of `first`. Then each source, `first` too, is added; the
 * end hands the comments over. ERR_NOMEM.
 */
enum err_code merge_header_begin(
    struct profile *out, const struct profile *first, struct err *e) MUST_USE;
void merge_header_add(struct merge_header *h, struct profile *out, const struct profile *src);
enum err_code merge_header_end(struct merge_header *h, struct profile *out, struct err *e) MUST_USE;
void merge_header_release(struct merge_header *h);

#endif
