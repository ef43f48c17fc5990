/*
 * The mark; see retain_mark.h. Called by retain_child.c. Memory-bound: all blocks that are so many
 * steps away are scanned in the order of their addresses, as what is allocated one after the other
 * often lies so and points so. What the queue holds is fetched some blocks ahead. Large blocks and
 * mappings are asked about first, page by page, as to read a page that was never touched costs as
 * much as to scan it.
 */
#include "runtime/retain_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include "runtime/mem.h"

#define MOST_ROOTS  65536u
#define PAGE        ((uintptr_t)4096)
/* From this size on the kernel is asked which pages are there. */
#define ASK_BYTES   ((uint64_t)64 << 10)
#define ASK_PAGES   512
#define PAGE_THERE  ((uint64_t)1 << 63)
#define FETCH_AHEAD 8
/* Of a block; what is behind it the processor fetches by itself. */
#define FETCH_BYTES 512
/* So many blocks are put in order. */
#define SORT_FROM   256

bool retain_mark_init(struct retain_mark *k, struct retain_blocks *b)
{
	*k = (struct retain_mark){ .b = b, .most_roots = MOST_ROOTS };
	k->roots = rt_mem_map(MOST_ROOTS * sizeof(*k->roots));
	k->queue = rt_mem_map_large(((size_t)b->n + 1) * sizeof(*k->queue));
	k->spare = rt_mem_map_large(((size_t)b->n + 1) * sizeof(*k->spare));
	k->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	return k->roots && k->queue && k->spare;
}

void retain_mark_root(struct retain_mark *k, const struct retain_root *root)
{
	if (root->start >= root->end)
		return;
	if (k->n_roots == k->most_roots) {
		k->failed = true;
		return;
	}
	k->roots[k->n_roots] = *root;
	k->roots[k->n_roots++].start = (root->start + 7) & ~(uintptr_t)7;
}

/* Half the ring later: what its block is called, and that one's tables on their way. */
static void resolve(struct retain_mark *k, struct retain_word *w)
{
	w->block = retain_blocks_before(k->b, w->segment, w->value);
	if (w->block == RETAIN_NO_BLOCK)
		return;
	__builtin_prefetch(&k->b->start[w->block]);
	__builtin_prefetch(&k->b->units[w->block]);
	__builtin_prefetch(&k->b->parent[w->block], 1);
	__builtin_prefetch(&k->b->offset[w->block], 1);
}

/* The whole ring later: whether it is new. */
static void settle(struct retain_mark *k, const struct retain_word *w)
{
	if (!retain_block_holds(k->b, w->block, w->value) || k->b->parent[w->block])
		return;
	k->b->parent[w->block] = w->parent;
	k->b->offset[w->block] = w->offset;
	k->queue[k->tail++] = w->block;
}

/*
 * A word that lies between the lowest and the highest block. Each question about it is asked when
 * the memory that has the answer has been fetched, while others are read.
 */
static __attribute__((noinline)) void visit(
    struct retain_mark *k, uintptr_t value, uint32_t parent, uint64_t offset)
{
	struct retain_word *w = &k->words[k->n_words % RETAIN_WORDS];

	if (k->n_words >= RETAIN_WORDS)
		settle(k, w);
	*w = (struct retain_word){ .value = value,
		.segment = retain_blocks_segment(k->b, value),
		.parent = parent,
		.offset = (uint32_t)(offset / 8) };
	if (k->n_words >= RETAIN_WORDS / 2)
		resolve(k, &k->words[(k->n_words - RETAIN_WORDS / 2) % RETAIN_WORDS]);
	k->n_words++;
}

/* Settles all that is in the ring, first come first served. */
static void settle_all(struct retain_mark *k)
{
	const uint64_t n = k->n_words;

	for (uint64_t i = n < RETAIN_WORDS / 2 ? 0 : n - RETAIN_WORDS / 2; i < n; i++)
		resolve(k, &k->words[i % RETAIN_WORDS]);
	for (uint64_t i = n < RETAIN_WORDS ? 0 : n - RETAIN_WORDS; i < n; i++)
		settle(k, &k->words[i % RETAIN_WORDS]);
	k->n_words = 0;
}

/* Most words are no addresses: four are asked at once. */
static void scan_words(
    struct retain_mark *k, uintptr_t at, uintptr_t end, uintptr_t base, uint32_t parent)
{
	const uintptr_t lo = k->b->lo, span = k->b->hi - lo;

	k->scanned += end - at;
	for (; at + 32 <= end; at += 32) {
		const uintptr_t *w = (const uintptr_t *)at;

		if ((w[0] - lo >= span) & (w[1] - lo >= span) & (w[2] - lo >= span) &
		    (w[3] - lo >= span))
			continue;
		for (unsigned i = 0; i < 4; i++)
			if (w[i] - lo < span)
				visit(k, w[i], parent, at + 8 * i - base);
	}
	for (; at + 8 <= end; at += 8)
		if (*(const uintptr_t *)at - lo < span)
			visit(k, *(const uintptr_t *)at, parent, at - base);
}

/* Pages that were never touched hold nothing, and those that were swapped out stay there. */
static void scan_pages(
    struct retain_mark *k, uintptr_t at, uintptr_t end, uintptr_t base, uint32_t parent)
{
	while (at < end) {
		uint64_t pages[ASK_PAGES];
		uintptr_t first = at / PAGE;
		ssize_t got = pread(k->pagemap, pages, sizeof(pages), (off_t)(first * 8));
		size_t n = got > 0 ? (size_t)got / 8 : 0;

		if (n == 0) {
			scan_words(k, at, end, base, parent);
			return;
		}
		for (size_t i = 0; i < n && at < end; i++) {
			uintptr_t stop = (first + i + 1) * PAGE;

			stop = stop < end ? stop : end;
			if (pages[i] & PAGE_THERE)
				scan_words(k, at, stop, base, parent);
			at = stop;
		}
	}
}

static void scan(struct retain_mark *k, uintptr_t start, uintptr_t end, uint32_t parent)
{
	if (start >= end)
		return;
	if (end - start >= ASK_BYTES && k->pagemap >= 0)
		scan_pages(k, start, end, start, parent);
	else
		scan_words(k, start, end, start, parent);
}

static void scan_block(struct retain_mark *k, uint32_t i)
{
	uintptr_t start = k->b->start[i];

	scan(k, start, start + retain_block_bytes(k->b, i), i + 1);
}

/* What scanning will need of the blocks that are next but some. */
static void fetch(const struct retain_mark *k)
{
	if (k->head + 2 * FETCH_AHEAD < k->tail) {
		uint32_t far = k->queue[k->head + 2 * FETCH_AHEAD];

		__builtin_prefetch(&k->b->start[far]);
		__builtin_prefetch(&k->b->units[far]);
	}
	if (k->head + FETCH_AHEAD < k->tail) {
		uint32_t near = k->queue[k->head + FETCH_AHEAD];
		const char *p = (const char *)k->b->start[near];
		uint64_t n = retain_block_bytes(k->b, near);

		n = n < FETCH_BYTES ? n : FETCH_BYTES;
		for (uint64_t i = 0; i < n; i += 64)
			__builtin_prefetch(p + i);
	}
}

/* One pass of a radix sort, by the eight bits from `shift` on. */
static void sort_pass(const uint32_t *from, uint32_t *to, uint32_t n, unsigned shift)
{
	uint32_t at[257] = { 0 };

	for (uint32_t i = 0; i < n; i++)
		at[(from[i] >> shift & 255) + 1]++;
	for (unsigned i = 1; i < 256; i++)
		at[i] += at[i - 1];
	for (uint32_t i = 0; i < n; i++)
		to[at[from[i] >> shift & 255]++] = from[i];
}

/* Numbers of blocks are in the order of addresses. */
static void sort_blocks(struct retain_mark *k, uint32_t *blocks, uint32_t n)
{
	if (n < SORT_FROM)
		return;
	for (unsigned shift = 0; shift < 32; shift += 16) {
		sort_pass(blocks, k->spare, n, shift);
		sort_pass(k->spare, blocks, n, shift + 8);
	}
}

static void drain(struct retain_mark *k)
{
	settle_all(k);
	while (k->head < k->tail) {
		const uint32_t end = k->tail;

		sort_blocks(k, k->queue + k->head, end - k->head);
		while (k->head < end) {
			fetch(k);
			scan_block(k, k->queue[k->head++]);
		}
		settle_all(k);
	}
}

void retain_mark_mappings(struct retain_mark *k)
{
	for (uint32_t i = 0; i < k->b->n; i++) {
		struct retain_root root = { .kind = RETAIN_MAPPED };

		if (!retain_is_mapping(k->b, i) || k->b->parent[i])
			continue;
		root.start = k->b->start[i];
		root.end = root.start + retain_block_bytes(k->b, i);
		retain_mark_root(k, &root);
		if (k->failed)
			return;
		k->b->parent[i] = RETAIN_ROOT | (k->n_roots - 1);
		scan(k, root.start, root.end, RETAIN_ROOT | (k->n_roots - 1));
		drain(k);
	}
}

void retain_mark_run(struct retain_mark *k)
{
	for (unsigned stage = 0; stage < RETAIN_STAGES; stage++) {
		for (uint32_t i = 0; i < k->n_roots; i++)
			if (k->roots[i].stage == stage)
				scan(k, k->roots[i].start, k->roots[i].end, RETAIN_ROOT | i);
		drain(k);
	}
}
