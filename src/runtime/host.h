/*
 * Processes that must be left alone: where the runtime would not work, or where what it does would
 * be reported as the program's error. Asked once, by init.c; the runtime is then dormant.
 */
#ifndef RUNTIME_HOST_H
#define RUNTIME_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* Why this process is one, in words; NULL when it is none. RT_ANY, no malloc */
const char *rt_host_refuses(void);

/*
 * Whether a limit of this process (address space, data) leaves room for n bytes: they must not be
 * more than an eighth of it, as the program counts on the rest. RT_NOALLOC
 */
bool rt_host_has_room(size_t n);

#endif
