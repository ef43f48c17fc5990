/* See state_births.h. */
#include "fetch/state_births.h"

#include <stdlib.h>

#include "core/cohort.h"

static int by_record(const void *a, const void *b)
{
	const struct state_birth *x = a, *y = b;

	if (x->record != y->record)
		return x->record < y->record ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

/* Adds up neighbours of one record and cohort; returns how many are left. */
static size_t merge(struct state_birth *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 1; i < n; i++) {
		struct statefmt_amounts *sum = &v[kept].sum;

		if (by_record(&v[kept], &v[i]) != 0) {
			v[++kept] = v[i];
			continue;
		}
		sum->samples += v[i].sum.samples;
		sum->objects += v[i].sum.objects;
		sum->bytes += v[i].sum.bytes;
	}
	return n ? kept + 1 : 0;
}

void state_births_read(struct state_births *b, const struct statefmt *f, uint32_t now)
{
	struct statefmt_block one;

	for (size_t i = 0; i < statefmt_live_slots(f) && !b->list.failed; i++) {
		if (!statefmt_live(f, i, &one))
			continue;
		if (one.born > now)
			one.born = now;
		(void)VEC_PUSH(&b->list, (struct state_birth){ .record = one.record,
					     .born = cohort_of(one.born, now),
					     .sum = { 1, one.objects, one.bytes } });
	}
	if (b->list.n && !b->list.failed) {
		qsort(b->list.p, b->list.n, sizeof *b->list.p, by_record);
		b->list.n = merge(b->list.p, b->list.n);
	}
}

void state_births_release(struct state_births *b)
{
	VEC_RELEASE(&b->list);
}
