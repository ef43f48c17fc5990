/*
 * malloc under stacks of some variety, and what a process has in memory: for tests that watch
 * both. Compile with -fno-builtin-malloc and -fno-optimize-sibling-calls.
 */
#ifndef TESTS_PROCESS_DEEP_MALLOC_H
#define TESTS_PROCESS_DEEP_MALLOC_H

#include <stddef.h>

/* malloc(n), `depth` calls deep: each bit of `path` chooses between two ways to the next level. */
void *deep_malloc(unsigned path, int depth, size_t n);

/* Resident memory of this process in KB; 0 when it cannot be read. */
long resident_kb(void);

#endif
