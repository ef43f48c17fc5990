/*
 * Blocks from the live table; see retain_table.h. Called by retain_child.c. The table is in the
 * order of hashes, so its entries are sorted first; then they are put where they lie in the
 * program's memory, stretch by stretch.
 */
#include "runtime/retain_table.h"

#include "runtime/early.h"
#include "runtime/heap_live.h"
#include "runtime/mapranges.h"
#include "runtime/mem.h"

#define UNIT  ((uintptr_t)8)
#define DIGIT 8 /* bits of a pass of the sort */

struct entry {
	uintptr_t start; /* a multiple of UNIT */
	uint64_t size;   /* likewise, not 0 */
};

struct table {
	struct retain_blocks *b;
	const struct retain_input *in;
	struct retain_result *out;
	struct entry *entries, *spare;
	size_t n, at; /* at: the first that was not put anywhere yet */
	size_t map;   /* the first mapping that may reach behind what was put */
};

/* What was asked for, from the weights: these are of one sample, whatever its rate was. */
static uint64_t size_of(const struct rt_live *live)
{
	uint64_t objects = live->objects ? live->objects : 1;

	return (live->bytes << STATEFMT_OBJECTS_SHIFT) / objects;
}

static void add_entry(struct table *t, uintptr_t address, uint64_t size)
{
	struct entry *e = &t->entries[t->n];
	uint64_t before = address & (UNIT - 1);

	e->start = address - before;
	e->size = (size + before + UNIT - 1) & ~(uint64_t)(UNIT - 1);
	e->size = e->size ? e->size : UNIT;
	t->n++;
}

static void read_entries(struct table *t, size_t most)
{
	struct rt_live live;
	uintptr_t address;
	uint64_t bytes;

	for (size_t i = 0; i < RT_EARLY_MOST && t->n < most; i++)
		if (rt_early_read(i, &address, &bytes))
			add_entry(t, address, bytes);
	for (size_t i = 0; i < rt_live_slots() && t->n < most; i++)
		if (rt_live_read_at(i, &address, &live))
			add_entry(t, address, size_of(&live));
}

static void sort_pass(struct table *t, unsigned shift)
{
	size_t place[(1u << DIGIT) + 1] = { 0 };
	struct entry *sorted = t->spare;

	for (size_t i = 0; i < t->n; i++)
		place[(t->entries[i].start >> shift & ((1u << DIGIT) - 1)) + 1]++;
	for (size_t i = 1; i <= 1u << DIGIT; i++)
		place[i] += place[i - 1];
	for (size_t i = 0; i < t->n; i++)
		sorted[place[t->entries[i].start >> shift & ((1u << DIGIT) - 1)]++] = t->entries[i];
	t->spare = t->entries;
	t->entries = sorted;
}

static void sort_entries(struct table *t)
{
	for (unsigned shift = 0; shift < 8 * sizeof(uintptr_t); shift += DIGIT)
		sort_pass(t, shift);
}

/* Whether what was mapped by this code is a table of the program's. */
static bool is_programs(const struct table *t, uintptr_t mapped_by)
{
	return mapped_by < t->in->allocator.start || mapped_by >= t->in->allocator.end;
}

/* What the program mapped of [start, end), which is in no block. Asked for in ascending order. */
static void add_gap(struct table *t, uintptr_t start, uintptr_t end)
{
	struct rt_map_range range;
	uintptr_t mapped_by;

	for (; rt_mapranges_read(t->map, &range, &mapped_by) && range.start < end; t->map++) {
		uintptr_t from = range.start > start ? range.start : start;
		uintptr_t to = range.end < end ? range.end : end;

		if (from < to && is_programs(t, mapped_by)) {
			retain_blocks_mapping(t->b, from, to);
			t->out->mapped_bytes += to - from;
		}
		start = to > start ? to : start;
		if (range.end > end)
			return; /* goes on behind what is next */
	}
}

/* Up to where a block may reach: an entry that was left behind must not cover what came after. */
static uintptr_t end_of(const struct table *t, uintptr_t limit)
{
	const struct entry *e = &t->entries[t->at];
	uintptr_t end = e->size < limit - e->start ? e->start + e->size : limit;

	if (t->at + 1 < t->n && e[1].start < end)
		end = e[1].start;
	return end;
}

static void walk_piece(void *ctx, uintptr_t start, uintptr_t end)
{
	struct table *t = ctx;
	uintptr_t rest = start;

	for (; t->at < t->n && t->entries[t->at].start < start; t->at++)
		t->out->unplaced++;
	retain_blocks_begin(t->b, start, end);
	for (; t->at < t->n && t->entries[t->at].start < end && !t->b->failed; t->at++) {
		const struct entry *e = &t->entries[t->at];
		uintptr_t stop = end_of(t, end);

		if (stop == e->start)
			continue; /* the same address twice */
		add_gap(t, rest, e->start);
		retain_blocks_chunk(t->b, e->start, stop - e->start, false);
		t->out->blocks++;
		t->out->block_bytes += stop - e->start;
		rest = stop;
	}
	add_gap(t, rest, end);
	retain_blocks_end(t->b);
}

void retain_table_blocks(struct retain_blocks *b, const struct retain_maps *m,
    const struct retain_input *in, struct retain_result *out)
{
	struct table t = { .b = b, .in = in, .out = out };
	size_t most = rt_live_count() + RT_EARLY_MOST;

	retain_blocks_plain(b);
	t.entries = rt_mem_map(most * sizeof(*t.entries));
	t.spare = rt_mem_map(most * sizeof(*t.spare));
	/* The sort needs about as much memory for each as all later tables together. */
	b->failed = most > b->most / 2 || !t.entries || !t.spare;
	if (b->failed)
		return;
	read_entries(&t, most);
	sort_entries(&t);
	for (size_t i = 0; i < retain_maps_count(m) && !b->failed; i++)
		if (retain_maps_at(m, i)->is_heap || retain_maps_at(m, i)->is_anonymous)
			retain_maps_pieces(m, retain_maps_at(m, i), walk_piece, &t);
	out->unplaced += t.n - t.at;
	rt_mem_unmap(t.entries, most * sizeof(*t.entries));
	rt_mem_unmap(t.spare, most * sizeof(*t.spare));
}
