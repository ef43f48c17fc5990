/* What /proc/self/task says about one thread. */
#ifndef RUNTIME_TASKINFO_H
#define RUNTIME_TASKINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

struct rt_taskinfo {
	char name[32];    /* "" unknown */
	char state;       /* as in /proc: R, S, D, T, t, Z, X; '?' unknown */
	char wchan[64];   /* the kernel function that it sleeps in; "" unknown or none */
	uint64_t blocked; /* mask of blocked signals, signal n is bit n - 1 */
};

/* False when the thread is gone. RT_ANY */
bool rt_taskinfo_read(int32_t tid, struct rt_taskinfo *out);

/* Up to cap bytes of /proc/self/task/TID/FILE; 0 when it cannot be read. RT_ANY */
size_t rt_taskinfo_file(int32_t tid, const char *file, char *to, size_t cap);

/* "running", "sleeping", "disk sleep", "stopped", "tracing stop", "zombie", "dead", "unknown". */
const char *rt_taskinfo_state(char state);

/* Fills name, state and blocked from the text of /proc/.../status. RT_SIGSAFE */
void rt_taskinfo_parse(struct str status, struct rt_taskinfo *out);

#endif
