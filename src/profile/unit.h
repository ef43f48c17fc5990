/*
 * Units, scaling and percentages, exactly as pprof prints them. Families: memory (B kB MB GB TB PB,
 * factor 1024), time (ns us ms s hrs; also min and days, which are never chosen automatically),
 * GCU. Units outside the families are opaque. Matching is case-insensitive and ignores one trailing
 * "s" (more than two letters). Callers: report, graph (tag labels), tagfilter.
 */
#ifndef PROFILE_UNIT_H
#define PROFILE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/str.h"

/*
 * Converts v from unit `from` to unit `to` ("minimum" and "auto" choose the largest unit in which
 * the magnitude is at least 1). Returns the number; *unit is the unit's printed name (a constant,
 * or `to` itself, or "" when the unit is not printed).
 */
double unit_scale(int64_t v, struct str from, struct str to, struct str *unit);

/*
 * unit_scale for many values of one unit: v becomes (double)v * factor / divisor, in `unit`.
 */
struct unit_conversion {
	double factor;
	double divisor;
	struct str unit; /* a constant, or the `to` it was made for */
};

/* `to` must not be "minimum" or "auto", for which the unit depends on the value. */
struct unit_conversion unit_conversion_of(struct str from, struct str to);
/* Appends "1.50s": %.2f without a trailing ".00", unit behind it; "0" for zero. */
void unit_scaled_label(struct buf *out, int64_t v, struct str from, struct str to);
/* unit_scaled_label with to = "auto". */
void unit_label(struct buf *out, int64_t v, struct str unit);
/* Appends v/total as a percentage, five characters and '%': "  100%", "88.24%", " 0.89%". */
void unit_percentage(struct buf *out, int64_t v, int64_t total);
/*
 * True when both units are of one family (or equal, or both empty); then *a_to_b is the factor that
 * turns a number in unit a into unit b.
 */
bool unit_compatible(struct str a, struct str b, double *a_to_b);

#endif
