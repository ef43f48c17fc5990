/*
 * Who holds what leaks: from a profile of retention to the suspects of a report. A suspect's
 * samples are found by the line (or function) that allocates them.
 */
#ifndef LEAKS_HOLDERS_H
#define LEAKS_HOLDERS_H

#include "leaks/leaks.h"

/* How the holder of blocks begins that nothing points to; see docs/retention.md. */
#define LEAKS_NO_HOLDER STR("no pointer found")

/*
 * Fills holder and its numbers of r's suspects from a profile of what is retained, symbolized as
 * that of the report was. Texts lie in r->arena. ERR_NOMEM.
 */
enum err_code leaks_holders(
    struct leaks_report *r, const struct profile *retained, struct err *e) MUST_USE;

#endif
