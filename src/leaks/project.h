/*
 * When memory ends: the slope of the process's own figures and the rates of the leaks, each with an
 * interval, and whether the two agree.
 */
#ifndef LEAKS_PROJECT_H
#define LEAKS_PROJECT_H

#include "leaks/leaks.h"

/* Fills r->projection from the moments and the suspects. */
void project_fill(struct leaks_report *r, const struct leaks_input *in);

/* Slope of memory in use, bytes a second; false with fewer than four figures. */
bool project_slope(const struct leaks_moment *m, size_t n, struct leaks_range *out);

#endif
