/*
 * Standard errors of totals; see confidence.h. Called by selfpage.c.
 *
 * A record's n samples have nearly one size, so each stands for W = objects / n blocks and for
 * bytes / n bytes.
 */
#include "runtime/confidence.h"

#include <string.h>

#include "runtime/rt.h"

void rt_confidence_add(struct rt_confidence *c, const struct rt_amounts *a)
{
	double n = (double)a->samples;
	double objects = (double)a->objects / (1 << RT_OBJECTS_SHIFT);
	double bytes = (double)a->bytes;
	double missed; /* chance that a block is not sampled: 1 - 1 / W */

	if (a->samples == 0 || objects <= 0)
		return;
	missed = objects > n ? 1 - n / objects : 0;
	c->bytes += bytes;
	c->objects += objects;
	c->bytes_variance += bytes * bytes / n * missed;
	c->objects_variance += objects * objects / n * missed;
}

/* Newton's method from half the exponent; libm would be one more library in every process. */
static double square_root(double x)
{
	uint64_t bits;
	double y;

	if (!(x > 0))
		return 0;
	memcpy(&bits, &x, sizeof(bits));
	bits = (bits >> 1) + (UINT64_C(1023) << 51);
	memcpy(&y, &bits, sizeof(y));
	for (unsigned i = 0; i < 5; i++)
		y = (y + x / y) / 2;
	return y;
}

struct rt_estimate rt_confidence_bytes(const struct rt_confidence *c)
{
	return (struct rt_estimate){ c->bytes, square_root(c->bytes_variance) };
}

struct rt_estimate rt_confidence_objects(const struct rt_confidence *c)
{
	return (struct rt_estimate){ c->objects, square_root(c->objects_variance) };
}

static struct rt_amounts difference(const struct rt_amounts *a, const struct rt_amounts *b)
{
	return (struct rt_amounts){ a->samples - b->samples, a->objects - b->objects,
		a->bytes - b->bytes };
}

void rt_confidence_now(struct rt_confidence *allocated, struct rt_confidence *in_use)
{
	uint32_t n = rt_is_ready() ? rt_records_count() : 0;
	struct rt_amounts alloc, freed, live;
	rt_stack_id stack;

	*allocated = *in_use = (struct rt_confidence){ 0 };
	for (uint32_t i = 0; i < n; i++) {
		if (!rt_records_read(i, &stack, &alloc, &freed))
			continue;
		live = difference(&alloc, &freed);
		rt_confidence_add(allocated, &alloc);
		rt_confidence_add(in_use, &live);
	}
}
