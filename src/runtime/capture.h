/*
 * From "here" to a stack's number: registers, unwinding, our own frames cut off, stored.
 */
#ifndef RUNTIME_CAPTURE_H
#define RUNTIME_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_stats.h"
#include "runtime/stacktab.h"

/*
 * The calling thread's stack, beginning with the frame that `caller` (a return address) is in.
 * Never fails: what cannot be known is a pseudo frame. Counts one sample. `size` is
 * that of the block whose record will be looked for next. RT_NOALLOC
 */
rt_stack_id rt_capture(void *caller, size_t size);

/* What of RT_STAT_SAMPLES, _FRAMES and _FRAMES_REUSED is counted here; 0 of others. RT_SIGSAFE */
uint64_t rt_capture_counted(enum rt_stat which);

/* Maps the scratch memory. False when there is none. Init only. */
bool rt_capture_init(void);
/* Forgets all unwinding rules: a module's addresses may now belong to another. RT_ANY */
void rt_capture_flush(void);
/* Look-ups of unwinding rules that were not remembered; bytes of memory mapped. RT_SIGSAFE */
uint64_t rt_capture_misses(void);
size_t rt_capture_memory(void);
/* In a forked child: scratch that other threads held is free again. */
void rt_capture_after_fork(void);

#endif
