/*
 * The sampler's arithmetic: intervals and weights. Own logarithm and exponential, because the
 * library needs nothing but libc (libm would be one more object in every process) and because
 * theirs may bind lazily. docs/sampling.md derives the formulas.
 */
#ifndef RUNTIME_WEIGHT_H
#define RUNTIME_WEIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/records.h"

/* Longest mean interval in bytes. */
#define RT_RATE_MAX (1ULL << 40)

/* Natural logarithm of a normal x > 0; relative error below 1e-14. RT_SIGSAFE */
double rt_weight_log(double x);

/* 1 - exp(-x) for x >= 0; relative error below 1e-13. RT_SIGSAFE */
double rt_weight_hit(double x);

/* Next value of a splitmix64 generator. RT_SIGSAFE */
uint64_t rt_weight_random(uint64_t *state);

/*
 * Bytes to the next sample point: exponential with the given mean (>= 2), rounded down, so that
 * the chance of no point in the next n bytes is exp(-n / mean) for every whole n. RT_SIGSAFE
 */
uint64_t rt_weight_interval(uint64_t *random, uint64_t mean);

/*
 * What one sample of a block of `size` bytes stands for when it was taken at this mean: with
 * w = 1 / (1 - exp(-(size + 1) / mean)), w objects and w * size bytes. Exactly 1 and size when
 * mean is 1 or less. RT_SIGSAFE
 */
struct rt_amounts rt_weight_of(size_t size, uint64_t mean);

#endif
