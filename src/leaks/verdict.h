/*
 * The combined rule: what trend, survivors and sawtooth say of one site, put together. In two
 * steps, as whether growth counts depends on how many sites were looked at.
 */
#ifndef LEAKS_VERDICT_H
#define LEAKS_VERDICT_H

#include "leaks/series.h"
#include "leaks/trend.h"

/* A site between the steps. */
struct judged {
	struct leaks_verdict v; /* all but class, trust and, partly, rate */
	struct trend trend;
	bool has_trend;
	double first_n, allocated_n;  /* samples alive at the first moment, allocated since then */
	struct leaks_range long_rate; /* from survivors */
};

/* Growth counts from here down, after all sites of a level were judged. */
struct verdict_cuts {
	double growing, early;
};

void verdict_judge(const struct leaks_view *v, struct judged *out);
/* p-values are sorted in place. */
struct verdict_cuts verdict_cuts_of(double *p, size_t n);
/* Fills class, trust and rate of j->v. */
void verdict_settle(struct judged *j, const struct leaks_input *in, struct verdict_cuts cuts);

#endif
