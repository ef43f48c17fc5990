/*
 * Lowers the granularity of a profile: blanks what a report does not tell apart. Locations and
 * functions keep their indices; graph building then finds equal ones. Caller: the report driver.
 */
#ifndef PROFILE_AGGREGATE_H
#define PROFILE_AGGREGATE_H

#include <stdbool.h>

#include "base/err.h"
#include "profile/profile.h"

/* What is kept. */
struct aggregate_options {
	bool inlines;  /* else only the outermost (last) line of a location stays */
	bool function; /* name and system name */
	bool filename;
	bool line; /* else line and column become 0 */
	bool column;
	bool address;
};

/*
 * Blanks in new arrays what is not kept; the mappings' has_… flags are lowered accordingly. Ends
 * with profile_check_tables(), whose errors it returns; ERR_NOMEM.
 */
enum err_code profile_aggregate(
    struct profile *p, const struct aggregate_options *keep, struct err *e) MUST_USE;

#endif
