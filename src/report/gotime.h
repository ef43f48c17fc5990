/*
 * Points in time and durations in the texts that Go prints, which users' scripts read. Called by
 * raw.c.
 */
#ifndef REPORT_GOTIME_H
#define REPORT_GOTIME_H

#include <stdint.h>

#include "base/buf.h"

/* "2006-01-02 15:04:05.999999999 -0700 MST" in the local zone; ns since the epoch. */
void gotime_print(int64_t ns, struct buf *out);

/* "1h2m3.5s", "1.5ms", "0s"; at most `columns` characters of it, as Go's "%.4v" does. */
void goduration_print(int64_t ns, size_t columns, struct buf *out);

#endif
