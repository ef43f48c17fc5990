/*
 * Flattening of nested ranges into pieces with one owner. Called by dwarf_index.c for units and for
 * functions. What is hard: the ranges come from the file, so they need not nest; whatever they do,
 * the result is sorted, has no empty piece and costs n log n.
 */
#include <stdlib.h>

#include "base/arena.h"
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

#define DIGIT_BITS 11
#define DIGITS     (1u << DIGIT_BITS)

/* One pass of a radix sort: stable, by DIGIT_BITS bits of the distance to `least`. */
static void sort_digit(const struct dwarf_range *from, struct dwarf_range *to, size_t n,
    uint64_t least, unsigned shift)
{
	uint32_t at[DIGITS] = { 0 };
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		at[(from[i].low - least) >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		const uint32_t count = at[d];

		at[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[(from[i].low - least) >> shift & (DIGITS - 1)]++] = from[i];
}

/* Ranges with the same start into order; there are few of each. */
static void sort_ties(struct dwarf_range *v, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].low == v[i].low; end++)
			;
		if (end - i > 1)
			qsort(v + i, end - i, sizeof *v, range_order);
	}
}

/* As qsort with range_order, which it falls back to when memory is short. */
static void sort_ranges(struct dwarf_range *v, size_t n, struct dwarf_ranges *spare)
{
	struct dwarf_range *other = NULL;
	struct dwarf_range *from = v;
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < n; i++) {
		least = v[i].low < least ? v[i].low : least;
		most = v[i].low > most ? v[i].low : most;
	}
	if (n > DIGITS / 4 && n < UINT32_MAX)
		other = VEC_RESERVE(&spare->v, n) ? spare->v.p : NULL;
	if (!other) {
		qsort(v, n, sizeof *v, range_order);
		return;
	}
	for (unsigned shift = 0; shift < 64 && (most - least) >> shift; shift += DIGIT_BITS) {
		struct dwarf_range *to = from == v ? other : v;

		sort_digit(from, to, n, least, shift);
		from = to;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
	sort_ties(v, n);
}

bool dwarf_flatten(
    struct dwarf_segments *out, struct dwarf_range *ranges, size_t n, struct dwarf_ranges *spare)
{
	struct open_ranges open = { 0 };

	if (n)
		sort_ranges(ranges, n, spare);
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
