/*
 * The cold half of the sampler, entered about once in 512 KiB of allocation.
 *
 *	hook: gate -> rt_heap_due? -> real malloc -> rt_heap_sample
 *	hook: filter -> rt_heap_forget -> real free
 */
#ifndef RUNTIME_HEAP_SAMPLE_H
#define RUNTIME_HEAP_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/heap_live.h"

/*
 * The gate was passed by an allocation of n bytes: is there a sample point in it? Sets the
 * countdown anew. On true *mean is the rate that the interval was drawn with, for
 * rt_heap_sample. RT_NOALLOC
 */
bool rt_heap_due(size_t n, uint64_t *mean);

/*
 * Records the block p of n requested bytes, which the real allocator has just returned; caller is
 * the return address into the program. Restores errno. RT_NOALLOC
 */
void rt_heap_sample(void *p, size_t n, uint64_t mean, void *caller);

/* Takes p out and counts it as freed, if it was sampled. Before the real free. RT_SIGSAFE */
void rt_heap_forget(void *p);

/*
 * For realloc: takes p out without counting; then either rt_heap_freed (it moved, shrank, grew or
 * was freed) or rt_heap_restore (the call failed and p is still there). RT_NOALLOC
 */
bool rt_heap_detach(void *p, struct rt_live *out);
void rt_heap_freed(const struct rt_live *was);
void rt_heap_restore(void *p, const struct rt_live *was);

/* The calling thread's next random number. RT_SIGSAFE */
uint64_t rt_heap_random(void);

/* Makes the calling thread draw a new interval at its next allocation. RT_SIGSAFE */
void rt_heap_redraw(void);

#endif
