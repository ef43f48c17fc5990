/*
 * Cohorts of births; see cohort.h.
 *
 * Cohorts are aligned slots of 2^k seconds, where k is the least for which the slot is among the
 * last `near` ones of its width. With time k grows for each birth, and a wider slot holds whole
 * narrower ones: so cohorts only merge. `near` shrinks as the run gets longer, for at most 64.
 */
#include "core/cohort.h"

static unsigned near_slots(uint32_t now)
{
	static const struct {
		uint32_t until;
		unsigned near;
	} steps[] = { { 63, 64 }, { 127, 32 }, { 255, 24 }, { 511, 18 }, { 1023, 16 }, { 2047, 14 },
		{ 4095, 12 }, { 16383, 10 }, { 131071, 8 }, { 4194303, 6 }, { UINT32_MAX, 4 } };

	unsigned i = 0;

	while (now > steps[i].until)
		i++;
	return steps[i].near;
}

uint32_t cohort_of(uint32_t born, uint32_t now)
{
	unsigned near = near_slots(now);
	unsigned k = 0;

	while ((now >> k) - (born >> k) >= near)
		k++;
	return born >> k << k;
}
