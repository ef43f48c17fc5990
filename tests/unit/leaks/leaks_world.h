/*
 * A program made by hand, as a series of heap profiles: eight of them, a hundred seconds apart.
 * Used by the tests of what a report says.
 */
#ifndef TESTS_LEAKS_WORLD_H
#define TESTS_LEAKS_WORLD_H

#include "gen/builder.h"
#include "leaks/leaks.h"

#define MOMENTS 8
#define PERIOD  1024
#define BLOCK   4096 /* well above the period: a block, a sample */

struct world {
	struct profile p;
	struct builder b;
	struct leaks_moment moments[MOMENTS];
	uint32_t main_line, handle, worker, keep, keep_other, xmalloc, strdup_line;
};

/* Frames are made; no samples yet. */
void world_begin(struct world *w);
/* At moment k: `live` blocks born at `born` of a stack, of `ever` that there were. */
void world_add(struct world *w, unsigned k, const uint32_t *stack, size_t depth, int64_t born,
    int64_t live, int64_t ever);
/* Each 64 seconds `n` blocks are kept. */
void world_leak(struct world *w, const uint32_t *stack, size_t depth, int64_t n);
/* n blocks, none older than 64 seconds. */
void world_turn_over(struct world *w, const uint32_t *stack, size_t depth, int64_t n);
void world_judge(struct world *w, bool births, struct leaks_report *r);
void world_end(struct world *w, struct leaks_report *r);

/* The text has each of the n parts. */
void assert_parts(struct str text, const char *const *parts, size_t n);
void assert_text(struct str s, const char *want);

#endif
