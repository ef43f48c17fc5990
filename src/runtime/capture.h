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
 * Never fails: what cannot be known is a pseudo frame. RT_NOALLOC
 */
rt_stack_id rt_capture(void *caller);
/* The same without the `skip` innermost frames; at least the outermost one stays. RT_NOALLOC */
rt_stack_id rt_capture_skip(void *caller, unsigned skip);
/*
 * The same as rt_capture, counted as a sample of the heap; `size` is that of the block, whose
 * record will be looked for next, in bytes. RT_NOALLOC
 */
rt_stack_id rt_capture_allocation(void *caller, size_t size);

/* What of RT_STAT_SAMPLES, _FRAMES and _FRAMES_REUSED is counted here; 0 of others. RT_SIGSAFE */
uint64_t rt_capture_counted(enum rt_stat which);

/*
 * The stack that a signal interrupted (`ucontext` is the handler's third argument), given to
 * use(ctx, pcs, depth): innermost first, all of them return addresses or one more than the
 * interrupted instruction's; depth is 1 to RT_STACK_DEPTH + 1. Never fails, as rt_capture.
 * RT_SIGSAFE
 */
void rt_capture_interrupted(
    const void *ucontext, void (*use)(void *, const uintptr_t *, size_t), void *ctx);

/*
 * The stack of a thread that stands at (pc, sp), from a copy of the n bytes from sp on, into
 * pcs[RT_STACK_DEPTH + 1] as above; returns its depth. *whole: the walk reached the outermost
 * frame. RT_ANY
 */
size_t rt_capture_copied(
    uintptr_t pc, uintptr_t sp, const void *copy, size_t n, uintptr_t *pcs, bool *whole);

/* Maps the scratch memory. False when there is none. Init only. */
bool rt_capture_init(void);
/* Forgets all unwinding rules: a module's addresses may now belong to another. RT_ANY */
void rt_capture_flush(void);
/* Bytes of code in [start, end) in which frame pointers are followed, as they are proven. RT_ANY */
size_t rt_capture_proven(uintptr_t start, uintptr_t end);
/* Look-ups of unwinding rules that were not remembered; bytes of memory mapped. RT_SIGSAFE */
uint64_t rt_capture_misses(void);
size_t rt_capture_memory(void);
/* In a forked child: scratch that other threads held is free again. */
void rt_capture_after_fork(void);

#endif
