/*
 * Blocks from before the runtime was ready: constructors of other libraries ran first. They are not
 * sampled. When every later block is (PPROF_HEAP_RATE=1) these few make the table of blocks whole,
 * which retention snapshots of other allocators than glibc's are made from.
 */
#ifndef RUNTIME_EARLY_H
#define RUNTIME_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT_EARLY_MOST 4096

/* Notes a block; frees before rt_early_keep are not seen. RT_SIGSAFE */
void rt_early_add(const void *p, size_t n);
/* From now on their frees are seen; else they are forgotten. Init only. */
void rt_early_keep(bool keep);
/* A block that is no sample is freed: takes it out when it is one of these. RT_SIGSAFE */
void rt_early_forget(const void *p);

/* Reads number i below RT_EARLY_MOST; false when there is none or it was freed. RT_SIGSAFE */
bool rt_early_read(size_t i, uintptr_t *address, uint64_t *bytes);
/* Blocks that had no room. RT_SIGSAFE */
uint64_t rt_early_lost(void);

#endif
