/*
 * Flattening of nested ranges into pieces with one owner. Called by dwarf_index.c for units and for
 * functions. What is hard: the ranges come from the file, so they need not nest; whatever they do,
 * the result is sorted, has no empty piece and costs n log n.
 */
#include <stdlib.h>

#include "object/dwarf_index.h"

static int range_order(const void *x, const void *y)
{
	const struct dwarf_range *a = x;
	const struct dwarf_range *b = y;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return (a->owner > b->owner) - (a->owner < b->owner);
}

static void emit(struct dwarf_segments *out, uint64_t start, uint32_t owner)
{
	struct dwarf_segment *last = out->v.p && out->v.n ? &out->v.p[out->v.n - 1] : NULL;

	if (last && last->start == start) {
		last->owner = owner;
		return;
	}
	if (!last || last->owner != owner)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): VEC_PUSH has room */
		(void)VEC_PUSH(&out->v, (struct dwarf_segment){ start, owner });
}

/* Open ranges at some point of the sweep, the innermost last. */
struct open_ranges {
	VEC(struct dwarf_range) v;
};

/* Ends every open range that ends at or before `until`. */
static void close_until(struct dwarf_segments *out, struct open_ranges *open, uint64_t until)
{
	while (open->v.n && open->v.p[open->v.n - 1].high <= until) {
		uint64_t end = open->v.p[--open->v.n].high;

		emit(out, end, open->v.n ? open->v.p[open->v.n - 1].owner : DWARF_NO_OWNER);
	}
}

bool dwarf_flatten(struct dwarf_segments *out, struct dwarf_range *ranges, size_t n)
{
	struct open_ranges open = { 0 };

	if (n)
		qsort(ranges, n, sizeof *ranges, range_order);
	for (size_t i = 0; i < n; i++) {
		struct dwarf_range r = ranges[i];

		close_until(out, &open, r.low);
		/* One that sticks out of its surroundings is cut to them. */
		if (open.v.n && r.high > open.v.p[open.v.n - 1].high && r.depth > 0)
			r.high = open.v.p[open.v.n - 1].high;
		/* An outer one that overlaps what is open ends that. */
		while (open.v.n && r.high > open.v.p[open.v.n - 1].high)
			open.v.n--;
		emit(out, r.low, r.owner);
		(void)VEC_PUSH(&open.v, r);
	}
	close_until(out, &open, UINT64_MAX);
	n = open.v.failed || out->v.failed;
	VEC_RELEASE(&open.v);
	return !n;
}

uint32_t dwarf_segment_owner(const struct dwarf_segments *s, uint64_t address)
{
	size_t low = 0;
	size_t high = s->v.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v.p[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? s->v.p[low - 1].owner : DWARF_NO_OWNER;
}
