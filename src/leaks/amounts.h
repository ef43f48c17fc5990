/*
 * Amounts as people read them: three digits at most, binary units. For the explanation only; the
 * reports of the tool have units of their own (profile/unit.h), which scripts rely on.
 */
#ifndef LEAKS_AMOUNTS_H
#define LEAKS_AMOUNTS_H

#include "base/buf.h"
#include "leaks/leaks.h"

/* "912 MiB", "1.84 GiB" */
void amount_bytes(struct buf *out, double bytes);
/* "49 KiB/s [43..55]", both in the value's unit; per is "/s" or "/profile". */
void amount_rate(struct buf *out, const struct leaks_range *r, const char *per);
/* "5h12m", "43s" */
void amount_seconds(struct buf *out, double s);
/* "934k" */
void amount_count(struct buf *out, double n);
/* Twenty bars at most, from 0 to the greatest value. */
void amount_sparkline(struct buf *out, const double *v, size_t n);

#endif
