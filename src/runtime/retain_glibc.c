/*
 * glibc's heap; see retain_glibc.h. Called by retain_child.c. Source: malloc.c and arena.c of glibc
 * 2.26 to 2.41, whose layout of chunks has not changed. A chunk is a word (the size of the one
 * before, when that is free), a word with its own size and three flags, and the user's bytes, which
 * reach into the first word of the next. Whether it is in use stands in the next one's flags; those
 * in the quick lists (a thread's cache, fastbins) look used, so the lists are followed.
 */
#include "runtime/retain_glibc.h"

#include <stddef.h>

#define PREV_INUSE 1u
#define IS_MMAPPED 2u
#define NON_MAIN   4u
#define FLAGS      7u
#define CHUNK_MIN  32u
#define PAGE       ((uintptr_t)4096)

/* Headers this far ahead are fetched. */
#define FETCH_AHEAD ((uintptr_t)2048)

/* An arena's heaps lie at multiples of this, and are no larger. */
#define HEAP_ALIGN ((uintptr_t)64 << 20)
/* Chunks in a row that must agree before a place is taken for the begin of one. */
#define AGREE      6
/* What may stand before a heap's first chunk. */
#define HEAD_MAX   ((uintptr_t)8192)

/* struct malloc_state: fastbins behind three ints, then top, last_remainder, 127 pairs of bins. */
#define STATE_FASTBINS 16
#define N_FASTBINS     10
#define STATE_BINS     (STATE_FASTBINS + N_FASTBINS * 8 + 16)
#define N_BINS         127
#define STATE_BYTES    ((uintptr_t)0x898)

/* struct tcache_perthread_struct: 64 counts of 2 bytes, 64 heads; as a chunk. */
#define TCACHE_UNITS 0x29u
#define TCACHE_BINS  64

struct walk {
	struct retain_blocks *b;
	struct retain_result *out;
	uintptr_t end;  /* of the heap that is walked */
	uint64_t arena; /* NON_MAIN or 0: what its chunks must say */
};

static uint64_t word(uintptr_t at)
{
	return *(const volatile uint64_t *)at;
}

static uint64_t size_at(uintptr_t chunk)
{
	return word(chunk + 8) & ~(uint64_t)FLAGS;
}

/* Whether a chunk can begin here; *next is behind it. */
static bool is_chunk(const struct walk *w, uintptr_t chunk, uintptr_t *next)
{
	uint64_t head = word(chunk + 8), size = head & ~(uint64_t)FLAGS;

	if (size < CHUNK_MIN || size % 16 != 0 || size > w->end - chunk || (head & IS_MMAPPED))
		return false;
	*next = chunk + size;
	/* The last one, not given out yet, does not say whose it is. */
	if (*next == w->end)
		return true;
	if (w->end - *next < 16)
		return false;
	if (word(*next + 8) & PREV_INUSE)
		return (head & NON_MAIN) == w->arena;
	/* Nor does a free one, always. */
	return word(*next) == size && (head & NON_MAIN) <= w->arena;
}

/* Whether from here on chunks follow each other, for some steps or up to the end. */
static bool is_chain(const struct walk *w, uintptr_t chunk)
{
	for (unsigned i = 0; i < AGREE; i++) {
		uintptr_t next;

		if (w->end - chunk < CHUNK_MIN)
			return i > 0 && size_at(chunk) <= 16;
		if (!is_chunk(w, chunk, &next))
			return false;
		if (next == w->end)
			return true;
		chunk = next;
	}
	return true;
}

/* The next place with a chain; the end when there is none. */
static uintptr_t find_chain(const struct walk *w, uintptr_t from, uintptr_t limit)
{
	for (; w->end - from >= CHUNK_MIN && from < limit; from += 16)
		if (is_chain(w, from))
			return from;
	return w->end;
}

/* Where the next header is stands in this one: without that the walk would wait for each. */
static void fetch_ahead(const struct walk *w, uintptr_t from, uintptr_t to)
{
	from += FETCH_AHEAD;
	to += FETCH_AHEAD;
	for (; from < to && from < w->end; from += 64)
		__builtin_prefetch((const void *)from);
}

static void walk_chunks(struct walk *w, uintptr_t chunk)
{
	while (w->end - chunk >= CHUNK_MIN && !w->b->failed) {
		uintptr_t next;

		if (is_chunk(w, chunk, &next)) {
			/* The last one is what was not given out yet. */
			bool is_free = next == w->end || !(word(next + 8) & PREV_INUSE);

			retain_blocks_chunk(w->b, chunk + 16, next - chunk, is_free);
			if (next - chunk <= FETCH_AHEAD)
				fetch_ahead(w, chunk, next);
			chunk = next;
			continue;
		}
		/* Two headers without content close a heap that another continues. */
		if (size_at(chunk) <= 16 && w->end - chunk <= 64)
			return;
		next = find_chain(w, chunk + 16, w->end);
		w->out->damaged++;
		w->out->damaged_bytes += next - chunk;
		chunk = next;
	}
}

static void walk_heap(
    struct walk *w, uintptr_t start, uintptr_t end, uintptr_t head, uint64_t arena)
{
	uintptr_t first;

	w->end = end;
	w->arena = arena;
	first = find_chain(w, (start + 15) & ~(uintptr_t)15, start + head);
	if (first == end)
		return;
	retain_blocks_begin(w->b, start, end);
	walk_chunks(w, first);
	retain_blocks_end(w->b);
}

/* heap_info: the arena, the heap before, bytes in use, bytes that may be used. */
static bool is_arena_heap(uintptr_t at, uintptr_t end, uintptr_t *in_use, uintptr_t *usable)
{
	uint64_t arena = word(at), before = word(at + 8), size = word(at + 16);
	uint64_t allowed = word(at + 24);

	if (arena == 0 || arena % 16 != 0 || before % HEAP_ALIGN != 0 || size < PAGE ||
	    size > HEAP_ALIGN || size % PAGE != 0 || allowed < size || allowed > HEAP_ALIGN ||
	    allowed % PAGE != 0 || size > end - at)
		return false;
	if (before == 0 && arena - at != 32 && arena - at != 48)
		return false;
	if (before != 0 && arena % HEAP_ALIGN != 32 && arena % HEAP_ALIGN != 48)
		return false;
	*in_use = at + size;
	*usable = at + (allowed < end - at ? allowed : end - at);
	return true;
}

/* A large block has a mapping of its own, which the kernel may have merged with its neighbours. */
static bool is_large_chunk(uintptr_t at, uintptr_t end)
{
	uint64_t head = word(at + 8), size = head & ~(uint64_t)FLAGS;

	return (head & FLAGS) == IS_MMAPPED && word(at) == 0 && size >= PAGE && size % PAGE == 0 &&
	       size <= end - at;
}

/* Large blocks, and what is between them. */
static void walk_mapped(struct walk *w, uintptr_t start, uintptr_t end)
{
	uintptr_t rest = start;

	if (start >= end)
		return;
	retain_blocks_begin(w->b, start, end);
	for (uintptr_t at = start; at < end;) {
		uint64_t size = is_large_chunk(at, end) ? size_at(at) : 0;

		if (size) {
			if (rest < at)
				retain_blocks_mapping(w->b, rest, at);
			/* Unlike others it has no neighbour whose first word it may use. */
			retain_blocks_chunk(w->b, at + 16, size - 16, false);
			rest = at + size;
		}
		at += size ? size : PAGE;
	}
	if (rest < end)
		retain_blocks_mapping(w->b, rest, end);
	retain_blocks_end(w->b);
}

static void walk_piece(void *ctx, uintptr_t start, uintptr_t end)
{
	struct walk *w = ctx;
	uintptr_t at = (start + HEAP_ALIGN - 1) & ~(HEAP_ALIGN - 1);

	for (; at >= start && at < end; at += HEAP_ALIGN) {
		uintptr_t in_use, usable;

		if (!is_arena_heap(at, end, &in_use, &usable))
			continue;
		walk_mapped(w, start, at);
		walk_heap(w, at, in_use, HEAD_MAX, NON_MAIN);
		start = usable;
	}
	walk_mapped(w, start, end);
}

static void set_free(struct walk *w, uint32_t i)
{
	w->b->units[i] = 0;
	w->out->free_blocks++;
}

/* Links in quick lists are mixed with where they are since glibc 2.32. */
static uintptr_t next_quick(const struct walk *w, uintptr_t at)
{
	uintptr_t plain = word(at), mixed = plain ^ at >> 12;

	return mixed == 0 || retain_blocks_at(w->b, mixed) != RETAIN_NO_BLOCK ? mixed : plain;
}

/* Blocks of one quick list, from its first one's user bytes. */
static void free_list(struct walk *w, uintptr_t at, uint32_t units)
{
	uint32_t i;

	while (
	    at && (i = retain_blocks_at(w->b, at)) != RETAIN_NO_BLOCK && w->b->units[i] == units) {
		uintptr_t next = next_quick(w, at);

		set_free(w, i);
		at = next;
	}
}

/* A thread's cache: each list holds blocks of its size. */
static bool is_cache(const struct walk *w, uintptr_t at)
{
	const volatile uint16_t *counts = (const volatile uint16_t *)at;
	bool any = false;

	for (unsigned i = 0; i < TCACHE_BINS; i++) {
		uintptr_t head = word(at + 2 * TCACHE_BINS + 8 * i);
		uint32_t block = head ? retain_blocks_at(w->b, head) : RETAIN_NO_BLOCK;

		if (head == 0 && counts[i] <= 1)
			continue;
		if (block == RETAIN_NO_BLOCK || (w->b->units[block] && w->b->units[block] != i + 2))
			return false;
		any = true;
	}
	return any;
}

static void free_caches(struct walk *w)
{
	for (uint32_t k = 0; k < w->b->n; k++) {
		uintptr_t at = w->b->start[k];

		if (w->b->units[k] != TCACHE_UNITS || !is_cache(w, at))
			continue;
		for (unsigned i = 0; i < TCACHE_BINS; i++)
			free_list(w, word(at + 2 * TCACHE_BINS + 8 * i), i + 2);
		set_free(w, k); /* its links are no one's */
	}
}

static void free_fastbins(struct walk *w, uintptr_t state)
{
	for (unsigned i = 0; i < N_FASTBINS; i++) {
		uintptr_t chunk = word(state + STATE_FASTBINS + 8 * i);

		/* Here the links are to chunks, 16 bytes before what the user has. */
		while (chunk) {
			uint32_t k = retain_blocks_at(w->b, chunk + 16);
			uintptr_t link, mixed;

			if (k == RETAIN_NO_BLOCK || w->b->units[k] != i + 2)
				break;
			link = word(chunk + 16);
			mixed = link ^ (chunk + 16) >> 12;
			set_free(w, k);
			chunk = mixed == 0 || retain_blocks_at(w->b, mixed + 16) != RETAIN_NO_BLOCK
				    ? mixed
				    : link;
		}
	}
}

static void free_arenas(struct walk *w)
{
	for (uint32_t i = 0; i < w->b->n_segments; i++) {
		uintptr_t start = w->b->segments[i].start, in_use, usable;

		if (start % HEAP_ALIGN == 0 &&
		    is_arena_heap(start, w->b->segments[i].end, &in_use, &usable) &&
		    word(start + 8) == 0)
			free_fastbins(w, word(start));
	}
}

static void count_blocks(struct walk *w)
{
	for (uint32_t i = 0; i < w->b->n; i++) {
		if (retain_is_mapping(w->b, i)) {
			w->out->mapped_bytes += retain_block_bytes(w->b, i);
		} else if (w->b->units[i]) {
			w->out->blocks++;
			w->out->block_bytes += retain_block_bytes(w->b, i);
		}
	}
}

void retain_glibc_blocks(
    struct retain_blocks *b, const struct retain_maps *m, struct retain_result *out)
{
	struct walk w = { .b = b, .out = out };

	for (size_t i = 0; i < retain_maps_count(m) && !b->failed; i++) {
		const struct retain_region *r = retain_maps_at(m, i);

		if (r->is_heap)
			walk_heap(&w, r->start, r->end, r->end - r->start, 0);
		else if (r->is_anonymous)
			retain_maps_pieces(m, r, walk_piece, &w);
	}
	if (b->failed)
		return;
	free_caches(&w);
	free_arenas(&w);
	count_blocks(&w);
}

/* An empty bin is a list head that points to itself, as if it had a chunk's header before it. */
static bool is_empty_bin(uintptr_t at)
{
	return word(at) == at - 16 && word(at + 8) == at - 16;
}

/* The last bin is never used, so it is the last of the run. */
static bool is_last_bin(uintptr_t at, uintptr_t start)
{
	unsigned empty = 0;

	if (at - start < (N_BINS - 1) * 16 + STATE_BINS)
		return false;
	for (unsigned i = 0; i < N_BINS; i++)
		empty += is_empty_bin(at - 16 * i);
	return empty >= N_BINS / 4;
}

static uintptr_t find_state(const struct retain_range *data)
{
	uintptr_t found = 0;

	for (uintptr_t at = (data->start + 15) & ~(uintptr_t)15; at + 16 <= data->end; at += 16)
		if (is_empty_bin(at) && is_last_bin(at, data->start))
			found = at - (N_BINS - 1) * 16 - STATE_BINS;
	return found;
}

struct retain_range retain_glibc_main_arena(
    struct retain_blocks *b, const struct retain_input *in, struct retain_result *out)
{
	struct walk w = { .b = b, .out = out };

	for (size_t i = 0; i < in->n_modules; i++) {
		const struct retain_module *module = &in->modules[i];

		for (unsigned k = 0; k < module->n_data; k++) {
			uintptr_t state = find_state(&module->data[k]);

			if (!state || !(module->is_libc || module->is_program))
				continue;
			free_fastbins(&w, state);
			return (struct retain_range){ state, state + STATE_BYTES };
		}
	}
	return (struct retain_range){ 0, 0 };
}
