/*
 * Whom an allocation belongs to: the innermost frame that is neither the C library's nor a wrapper
 * of malloc's. "strdup" or "xmalloc" are no answer to "which line leaks".
 */
#ifndef LEAKS_FRAMES_H
#define LEAKS_FRAMES_H

#include "leaks/series.h"

#define FRAMES_MAX 512

/* A frame; inlined calls are frames of their own. */
struct frame {
	uint32_t location;
	uint32_t function; /* PROFILE_NONE without symbols */
	int64_t line;
};

/* The frames of stack `stack`, innermost first; at most FRAMES_MAX. Returns how many. */
size_t frames_of(const struct series *s, uint32_t stack, struct frame out[FRAMES_MAX]);

/* Index of the frame the allocation belongs to; 0 when all are wrappers. n is not 0. */
size_t frames_owner(const struct series *s, const struct frame *frames, size_t n);

/* The function's name, or the address in hexadecimal (in `arena`). */
struct str frame_name(const struct series *s, const struct frame *f, struct arena *arena);
/* The file's last part; "" unknown. */
struct str frame_file(const struct series *s, const struct frame *f);

#endif
