/*
 * Does what is in use rise and fall again and again, by more than the noise of sampling.
 */
#ifndef LEAKS_SAWTOOTH_H
#define LEAKS_SAWTOOTH_H

#include "leaks/series.h"

struct sawtooth {
	unsigned swings; /* up or down; three and more are a sawtooth */
	double period_s; /* 0 unknown */
};

struct sawtooth sawtooth_of(const struct leaks_view *v);

#endif
