#include "base/arena.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/ckd.h"

#define BLOCK_MIN   ((size_t)16 << 10)
#define BLOCK_MAX   ((size_t)4 << 20)
#define BLOCK_ALONE ((size_t)1 << 20) /* larger requests get a block of their own */
#define ALIGN       ((size_t)16)
#define LARGE_PAGE  ((uintptr_t)2 << 20)
#define PAGE        ((uintptr_t)4 << 10)
#define HEAP_STEP   (16 << 20)
#define HEAP_LARGE  (12 << 20) /* in large pages: as much as will be used, or nearly */

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t cap;
	size_t pad; /* keeps data[] 16-aligned */
	char data[];
};

struct arena_adopted {
	struct arena_adopted *next;
	void *p;
};

static _Thread_local size_t fail_at, fail_count;

size_t alloc_fail_at(size_t n)
{
	size_t made = fail_count;

	fail_at = n;
	fail_count = 0;
	return made;
}

static bool must_fail(void)
{
	fail_count++;
	return fail_at && fail_count >= fail_at;
}

/*
 * Large blocks are better off with large pages: a fifth of decoding a large profile was faults.
 * The wish must cover the whole of the block's mapping: a part of it would become a mapping of its
 * own, and then realloc cannot move the block and copies it.
 */
static void *advise(void *p, size_t n)
{
	uintptr_t from, to;

	if (!p || n < 2 * LARGE_PAGE)
		return p;
	from = (uintptr_t)p & ~(PAGE - 1);
	to = ((uintptr_t)p + malloc_usable_size(p) + PAGE - 1) & ~(PAGE - 1);
	madvise((void *)from, to - from, MADV_HUGEPAGE); /* failing is fine */
	return p;
}

void alloc_expect_large(void)
{
	uintptr_t from, end;
	char *p;

	mallopt(M_MMAP_THRESHOLD, 2 * LARGE_PAGE);
	mallopt(M_TRIM_THRESHOLD, 2 * HEAP_STEP);
	mallopt(M_TOP_PAD, HEAP_STEP);
	p = malloc(LARGE_PAGE); /* makes the heap grow by a step */
	/* malloc has written behind p, so there it is a page like others already. */
	from = ((uintptr_t)p + 2 * LARGE_PAGE) & ~(LARGE_PAGE - 1);
	end = (uintptr_t)sbrk(0);
	if (p && end > from && end - from > HEAP_LARGE && end - from < 2 * HEAP_STEP) {
		madvise((void *)from, HEAP_LARGE, MADV_HUGEPAGE);
		/* What lies before the first of them stays taken: all that follows is inside. */
		if (realloc(p, from - (uintptr_t)p + 1))
			return; /* NOLINT(clang-analyzer-unix.Malloc) */
	}
	free(p);
}

void *alloc_get(size_t n)
{
	return must_fail() ? NULL : advise(malloc(n ? n : 1), n);
}

void *alloc_large(size_t n)
{
	const size_t whole = (n + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	void *p;

	if (must_fail() || whole < n || posix_memalign(&p, LARGE_PAGE, whole))
		return NULL;
	madvise(p, whole, MADV_HUGEPAGE); /* failing is fine */
	return p;
}

void *alloc_resize(void *p, size_t n)
{
	return must_fail() ? NULL : advise(realloc(p, n ? n : 1), n);
}

void alloc_put(void *p)
{
	free(p);
}

void alloc_trim(void)
{
	malloc_trim(0);
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_release(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_adopted *taken = a->adopted; taken; taken = taken->next)
		alloc_put(taken->p);
	for (struct arena_block *b = a->head; b; b = next) {
		next = b->next;
		alloc_put(b);
	}
	arena_init(a);
}

static struct arena_block *block_new(size_t cap)
{
	struct arena_block *b = alloc_get(sizeof *b + cap);

	if (b)
		*b = (struct arena_block){ .cap = cap };
	return b;
}

/* A large request goes behind the newest block, which keeps serving the small ones. */
static void *alloc_alone(struct arena *a, size_t n)
{
	struct arena_block *b = block_new(n);

	if (!b)
		return NULL;
	b->used = n;
	if (a->head) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		a->head = b;
	}
	return b->data;
}

static void *alloc_small(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;

	if (!b || b->cap - b->used < n) {
		size_t cap = b && b->cap >= BLOCK_MIN ? b->cap * 2 : BLOCK_MIN;

		if (cap > BLOCK_MAX)
			cap = BLOCK_MAX;
		b = block_new(cap > n ? cap : n);
		if (!b)
			return NULL;
		b->next = a->head;
		a->head = b;
	}
	b->used += n;
	return b->data + b->used - n;
}

static void *alloc_bytes(struct arena *a, size_t n)
{
	size_t rounded;
	void *p;

	if (a->failed || !ckd_add_size(n, ALIGN - 1, &rounded) || rounded > SIZE_MAX / 2) {
		a->failed = true;
		return NULL;
	}
	rounded &= ~(ALIGN - 1);
	p = rounded >= BLOCK_ALONE ? alloc_alone(a, rounded) : alloc_small(a, rounded);
	if (!p)
		a->failed = true;
	else
		a->total += rounded;
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = alloc_bytes(a, n);

	if (p)
		memset(p, 0, n);
	return p;
}

void *arena_alloc_raw(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (!ckd_mul_size(count, size, &n)) {
		a->failed = true;
		return NULL;
	}
	return alloc_bytes(a, n);
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
	void *p = arena_alloc_raw(a, count, size);

	if (p)
		memset(p, 0, count * size);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc_raw(a, s.n + 1, 1);

	if (!p)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){ p, s.n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc_raw(a, (size_t)n + 1, 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, p ? (size_t)n : 0 };
}

void *arena_adopt(struct arena *a, void *p)
{
	struct arena_adopted *taken = p ? ARENA_NEW(a, struct arena_adopted) : NULL;

	if (!taken) {
		alloc_put(p);
		return NULL;
	}
	*taken = (struct arena_adopted){ a->adopted, p };
	a->adopted = taken;
	return p;
}
