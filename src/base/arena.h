/*
 * Bump allocation with one release: a profile and everything in it live in its arena. Fails
 * stickily: after a failed allocation every later one fails too, and arena_failed() is asked once
 * at the end. Memory is zeroed. Not thread safe.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct arena_block;
struct arena_adopted;

struct arena {
	struct arena_block *head;      /* newest block */
	struct arena_adopted *adopted; /* storage taken over with arena_adopt */
	size_t total;                  /* bytes handed out */
	bool failed;
};

/* A zero struct is a valid empty arena. */
void arena_init(struct arena *a);
/* Frees everything; leaves a valid empty arena. */
void arena_release(struct arena *a);

static inline bool arena_failed(const struct arena *a)
{
	return a->failed;
}

/* n zeroed bytes aligned for any type; NULL on failure. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);
/* count elements of size bytes, overflow checked. */
void *arena_alloc_array(struct arena *a, size_t count, size_t size);
/*
 * As arena_alloc_array without zeroing, for arrays that the caller fills at once; blocks of a
 * megabyte and more come straight from the system and are only touched when written.
 */
void *arena_alloc_raw(struct arena *a, size_t count, size_t size);
/* Copies s (with a NUL behind it that .n does not count); {NULL, 0} on failure. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Takes over p, which came from alloc_get or a vec (NULL is allowed): the arena frees it at its
 * release. Returns p, or NULL when memory is short (p is then freed at once).
 */
void *arena_adopt(struct arena *a, void *p);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))

/*
 * Test hook: the n-th next allocation of this thread (1 = the next) in arena, vec, buf and map
 * fails; 0 turns it off. Returns how many allocations were made since it was last set.
 */
size_t alloc_fail_at(size_t n);

/* malloc, realloc and free behind that hook: the only callers are in base/. */
void *alloc_get(size_t n);
/* The same from the start of a large page on, all of it in such pages where the kernel has them. */
void *alloc_large(size_t n);
void *alloc_resize(void *p, size_t n);
void alloc_put(void *p);
/*
 * When much is going to be allocated, by this thread first of all: blocks of less than 4 MiB, too
 * small for large pages of their own, then share those of a heap that grows in large steps, and
 * are found there again after they were freed. A third of reading and reporting a few megabytes
 * was faults. For the main thread, once.
 */
void alloc_expect_large(void);
/* Gives freed memory back to the system: worth a call after releasing many megabytes. */
void alloc_trim(void);

#endif
