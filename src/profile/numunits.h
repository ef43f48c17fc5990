/*
 * The unit of each numeric label key of a profile, for tag filters and tag reports: the first unit
 * seen; a key without any has "bytes" when it is called alignment or request, else its own name.
 */
#ifndef PROFILE_NUMUNITS_H
#define PROFILE_NUMUNITS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "profile/profile.h"

struct num_unit {
	struct str key; /* both borrowed from the profile's strings */
	struct str unit;
};

struct num_units {
	const struct num_unit *v; /* in the order of first appearance */
	uint32_t n;
};

/*
 * Fills *out, which lives in p's arena. For every key with more than one unit a line
 * "For tag K used unit U, also encountered unit(s) A, B\n" (A, B sorted) is appended to messages
 * when that is not NULL. ERR_NOMEM or OK.
 */
enum err_code num_units_find(
    struct num_units *out, struct profile *p, struct buf *messages, struct err *e) MUST_USE;

/* The unit of a key; "" when no sample has such a numeric label. */
struct str num_units_get(const struct num_units *u, struct str key);

#endif
