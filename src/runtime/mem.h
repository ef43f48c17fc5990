/*
 * Memory for the runtime, straight from the kernel: never the host's malloc. Pieces are large and
 * few; small things live in the state mapping, in static memory or in a workspace.
 */
#ifndef RUNTIME_MEM_H
#define RUNTIME_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages; NULL when the kernel refuses. errno is left alone. RT_NOALLOC */
void *rt_mem_map(size_t n);
void rt_mem_unmap(void *p, size_t n);

/* Address space only (no access). NULL when refused. RT_NOALLOC */
void *rt_mem_reserve(size_t n);
/* Makes [p, p + n) of a reservation usable; up to 4 MiB are faulted in. Page-aligned. RT_NOALLOC */
bool rt_mem_commit(void *p, size_t n);

/*
 * A growing byte array, for profiles under construction. Failure is sticky: later appends do
 * nothing. A zero struct is empty. RT_ANY
 */
struct rt_bytes {
	uint8_t *p;
	size_t n;
	size_t cap;
	bool failed;
};

/* Room for n more bytes at p + n; NULL (and failed) when there is none. */
uint8_t *rt_bytes_room(struct rt_bytes *b, size_t n);
void rt_bytes_add(struct rt_bytes *b, const void *data, size_t n);
void rt_bytes_release(struct rt_bytes *b);

/* malloc-like, for libdeflate's one allocation per compressor. RT_ANY */
void *rt_mem_new(size_t n);
void rt_mem_free(void *p);

#endif
