/*
 * What one profile with births tells alone: a leak leaves as much behind in each quarter of the
 * run, what is bounded leaves nothing in the older ones, what has stopped nothing in the youngest.
 */
#ifndef LEAKS_SURVIVORS_H
#define LEAKS_SURVIVORS_H

#include "leaks/series.h"

/* Judges the last moment; oldest_s is the largest of all moments. */
struct leaks_ages survivors_judge(const struct leaks_view *v);

/* Growth by the three older quarters, bytes a second. */
struct leaks_range survivors_rate(const struct leaks_view *v, const struct leaks_ages *a);

#endif
