/*
 * Blocks by address; see retain_blocks.h. Called by retain_glibc.c, retain_mark.c and
 * retain_chains.c. A page's first block narrows the search to a few, as marking asks for every word
 * of the heap that could be a pointer.
 */
#include "runtime/retain_blocks.h"

#include "runtime/mem.h"
#include "runtime/retain_wire.h"

#define PAGE_SHIFT 12
/* Bytes of tables for each block: those of struct retain_blocks, the queue and the chains. */
#define BLOCK_SIDE 32

bool retain_blocks_init(struct retain_blocks *b, uint64_t side_bytes)
{
	uint64_t most = side_bytes / BLOCK_SIDE;

	*b = (struct retain_blocks){ 0 };
	b->most = most > INT32_MAX ? INT32_MAX : (uint32_t)most;
	b->start = rt_mem_map(b->most * sizeof(*b->start));
	b->units = rt_mem_map(b->most * sizeof(*b->units));
	b->parent = rt_mem_map(b->most * sizeof(*b->parent));
	b->offset = rt_mem_map(b->most * sizeof(*b->offset));
	b->segments = rt_mem_map(RETAIN_MAX_SEGMENTS * sizeof(*b->segments));
	b->lo = UINTPTR_MAX;
	return b->start && b->units && b->parent && b->offset && b->segments;
}

void retain_blocks_begin(struct retain_blocks *b, uintptr_t start, uintptr_t end)
{
	if (b->n_segments == RETAIN_MAX_SEGMENTS) {
		b->failed = true;
		return;
	}
	b->segments[b->n_segments] =
	    (struct retain_segment){ .start = start, .end = end, .first = b->n };
}

static void add(struct retain_blocks *b, uintptr_t start, uint32_t units)
{
	if (b->n == b->most) {
		b->failed = true;
		return;
	}
	b->start[b->n] = start;
	b->units[b->n++] = units;
}

void retain_blocks_chunk(struct retain_blocks *b, uintptr_t user, uint64_t size, bool is_free)
{
	uint64_t units = size / 16 < RETAIN_MAPPING ? size / 16 : RETAIN_MAPPING - 1;

	add(b, user, is_free ? 0 : (uint32_t)units);
}

void retain_blocks_mapping(struct retain_blocks *b, uintptr_t start, uintptr_t end)
{
	uint64_t units = (end - start) / 16;

	add(b, start,
	    RETAIN_MAPPING | (uint32_t)(units < RETAIN_MAPPING ? units : RETAIN_MAPPING - 1));
}

/* An empty segment is none. */
void retain_blocks_end(struct retain_blocks *b)
{
	struct retain_segment *s = &b->segments[b->n_segments];
	size_t pages;
	uint32_t at;

	if (b->failed)
		return;
	s->n = b->n - s->first;
	if (s->n == 0)
		return;
	pages = (s->end - s->start + ((size_t)1 << PAGE_SHIFT) - 1) >> PAGE_SHIFT;
	s->pages = rt_mem_map((pages + 2) * sizeof(*s->pages));
	if (!s->pages) {
		b->failed = true;
		return;
	}
	at = s->first;
	for (size_t i = 0; i <= pages; i++) {
		while (at < b->n && b->start[at] < s->start + (i << PAGE_SHIFT))
			at++;
		s->pages[i] = at;
	}
	b->lo = s->start < b->lo ? s->start : b->lo;
	b->hi = s->end > b->hi ? s->end : b->hi;
	b->n_segments++;
}

static const struct retain_segment *segment_of(const struct retain_blocks *b, uintptr_t address)
{
	uint32_t lo = 0, hi = b->n_segments;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->segments[mid].end <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < b->n_segments && address >= b->segments[lo].start ? &b->segments[lo] : NULL;
}

/* The last block that starts at or before an address. */
static uint32_t before(const struct retain_blocks *b, uintptr_t address)
{
	const struct retain_segment *s = segment_of(b, address);
	uint32_t lo, hi;
	size_t page;

	if (!s)
		return RETAIN_NO_BLOCK;
	page = (address - s->start) >> PAGE_SHIFT;
	lo = s->pages[page];
	hi = s->pages[page + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->start[mid] <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == s->first ? RETAIN_NO_BLOCK : lo - 1;
}

uint32_t retain_blocks_find(const struct retain_blocks *b, uintptr_t address)
{
	uint32_t i;

	if (address < b->lo || address >= b->hi)
		return RETAIN_NO_BLOCK;
	i = before(b, address);
	return i != RETAIN_NO_BLOCK && address - b->start[i] < retain_block_bytes(b, i)
		   ? i
		   : RETAIN_NO_BLOCK;
}

uint32_t retain_blocks_at(const struct retain_blocks *b, uintptr_t start)
{
	uint32_t i;

	if (start < b->lo || start >= b->hi)
		return RETAIN_NO_BLOCK;
	i = before(b, start);
	return i != RETAIN_NO_BLOCK && b->start[i] == start ? i : RETAIN_NO_BLOCK;
}
