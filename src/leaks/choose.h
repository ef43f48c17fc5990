/*
 * Which sites are reported: judges all at the three levels and takes the most specific ones that
 * keep the growth.
 */
#ifndef LEAKS_CHOOSE_H
#define LEAKS_CHOOSE_H

#include "leaks/sites.h"

/* Fills the report's suspects, others and counts. ERR_NOMEM. */
enum err_code choose_sites(
    struct leaks_report *r, struct sites *sites, const struct leaks_input *in, struct err *e)
    MUST_USE;

#endif
