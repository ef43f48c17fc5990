/*
 * The stack of a thread that sleeps in the kernel, without waking it: its stack pointer is in
 * /proc, its stack is copied through /proc/self/mem. A signal would end its sleep early, as
 * SA_RESTART does not restart nanosleep, poll and others.
 */
#ifndef RUNTIME_THREADS_PEEK_H
#define RUNTIME_THREADS_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/stacktab.h"

enum rt_peek {
	RT_PEEK_WHOLE,   /* all of its stack */
	RT_PEEK_PART,    /* its innermost frames; a signal would be restarted after */
	RT_PEEK_KEEP,    /* its innermost frames, and a signal would disturb it */
	RT_PEEK_RUNNING, /* it does not sleep, or not still */
};

/*
 * Fills pcs[RT_STACK_DEPTH + 1], as rt_capture_interrupted does, *depth and its stack pointer. One
 * caller at a time. RT_ANY
 */
enum rt_peek rt_threads_peek(int32_t tid, uintptr_t *pcs, size_t *depth, uintptr_t *sp);

/* Copies n bytes at `from`, which another thread may unmap at any time. RT_ANY */
bool rt_threads_peek_bytes(uintptr_t from, void *to, size_t n);

/* The numbers in a line of /proc/.../syscall; false when the thread runs. RT_SIGSAFE */
bool rt_threads_peek_parse(const char *line, size_t n, int64_t *call, uintptr_t *sp, uintptr_t *pc);

#endif
