/* Memory in large pages for what is filled at once. Used by sym_cache.c. */
#ifndef BASE_LARGE_H
#define BASE_LARGE_H

#include "base/buf.h"

/*
 * Gives a buffer that has no memory room for n bytes from the start of a large page on, when that
 * is worth it (a megabyte or more): reading files of some megabytes is otherwise faults for a
 * third. Nothing happens when n is less or memory short: buf_reserve, asked next, finds the room
 * or makes it. The buffer may grow and is released as any other.
 */
void buf_expect_large(struct buf *b, size_t n);

#endif
