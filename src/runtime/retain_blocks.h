/*
 * The blocks of the program's heap as the child of a retention snapshot finds them, by address, and
 * the search for the one that an address is in. The child only: it has this memory for itself and
 * dies with it, so nothing is given back.
 */
#ifndef RUNTIME_RETAIN_BLOCKS_H
#define RUNTIME_RETAIN_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETAIN_NO_BLOCK     UINT32_MAX
#define RETAIN_MAX_SEGMENTS 65536u

/* Where blocks start in 64 units of memory. */
struct retain_cell {
	uint64_t starts; /* a bit for each unit */
	uint32_t first;  /* the first block that starts in it or after it */
};

/* A stretch of memory with blocks in it. Blocks first to first + n - 1, by address. */
struct retain_segment {
	uintptr_t start, end;
	uint32_t first, n;
	struct retain_cell *cells; /* NULL: so few blocks that they are searched */
};

struct retain_blocks {
	uintptr_t *start;
	uint32_t *units;           /* size; 0: free; RETAIN_MAPPING: memory that was mapped */
	uint32_t *parent, *offset; /* of the mark: see retain_mark.h */
	uint32_t n, most;
	struct retain_segment *segments;
	uint32_t n_segments;
	uintptr_t lo, hi;    /* all of them are in here */
	unsigned unit_shift; /* a unit is 1 << unit_shift bytes; blocks start at multiples of it */
	unsigned header;     /* bytes of a block that are not the program's */
	bool failed;         /* no memory for more */
};

#define RETAIN_MAPPING ((uint32_t)1 << 31)

/* Room for so many bytes of tables, taken as it is used. False when there is none. */
bool retain_blocks_init(struct retain_blocks *b, uint64_t side_bytes);
/* Before the first block: they are without headers, at any multiple of 8; else glibc's chunks. */
void retain_blocks_plain(struct retain_blocks *b);

/* Segments in ascending order, each with its blocks in between. */
void retain_blocks_begin(struct retain_blocks *b, uintptr_t start, uintptr_t end);
/* A block, of `size` bytes with its header, or free. */
void retain_blocks_chunk(struct retain_blocks *b, uintptr_t user, uint64_t size, bool is_free);
/* Mapped memory that is no allocator's. */
void retain_blocks_mapping(struct retain_blocks *b, uintptr_t start, uintptr_t end);
void retain_blocks_end(struct retain_blocks *b);

/*
 * The search in steps, for who has many addresses to ask for: what the next step reads is fetched
 * meanwhile. The stretch that an address is in, NULL none; the last block that starts at or before
 * the address, RETAIN_NO_BLOCK; whether that one is in use and holds it.
 */
const struct retain_segment *retain_blocks_segment(
    const struct retain_blocks *b, uintptr_t address);
uint32_t retain_blocks_before(
    const struct retain_blocks *b, const struct retain_segment *s, uintptr_t address);

/* The block in use that holds an address; RETAIN_NO_BLOCK. */
uint32_t retain_blocks_find(const struct retain_blocks *b, uintptr_t address);
/* The block that starts there, also a free one. */
uint32_t retain_blocks_at(const struct retain_blocks *b, uintptr_t start);

static inline bool retain_is_mapping(const struct retain_blocks *b, uint32_t i)
{
	return (b->units[i] & RETAIN_MAPPING) != 0;
}

/* Bytes that the program may use: of a chunk also the first word of the next one. */
static inline uint64_t retain_block_bytes(const struct retain_blocks *b, uint32_t i)
{
	uint64_t bytes = (uint64_t)(b->units[i] & ~RETAIN_MAPPING) << b->unit_shift;

	return retain_is_mapping(b, i) || bytes == 0 ? bytes : bytes - b->header;
}

static inline bool retain_block_holds(const struct retain_blocks *b, uint32_t i, uintptr_t address)
{
	return i != RETAIN_NO_BLOCK && address - b->start[i] < retain_block_bytes(b, i);
}

#endif
