/*
 * The next allocator: what malloc would have been without us. Function pointers are initialised at
 * link time to functions that look the real ones up, so a hook needs no "is it set?" test however
 * early it is entered.
 *
 * The hard part: dlsym may itself allocate. What it asks for while we are inside it comes from a
 * small static boot arena; such blocks are recognised for ever after and never given to the real
 * allocator.
 */
#ifndef RUNTIME_REAL_H
#define RUNTIME_REAL_H

#include <stdbool.h>
#include <stddef.h>

struct rt_real {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*usable_size)(void *);
	void (*free_sized)(void *, size_t);                 /* NULL when the next has none */
	void (*free_aligned_sized)(void *, size_t, size_t); /* NULL when the next has none */
	int (*dlclose)(void *);
};

/* The values `rt.real` starts with. */
#define RT_REAL_INITIAL                                                                            \
	{                                                                                          \
		rt_real_first_malloc, rt_real_first_free, rt_real_first_calloc,                    \
		    rt_real_first_realloc, rt_real_first_memalign, rt_real_first_memalign,         \
		    rt_real_first_posix_memalign, rt_real_first_valloc, rt_real_first_valloc,      \
		    rt_real_first_usable_size, NULL, NULL, NULL                                    \
	}

/* The start values; each looks up and then does its work. RT_NOALLOC but for dlsym. */
void *rt_real_first_malloc(size_t n);
void rt_real_first_free(void *p);
void *rt_real_first_calloc(size_t count, size_t size);
void *rt_real_first_realloc(void *p, size_t n);
void *rt_real_first_memalign(size_t alignment, size_t n);
int rt_real_first_posix_memalign(void **out, size_t alignment, size_t n);
void *rt_real_first_valloc(size_t n);
size_t rt_real_first_usable_size(void *p);

/* Looks everything up now; idempotent. False when there is no next malloc (static binary). */
bool rt_real_resolve(void);

/* True when p came from the boot arena. RT_SIGSAFE */
bool rt_real_is_boot(const void *p);
/* Bytes asked for at the boot block p. RT_SIGSAFE */
size_t rt_real_boot_size(const void *p);
/* realloc of a boot block: a new block of the real allocator, contents copied. RT_NOALLOC */
void *rt_real_boot_move(void *p, size_t n);

#endif
