/*
 * Which sites are reported: judges all at the three levels and takes the most specific ones that
 * keep the growth.
 */
#ifndef LEAKS_SUSPECTS_H
#define LEAKS_SUSPECTS_H

#include "leaks/groups.h"

/* Fills the report's suspects, others and counts. ERR_NOMEM. */
enum err_code suspects_choose(struct leaks_report *r, struct groups *sites,
    const struct leaks_input *in, struct err *e) MUST_USE;

#endif
