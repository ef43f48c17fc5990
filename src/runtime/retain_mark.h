/*
 * What is reachable, and by whom: for the child of a retention snapshot. Any word that is an
 * address in a block counts as a pointer to it. Breadth first, so that chains are short; in stages,
 * so that who is found first is who a reader expects: the program's globals, then those of
 * libraries, thread-local storage, stacks and registers, the C library, and last memory that was
 * mapped and that nothing seen points to.
 */
#ifndef RUNTIME_RETAIN_MARK_H
#define RUNTIME_RETAIN_MARK_H

#include <stdint.h>

#include "runtime/retain_blocks.h"
#include "runtime/retain_wire.h"

/* Where words are that keep blocks alive. */
struct retain_root {
	uintptr_t start, end;
	uint32_t owner; /* module or thread */
	uint8_t kind;   /* enum retain_kind */
	uint8_t stage;
};

#define RETAIN_STAGES 6

/* Words that were read and are not settled yet; a power of two. */
#define RETAIN_WORDS 32

struct retain_word {
	uintptr_t value;
	const struct retain_segment *segment;
	uint32_t parent, offset; /* what block->parent and ->offset shall be */
	uint32_t block;          /* that it is in, if at all */
};

/* parent of a block: 0 not reached, a root's number with this bit, or 1 + the block that points to
 * it; its `offset` is that of the word, in words. */
#define RETAIN_ROOT ((uint32_t)1 << 31)

struct retain_mark {
	struct retain_blocks *b;
	struct retain_root *roots;
	uint32_t n_roots, most_roots;
	uint32_t *queue; /* blocks that were reached, by the number of steps to them */
	uint32_t *spare; /* for sorting it */
	uint32_t head, tail;
	struct retain_word words[RETAIN_WORDS]; /* a ring */
	uint64_t n_words;                       /* put in since all were settled */
	int pagemap;                            /* which pages are there; -1 unknown */
	uint64_t scanned;
	bool failed;
};

bool retain_mark_init(struct retain_mark *k, struct retain_blocks *b);
void retain_mark_root(struct retain_mark *k, const struct retain_root *root);
/* Marks from all roots. */
void retain_mark_run(struct retain_mark *k);
/* Then from what was mapped and not reached: each is a root of its own. */
void retain_mark_mappings(struct retain_mark *k);

#endif
