/*
 * Whom an allocation belongs to: the innermost frame that is neither the C library's nor a wrapper
 * of malloc's. "strdup" or "xmalloc" are no answer to "which line leaks".
 */
#ifndef LEAKS_OWNERS_H
#define LEAKS_OWNERS_H

#include "leaks/series.h"

#define OWNERS_DEPTH 512

/* A frame; inlined calls are frames of their own. */
struct frame {
	uint32_t location; /* PROFILE_NONE: there is no stack */
	uint32_t function; /* PROFILE_NONE without symbols */
	int64_t line;
};

/*
 * The frames of stack `stack`, innermost first. Returns how many: 1 to OWNERS_DEPTH, as a stack
 * without frames has one that says so.
 */
size_t owners_frames(const struct series *s, uint32_t stack, struct frame out[OWNERS_DEPTH]);

/* Index of the frame the allocation belongs to; 0 when all are wrappers. n is not 0. */
size_t owners_find(const struct series *s, const struct frame *frames, size_t n);

/* True for a frame of the C library and others whose functions all work for someone else. */
bool owners_is_library(const struct series *s, const struct frame *f);

/* The function's name, or the address in hexadecimal (in `arena`). */
struct str owners_name(const struct series *s, const struct frame *f, struct arena *arena);
/* The file's last part; "" unknown. */
struct str owners_file(const struct series *s, const struct frame *f);

#endif
