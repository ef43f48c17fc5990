/*
 * Which of the program's allocations come to our hooks at all. A program with a malloc of its own
 * (linked statically, or preloaded before us) never enters them, and its profile would be empty
 * without a word; so this is found out at start-up and said.
 */
#ifndef RUNTIME_COVERAGE_H
#define RUNTIME_COVERAGE_H

#include "runtime/mem.h"

/* Finds out. After rt_real_resolve; may call the allocator. Init only. */
void rt_coverage_init(void);

/* The file whose malloc the program calls instead of ours; NULL when it is ours. */
const char *rt_coverage_bypass(void);

/* Appends lines about malloc and operator new, for /debug/pprof/self. RT_ANY */
void rt_coverage_print(struct rt_bytes *out);

#endif
