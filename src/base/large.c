/* Large pages for buffers, see large.h. A block of its own: it is freed like any other. */
#include "base/large.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)

void buf_expect_large(struct buf *b, size_t n)
{
	const size_t whole = (n + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	void *p;

	if (b->p || b->failed || n < LARGE_PAGE / 2 || whole < n ||
	    posix_memalign(&p, LARGE_PAGE, whole))
		return;
	madvise(p, whole, MADV_HUGEPAGE); /* failing is fine */
	b->p = p;
	b->cap = n;
}
