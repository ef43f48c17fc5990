/*
 * Reads that cannot fault, for walking stacks that may be anything: the thread's own, a
 * coroutine's, an alternate signal stack's, or damaged.
 *
 * Two ways. The thread's own stack from the walk's start up to the thread's control block (or, on
 * the main thread, to the top of the process's stack) is asked about once, page by page, and then
 * read directly: pages above the stack pointer do not go away while a thread runs on them. That it
 * is its own stack, and not a coroutine's with other memory in between, is known by the guard below
 * every stack that the C library makes: what is readable in one piece up to the top lies above it.
 * On the main thread not even asking is needed, as the kernel keeps the room of its stack free of
 * others.
 * Anything else is asked about before each page's first read.
 *
 * How a page is asked about: rt_sigprocmask with an impossible `how` copies the new mask from user
 * memory before it looks at `how`, so it fails with EFAULT when that memory cannot be read and
 * with EINVAL, having done nothing, when it can. It needs no privilege, no descriptor, and no
 * sandbox forbids it. pthread_getattr_np would allocate and take the thread's lock.
 */
#ifndef RUNTIME_SAFEREAD_H
#define RUNTIME_SAFEREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages found readable during one walk. A zeroed struct is empty. */
struct rt_saferead {
	uintptr_t pages[4]; /* page addresses; 0 none */
	unsigned next;
};

/* True when the 8 bytes at addr (8-aligned) can be read. errno may change. RT_SIGSAFE */
bool rt_saferead_probe(uintptr_t addr);

/* One aligned word, asked about first; false when it cannot be read. RT_SIGSAFE */
bool rt_saferead_word(struct rt_saferead *r, uintptr_t addr, uintptr_t *out);

/*
 * The verified part of the calling thread's stack that holds sp: fills or extends [*lo, *hi),
 * which the caller keeps for the thread (0, 0 at first). guarded: the C library made the stack,
 * with a guard; not so for the main thread and those nobody knows about. False when sp is on no
 * stack that is known to stay. errno may change. RT_SIGSAFE
 */
bool rt_saferead_stack(uintptr_t sp, bool guarded, uintptr_t *lo, uintptr_t *hi);

/* Remembers the top of the main thread's stack. Init only. */
void rt_saferead_init(void);

#endif
