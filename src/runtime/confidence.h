/*
 * How sure the profile's totals are: standard errors, estimated from the samples themselves.
 * docs/sampling.md derives the formulas.
 */
#ifndef RUNTIME_CONFIDENCE_H
#define RUNTIME_CONFIDENCE_H

#include "runtime/records.h"

/* An estimated total and its standard error. */
struct rt_estimate {
	double total, error;
};

/* Sums over records; a zero struct is empty. */
struct rt_confidence {
	double bytes, bytes_variance;
	double objects, objects_variance;
};

/* Adds the samples of one record (allocated, or allocated less freed). RT_SIGSAFE */
void rt_confidence_add(struct rt_confidence *c, const struct rt_amounts *a);

struct rt_estimate rt_confidence_bytes(const struct rt_confidence *c);
struct rt_estimate rt_confidence_objects(const struct rt_confidence *c);

/* Of everything allocated so far, and of what is in use. RT_ANY */
void rt_confidence_now(struct rt_confidence *allocated, struct rt_confidence *in_use);

#endif
