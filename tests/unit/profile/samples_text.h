/*
 * The samples of a profile as one text, so that a test compares with what it expects at a glance.
 * One line a sample: "1,20 f+g main k=v n=7B": the values, the frames from the leaf on (functions
 * of a location joined by "+", addresses where there are none), the labels.
 */
#ifndef SAMPLES_TEXT_H
#define SAMPLES_TEXT_H

#include "profile/profile.h"

/* Fails the running test with both texts when they differ. */
void expect_samples(const struct profile *p, const char *expected);

#endif
