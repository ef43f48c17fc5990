/* The heap profile as of one moment; see snapshot.h. Called by rt_routes.c, api.c and preload.c. */
#include "runtime/snapshot.h"

#include <time.h>

#include "runtime/records.h"
#include "runtime/rt.h"

static int64_t objects_of(uint64_t fixed)
{
	return (int64_t)((fixed + (1u << (RT_OBJECTS_SHIFT - 1))) >> RT_OBJECTS_SHIFT);
}

/* total bytes / total objects, rounded; both are estimates with the same weights. */
static int64_t block_bytes(const struct rt_amounts *a)
{
	double objects = (double)a->objects / (1 << RT_OBJECTS_SHIFT);

	return a->objects ? (int64_t)((double)a->bytes / objects + 0.5) : 0;
}

static bool read_row(uint32_t record, struct rt_row *row)
{
	struct rt_amounts alloc, freed;

	if (!rt_records_read(record, &row->stack, &alloc, &freed) || alloc.samples == 0)
		return false;
	row->record = record;
	row->values[RT_ALLOC_OBJECTS] = objects_of(alloc.objects);
	row->values[RT_ALLOC_BYTES] = (int64_t)alloc.bytes;
	row->values[RT_INUSE_OBJECTS] = objects_of(alloc.objects - freed.objects);
	row->values[RT_INUSE_BYTES] = (int64_t)(alloc.bytes - freed.bytes);
	row->block_bytes = block_bytes(&alloc);
	row->label_bytes = (int64_t)rt_records_first_size(record);
	row->alloc_samples = (int64_t)alloc.samples;
	row->inuse_samples = (int64_t)(alloc.samples - freed.samples);
	return true;
}

bool rt_snapshot_take(struct rt_snapshot *s)
{
	struct timespec now;
	struct rt_row row;

	clock_gettime(CLOCK_REALTIME, &now);
	*s = (struct rt_snapshot){
		.rate = atomic_load(&rt.heap_rate),
		.rate_changed = atomic_load(&rt.heap_rate_gen) > 1,
		.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
	};
	for (uint32_t i = 0; rt_is_ready() && i < rt_records_count(); i++) {
		if (!read_row(i, &row))
			continue;
		rt_bytes_add(&s->rows, &row, sizeof(row));
		s->n++;
	}
	if (!s->rows.failed)
		return true;
	rt_snapshot_release(s);
	return false;
}

void rt_snapshot_release(struct rt_snapshot *s)
{
	rt_bytes_release(&s->rows);
	s->n = 0;
}

static bool subtract_row(struct rt_row *row, const struct rt_row *old)
{
	int64_t any = 0;

	for (unsigned v = 0; v < RT_VALUES; v++) {
		row->values[v] -= old->values[v];
		any |= row->values[v];
	}
	row->alloc_samples -= old->alloc_samples;
	row->inuse_samples -= old->inuse_samples;
	return any != 0;
}

/* Both are in record order, and records are never taken back. */
void rt_snapshot_subtract(struct rt_snapshot *later, const struct rt_snapshot *before)
{
	size_t kept = 0;
	size_t old = 0;

	for (size_t i = 0; i < later->n; i++) {
		struct rt_row row = *rt_snapshot_row(later, i);
		bool keep = true;

		while (old < before->n && rt_snapshot_row(before, old)->record < row.record)
			old++;
		if (old < before->n && rt_snapshot_row(before, old)->record == row.record)
			keep = subtract_row(&row, rt_snapshot_row(before, old));
		if (keep)
			*rt_snapshot_row(later, kept++) = row;
	}
	later->n = kept;
	later->rows.n = kept * sizeof(struct rt_row);
	later->duration_ns = later->time_ns - before->time_ns;
}
