/* What the files with public functions share. */
#ifndef RUNTIME_API_H
#define RUNTIME_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes `text` (copied) what pprof_error returns; returns -1. RT_ANY */
int rt_api_fail(const char *text);

/* Writes all, over EINTR and short writes; false with errno set. RT_ANY */
bool rt_api_write(int fd, const uint8_t *p, size_t n);

#endif
