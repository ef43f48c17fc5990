/*
 * Heap profiles written to files: at exit, on a signal, near the end of memory. A file appears
 * whole or not at all: it is written beside its place and then renamed.
 */
#ifndef RUNTIME_DUMP_H
#define RUNTIME_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fmt.h"

/*
 * The pattern with %p (process id), %n (number, at least four digits) and %% replaced, NUL at
 * the end; out->failed when it does not fit. True when there was a %p. RT_ANY
 */
bool rt_dump_name(const char *pattern, uint64_t number, struct fmt_buf *out);

/* Writes all, over EINTR and short writes; false with errno set. RT_ANY */
bool rt_dump_bytes(int fd, const uint8_t *p, size_t n);

/* Writes the heap profile of now to path. RT_ANY */
bool rt_dump_write(const char *path);

#endif
