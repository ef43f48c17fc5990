/*
 * Profiles of who holds memory (/debug/pprof/retained): towards the root, their stacks end in
 * frames that are no code but holders: a root, and steps from block to block. docs/retention.md has
 * the form.
 */
#ifndef PROFILE_RETAINED_H
#define PROFILE_RETAINED_H

#include "profile/profile.h"

/* System names of holders begin so. */
#define RETAINED_MARK  STR("retained:")
/* That of holders that have their names already. */
#define RETAINED_NAMED STR("retained:named")

/* The function of a location; NULL when it has none. */
static inline const struct function *retained_function(const struct profile *p, uint32_t location)
{
	const struct location *l = &p->locations[location];
	uint32_t f = l->n_lines ? p->lines[l->first_line].function : PROFILE_NONE;

	return f == PROFILE_NONE ? NULL : &p->functions[f];
}

/* Whether a function stands for a holder. */
static inline bool retained_is_holder(const struct profile *p, const struct function *f)
{
	return f && str_starts(profile_str(p, f->system_name), RETAINED_MARK);
}

#endif
