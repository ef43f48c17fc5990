/* Large pages for buffers, see large.h. A block of its own: it is freed like any other. */
#include "base/large.h"

#include "base/arena.h"

#define WORTH_IT ((size_t)1 << 20)

void buf_expect_large(struct buf *b, size_t n)
{
	if (b->p || b->failed || n < WORTH_IT)
		return;
	b->p = alloc_large(n);
	b->cap = b->p ? n : 0;
}
