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
/* The same in large pages, if there are any: for tables that are read here and there. RT_NOALLOC */
void *rt_mem_map_large(size_t n);
void rt_mem_unmap(void *p, size_t n);

/* The same, shared with forked children. RT_ANY */
void *rt_mem_map_shared(size_t n);

/* Address space only (no access). NULL when refused. RT_NOALLOC */
void *rt_mem_reserve(size_t n);
/* Makes [p, p + n) of a reservation usable. Page-aligned. RT_NOALLOC */
bool rt_mem_commit(void *p, size_t n);
/* Has up to 4 MiB of pages ready, rather than at their first use one by one. RT_NOALLOC */
void rt_mem_fault_in(void *p, size_t n);

/* Address space for the first n bytes of a file, shared with it (no access). RT_NOALLOC */
void *rt_mem_reserve_shared(int fd, size_t n);
/*
 * As rt_mem_commit, for such a reservation: all of it is faulted in, so that the file has its
 * space; false when the file system has none. Needs rt_mem_can_populate(). RT_NOALLOC
 */
bool rt_mem_commit_shared(void *p, size_t n);
/* Whether the kernel can fault in pages and say when it cannot (Linux 5.14). RT_ANY */
bool rt_mem_can_populate(void);

/* The private memory of a copy of this library, of which a program may have several: copies.h. */
struct rt_mem_table;

#define RT_MEM_NOTE 1 /* type of the note that leads to it */

/*
 * What it has mapped now, into out[max], each from its first byte to behind its last. Returns how
 * many pieces; RT_MEM_TOO_MANY when not all are known. RT_ANY
 */
struct rt_mem_piece {
	uintptr_t start, end;
};

#define RT_MEM_TOO_MANY SIZE_MAX
size_t rt_mem_pieces(const struct rt_mem_table *of, struct rt_mem_piece *out, size_t max);

/* One page that is zero in forked children; NULL when the kernel cannot do that (Linux 4.14). */
void *rt_mem_map_wiped_on_fork(void);

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
