/*
 * Merging profiles that come one by one, so that they need not be in memory together: each can use
 * the memory of the one before. Caller: fetch, for several files.
 */
#ifndef PROFILE_SUM_H
#define PROFILE_SUM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "profile/profile.h"

struct merger;

/* A zero struct is a valid empty sum. */
struct profile_sum {
	struct arena arena;
	struct merger *merger; /* NULL until there is a second profile */
	struct profile only;   /* the first, until there is a second */
	struct profile merged;
	size_t n;
	size_t expected; /* set by the caller: how many there will be; 0 unknown */
};

/*
 * Adds *p, which is used up, unless its sample and period types are not those of the first, or it
 * has none: then *taken is false, nothing has changed, and who wants the sum needs all profiles at
 * once, for profile_combine(). Errors: ERR_LIMIT, ERR_NOMEM, and what p->cancel says; *p is empty
 * then.
 */
enum err_code profile_sum_add(
    struct profile_sum *s, struct profile *p, bool *taken, struct err *e) MUST_USE;

/*
 * *out becomes what profile_combine() makes of all that were added, at least one; the caller
 * releases it. The sum is empty afterwards. On failure *out is empty.
 */
enum err_code profile_sum_end(struct profile *out, struct profile_sum *s, struct err *e) MUST_USE;
void profile_sum_release(struct profile_sum *s);

#endif
