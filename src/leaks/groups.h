/*
 * The stacks of a series grouped at three levels: stack, line, function. Every group is a site that
 * is judged by itself; which of them are reported is suspects.c's business.
 */
#ifndef LEAKS_GROUPS_H
#define LEAKS_GROUPS_H

#include "leaks/owners.h"

struct groups {
	const struct series *series;
	/* By level: the site of each stack, how many there are, and the stacks of each:
	 * by_site[first[i]] … by_site[first[i + 1] - 1]. */
	uint32_t *of_stack[LEAKS_LEVELS];
	uint32_t n[LEAKS_LEVELS];
	uint32_t *first[LEAKS_LEVELS];
	uint32_t *by_site[LEAKS_LEVELS];
	const uint32_t *row_at; /* rows of stack i: row_at[i] … row_at[i + 1] - 1 */
	struct frame *owners;   /* by stack */
	VEC(struct series_row) scratch;
};

enum err_code groups_make(struct groups *out, const struct series *s, struct err *e) MUST_USE;
void groups_release(struct groups *s);

/* Fills the view with a site's rows; false when memory is short. */
bool groups_view(struct groups *s, enum leaks_level level, uint32_t site, struct leaks_view *view);

/* One of the site's stacks. */
static inline uint32_t groups_stack(const struct groups *s, enum leaks_level level, uint32_t site)
{
	return s->by_site[level][s->first[level][site]];
}

#endif
