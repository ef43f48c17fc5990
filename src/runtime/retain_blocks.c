/*
 * Blocks by address; see retain_blocks.h. Called by retain_glibc.c, retain_table.c, retain_mark.c
 * and retain_chains.c. Marking asks for every word of the heap that could be a pointer, so the
 * answer is counted and not searched: blocks start at multiples of a unit, a bit says where, and
 * how many bits are set up to an address is the number of its block.
 */
#include "runtime/retain_blocks.h"

#include "runtime/mem.h"
#include "runtime/retain_wire.h"

#define CELL_UNITS 64
#define CELL_SHIFT 6
/* Stretches with fewer blocks, by their size, have no cells: those would be larger than the rest.
 */
#define SPARSE     ((uintptr_t)16 << 10)
/* Bytes of tables for each block: those of struct retain_blocks, the queues and the chains. */
#define BLOCK_SIDE 36

bool retain_blocks_init(struct retain_blocks *b, uint64_t side_bytes)
{
	uint64_t most = side_bytes / BLOCK_SIDE;

	*b = (struct retain_blocks){ 0 };
	b->most = most > INT32_MAX ? INT32_MAX : (uint32_t)most;
	b->start = rt_mem_map_large(b->most * sizeof(*b->start));
	b->units = rt_mem_map_large(b->most * sizeof(*b->units));
	b->parent = rt_mem_map_large(b->most * sizeof(*b->parent));
	b->offset = rt_mem_map_large(b->most * sizeof(*b->offset));
	b->segments = rt_mem_map(RETAIN_MAX_SEGMENTS * sizeof(*b->segments));
	b->lo = UINTPTR_MAX;
	b->unit_shift = 4;
	b->header = 8;
	return b->start && b->units && b->parent && b->offset && b->segments;
}

void retain_blocks_plain(struct retain_blocks *b)
{
	b->unit_shift = 3;
	b->header = 0;
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
	uint64_t units = size >> b->unit_shift;

	units = units < RETAIN_MAPPING ? units : RETAIN_MAPPING - 1;

	add(b, user, is_free ? 0 : (uint32_t)units);
}

void retain_blocks_mapping(struct retain_blocks *b, uintptr_t start, uintptr_t end)
{
	uint64_t units = (end - start) >> b->unit_shift;

	add(b, start,
	    RETAIN_MAPPING | (uint32_t)(units < RETAIN_MAPPING ? units : RETAIN_MAPPING - 1));
}

/* The bit of each block, and how many there are before each cell. */
static bool make_cells(const struct retain_blocks *b, struct retain_segment *s)
{
	const uintptr_t cell_bytes = (uintptr_t)CELL_UNITS << b->unit_shift;
	size_t n = (s->end - s->start + cell_bytes - 1) / cell_bytes;
	uint32_t at = s->first;

	s->cells = rt_mem_map_large(n * sizeof(*s->cells));
	if (!s->cells)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct retain_cell *cell = &s->cells[i];
		uintptr_t start = s->start + i * cell_bytes;

		cell->first = at;
		for (; at < b->n && b->start[at] < start + cell_bytes; at++)
			cell->starts |= (uint64_t)1 << ((b->start[at] - start) >> b->unit_shift);
	}
	return true;
}

/* An empty segment is none. */
void retain_blocks_end(struct retain_blocks *b)
{
	struct retain_segment *s = &b->segments[b->n_segments];

	if (b->failed)
		return;
	s->n = b->n - s->first;
	if (s->n == 0)
		return;
	if (s->n >= (s->end - s->start) / SPARSE && !make_cells(b, s)) {
		b->failed = true;
		return;
	}
	b->lo = s->start < b->lo ? s->start : b->lo;
	b->hi = s->end > b->hi ? s->end : b->hi;
	b->n_segments++;
}

static const struct retain_cell *cell_of(
    const struct retain_blocks *b, const struct retain_segment *s, uintptr_t address)
{
	return &s->cells[(address - s->start) >> b->unit_shift >> CELL_SHIFT];
}

const struct retain_segment *retain_blocks_segment(const struct retain_blocks *b, uintptr_t address)
{
	const struct retain_segment *s;
	uint32_t lo = 0, hi = b->n_segments;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->segments[mid].end <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == b->n_segments || address < b->segments[lo].start)
		return NULL;
	s = &b->segments[lo];
	if (s->cells)
		__builtin_prefetch(cell_of(b, s, address));
	return s;
}

/* How many bits are set: without the instruction that only newer processors have. */
static uint32_t count_bits(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(v * 0x0101010101010101u >> 56);
}

/* How many blocks there are before the first one of the segment that starts behind an address. */
static uint32_t count_cells(
    const struct retain_blocks *b, const struct retain_segment *s, uintptr_t address)
{
	const struct retain_cell *cell = cell_of(b, s, address);
	unsigned unit = (unsigned)((address - s->start) >> b->unit_shift) % CELL_UNITS;

	return cell->first + count_bits(cell->starts << (63 - unit));
}

static uint32_t search(
    const struct retain_blocks *b, const struct retain_segment *s, uintptr_t address)
{
	uint32_t lo = s->first, hi = s->first + s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (b->start[mid] <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t retain_blocks_before(
    const struct retain_blocks *b, const struct retain_segment *s, uintptr_t address)
{
	uint32_t n;

	if (!s)
		return RETAIN_NO_BLOCK;
	n = s->cells ? count_cells(b, s, address) : search(b, s, address);
	return n == s->first ? RETAIN_NO_BLOCK : n - 1;
}

static uint32_t before(const struct retain_blocks *b, uintptr_t address)
{
	if (address < b->lo || address >= b->hi)
		return RETAIN_NO_BLOCK;
	return retain_blocks_before(b, retain_blocks_segment(b, address), address);
}

uint32_t retain_blocks_find(const struct retain_blocks *b, uintptr_t address)
{
	uint32_t i = before(b, address);

	return retain_block_holds(b, i, address) ? i : RETAIN_NO_BLOCK;
}

uint32_t retain_blocks_at(const struct retain_blocks *b, uintptr_t start)
{
	uint32_t i = before(b, start);

	return i != RETAIN_NO_BLOCK && b->start[i] == start ? i : RETAIN_NO_BLOCK;
}
