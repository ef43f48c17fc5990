/*
 * Live samples by age; see ages.h. Called by rt_routes.c.
 *
 * The live table is walked before the records are read: a sample's record knows of it before the
 * table does, so no record can have less than was found alive.
 */
#include "runtime/ages.h"

#include "core/cohort.h"
#include "runtime/heap_live.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"

/* A live sample, or several of one record, age and cohort. */
struct item {
	uint32_t record, age, born;
	uint32_t samples;
	uint64_t objects, bytes;
};

uint32_t rt_ages_bound(uint32_t age)
{
	static const uint32_t bounds[] = { 604800, 86400, 21600, 3600, 600, 60, 10, 1 };

	for (unsigned i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (age >= bounds[i])
			return bounds[i];
	return 0;
}

static bool comes_before(const struct item *a, const struct item *b)
{
	if (a->record != b->record)
		return a->record < b->record;
	return a->age != b->age ? a->age < b->age : a->born < b->born;
}

static void sift_down(struct item *items, size_t at, size_t n)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct item swap = items[at];

		if (child + 1 < n && comes_before(&items[child], &items[child + 1]))
			child++;
		if (child >= n || !comes_before(&items[at], &items[child]))
			return;
		items[at] = items[child];
		items[child] = swap;
		at = child;
	}
}

/* Heap sort: libc's qsort may call malloc. */
static void sort(struct item *items, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(items, i, n);
	for (size_t end = n; end > 1; end--) {
		struct item swap = items[0];

		items[0] = items[end - 1];
		items[end - 1] = swap;
		sift_down(items, 0, end - 1);
	}
}

/* Adds up neighbours of one record, age and cohort; returns how many are left. */
static size_t merge(struct item *items, size_t n)
{
	size_t kept = 0;

	for (size_t i = 1; i < n; i++) {
		struct item *last = &items[kept];

		if (comes_before(last, &items[i])) {
			items[++kept] = items[i];
			continue;
		}
		last->samples += items[i].samples;
		last->objects += items[i].objects;
		last->bytes += items[i].bytes;
	}
	return n ? kept + 1 : 0;
}

static struct item *items_of(const struct rt_bytes *list)
{
	return (struct item *)(void *)list->p;
}

/* Sums of the live samples by record, age and cohort, in this order, at `ns` since the start. */
static bool collect(struct rt_bytes *list, size_t *n, unsigned labels, uint64_t ns)
{
	uint32_t now = (uint32_t)(ns / 1000000000u);
	size_t slots = rt_is_ready() ? rt_live_slots() : 0;
	struct rt_live live;

	*n = 0;
	for (size_t i = 0; i < slots && !list->failed; i++) {
		struct item one;

		if (!rt_live_read(i, &live))
			continue;
		if (live.born > now)
			live.born = now;
		one = (struct item){ .record = live.record,
			.samples = 1,
			.objects = live.objects,
			.bytes = live.bytes };
		if (labels & RT_LABEL_AGE)
			one.age = rt_ages_bound(now - live.born);
		if (labels & RT_LABEL_BORN)
			one.born = cohort_of(live.born, now);
		rt_bytes_add(list, &one, sizeof(one));
		++*n;
	}
	if (list->failed)
		return false;
	sort(items_of(list), *n);
	*n = merge(items_of(list), *n);
	return true;
}

/* The part of `all`, a record's row, that one age has; it is taken out of `all`. */
static struct rt_row part_of(struct rt_row *all, const struct item *part, unsigned labels)
{
	struct rt_row row = *all;
	int64_t objects = rt_snapshot_objects(part->objects);

	row.labels = labels;
	row.age = part->age;
	row.born = part->born;
	row.alloc_samples = row.inuse_samples = part->samples;
	row.values[RT_ALLOC_OBJECTS] = row.values[RT_INUSE_OBJECTS] = objects;
	row.values[RT_ALLOC_BYTES] = row.values[RT_INUSE_BYTES] = (int64_t)part->bytes;
	all->alloc_samples -= row.alloc_samples;
	all->values[RT_ALLOC_OBJECTS] -= objects;
	all->values[RT_ALLOC_BYTES] -= (int64_t)part->bytes;
	return row;
}

/* Of the record's row, what has been freed. (Ages are rounded one by one: never below 0.) */
static void add_rest(struct rt_bytes *rows, struct rt_row *rest)
{
	rest->inuse_samples = 0;
	rest->values[RT_INUSE_OBJECTS] = rest->values[RT_INUSE_BYTES] = 0;
	if (rest->values[RT_ALLOC_OBJECTS] < 0)
		rest->values[RT_ALLOC_OBJECTS] = 0;
	if (rest->alloc_samples > 0)
		rt_bytes_add(rows, rest, sizeof(*rest));
}

bool rt_ages_snapshot(struct rt_snapshot *s, unsigned labels)
{
	struct rt_bytes list = { 0 }, rows = { 0 };
	uint64_t ns = rt_routes_now() - rt.start_mono_ns;
	size_t n, at = 0;
	bool good = collect(&list, &n, labels, ns) && rt_snapshot_take(s);

	for (size_t i = 0; good && i < s->n; i++) {
		struct rt_row rest = *rt_snapshot_row(s, i);

		while (at < n && items_of(&list)[at].record < rest.record)
			at++;
		for (; at < n && items_of(&list)[at].record == rest.record; at++) {
			struct rt_row row = part_of(&rest, &items_of(&list)[at], labels);

			rt_bytes_add(&rows, &row, sizeof(row));
		}
		add_rest(&rows, &rest);
	}
	rt_bytes_release(&list);
	if (good) {
		rt_bytes_release(&s->rows);
		s->rows = rows;
		s->n = rows.n / sizeof(struct rt_row);
		s->labels = labels;
		/* Births count from the start: how long ago that was belongs to them. */
		if (labels & RT_LABEL_BORN)
			s->duration_ns = (int64_t)ns;
	}
	if (good && !rows.failed)
		return true;
	rt_bytes_release(&rows);
	return false;
}
