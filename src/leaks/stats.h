/*
 * The few distributions that verdicts rest on. Counts are whole numbers in doubles, as they come
 * from sums of weighted values. Pure functions.
 */
#ifndef LEAKS_STATS_H
#define LEAKS_STATS_H

#include <stddef.h>

/* P(X >= b) for X binomial of b + d trials with chance `share`; 1 when b is 0. */
double stats_binomial_tail(double b, double d, double share);

/* The exact (Garwood) 95 % interval of a Poisson mean of which `n` was seen. */
struct stats_interval {
	double lo, hi;
};
struct stats_interval stats_poisson_interval(double n);

/*
 * Benjamini and Hochberg: the greatest of the n p-values (sorted in place) that may be called at
 * false discovery rate q; -1 when none may.
 */
double stats_discovery_cut(double *p, size_t n, double q);

/* Median of v, which is sorted in place; 0 of nothing. */
double stats_median(double *v, size_t n);
/* The value that a share of `v` (sorted) lies below. */
double stats_quantile(const double *v, size_t n, double share);

#endif
