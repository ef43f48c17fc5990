/*
 * Other copies of this library in the same program: one that it is linked with, and one that is
 * preloaded. Each takes the other's malloc for the next one. Who gives out blocks is asked here and
 * not of `rt.real`, as is whose operators of C++ are, and whose tables.
 */
#ifndef RUNTIME_COPIES_H
#define RUNTIME_COPIES_H

#include <stdbool.h>

#include "core/str.h"
#include "runtime/mem.h"

/*
 * The symbol as the object that has `address` sees it: its own, or that of an object it was linked
 * with; NULL when there is none. Calls the loader. RT_ANY
 */
void *rt_copies_symbol(const void *address, const char *symbol);

/* Whether the address is in this library, or another copy of it. Calls the loader. RT_ANY */
bool rt_copies_has(const void *address);

/*
 * The malloc that makes blocks: the next one, or, when that is another copy's, the one behind that.
 * The next one's when the loader cannot tell. Calls the loader. RT_ANY, init too
 */
const void *rt_copies_allocator(void);

/* The memory of the copy in the object with these notes (its PT_NOTE segment); NULL: none. RT_ANY
 */
const struct rt_mem_table *rt_copies_table(struct str notes, size_t align);

#endif
