/*
 * Does a site grow from profile to profile, and in what shape. With births the question is put to
 * what is old: blocks that joined it in the window and are alive (born) against members that died.
 * Without growth both come at the same rate, so the chance of what is seen is binomial, whatever
 * the load. Without births counts of allocations and bytes in use have to do: counts.c.
 */
#ifndef LEAKS_TREND_H
#define LEAKS_TREND_H

#include "leaks/series.h"

/* What came to and left the old ones between two moments. */
struct trend_flow {
	double born, died;             /* samples */
	double born_bytes, died_bytes; /* what they stand for */
	double span_s, window_s;       /* of the births; between the moments */
	uint32_t from, to;             /* births looked at: from <= born < to */
	double net;                    /* samples gained in span_s */
	double p;                      /* chance of so much without growth */
};

/* What trend_judge finds. */
struct trend {
	enum leaks_class shape; /* if it grows at all: BURST, PLATEAU, GROWING, LEAK */
	double min_age_s;
	struct trend_flow flow;
	struct trend_flow young; /* the same of all ages: load */
	double thirds[3];
	bool has_thirds, is_last_third_growing;
	double turnover; /* deaths per birth of what is old; INFINITY without births */
	struct leaks_range rate;
};

/* Births in the first … seconds of a run of `uptime` seconds are start-up, not growth. */
double trend_startup(double uptime);
/* The first cohort, as seen at `now`, that begins at `s` or later. */
uint32_t trend_next_cohort(uint32_t s, uint32_t now);

/* False when the two moments are too close for an age of age_s. */
bool trend_flow_between(
    const struct leaks_view *v, size_t k0, size_t k1, double age_s, struct trend_flow *out);

/* Judges the whole series; false when it has too few moments. With births only. */
bool trend_judge(const struct leaks_view *v, struct trend *out);
/* The same from counts of allocations and of what is in use, for profiles without births. */
bool counts_judge(const struct leaks_view *v, struct trend *out);

/* So much of what becomes old is freed later on that growth may end by itself. */
bool trend_turns_over(const struct trend *t);

/* What the two have in common: indices of moments at the ends of thirds; false below four. */
bool trend_thirds(const struct leaks_view *v, size_t ends[4]);
/* Shape from the flows of the thirds alone: PLATEAU, GROWING or LEAK. */
enum leaks_class trend_shape(struct trend *t, const struct trend_flow thirds[3]);
/* Rate and its interval from a flow; phi >= 1 widens it for births that come in clumps. */
struct leaks_range trend_rate(const struct trend_flow *f, double period, double phi);

#endif
