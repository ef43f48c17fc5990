/*
 * The mark; see retain_mark.h. Called by retain_child.c. Memory-bound: what the queue holds is
 * fetched some blocks ahead. Large blocks and mappings are asked about first, page by page, as to
 * read a page that was never touched costs as much as to scan it.
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

bool retain_mark_init(struct retain_mark *k, struct retain_blocks *b)
{
	*k = (struct retain_mark){ .b = b, .most_roots = MOST_ROOTS };
	k->roots = rt_mem_map(MOST_ROOTS * sizeof(*k->roots));
	k->queue = rt_mem_map(((size_t)b->n + 1) * sizeof(*k->queue));
	k->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	return k->roots && k->queue;
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

static inline void visit(struct retain_mark *k, uintptr_t value, uint32_t parent, uint64_t offset)
{
	uint32_t i;

	if (value - k->b->lo >= k->b->hi - k->b->lo)
		return;
	i = retain_blocks_find(k->b, value);
	if (i == RETAIN_NO_BLOCK || k->b->parent[i])
		return;
	k->b->parent[i] = parent;
	k->b->offset[i] = (uint32_t)(offset / 8);
	k->queue[k->tail++] = i;
}

static void scan_words(
    struct retain_mark *k, uintptr_t at, uintptr_t end, uintptr_t base, uint32_t parent)
{
	k->scanned += end - at;
	for (; at + 8 <= end; at += 8)
		visit(k, *(const volatile uintptr_t *)at, parent, at - base);
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

static void fetch(const struct retain_mark *k)
{
	if (k->head + 2 * FETCH_AHEAD < k->tail) {
		uint32_t far = k->queue[k->head + 2 * FETCH_AHEAD];

		__builtin_prefetch(&k->b->start[far]);
		__builtin_prefetch(&k->b->units[far]);
	}
	if (k->head + FETCH_AHEAD < k->tail) {
		const char *near = (const char *)k->b->start[k->queue[k->head + FETCH_AHEAD]];

		__builtin_prefetch(near);
		__builtin_prefetch(near + 64);
	}
}

static void drain(struct retain_mark *k)
{
	while (k->head < k->tail) {
		fetch(k);
		scan_block(k, k->queue[k->head++]);
	}
}

/* A mapping that nothing points to is a root of its own. */
static void mark_mappings(struct retain_mark *k)
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
	mark_mappings(k);
}
