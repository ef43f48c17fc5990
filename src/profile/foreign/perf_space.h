/*
 * What was mapped where in each process of a perf.data file, and what its threads were called.
 * Filled in the order of time by perf_file.c, asked per frame.
 */
#ifndef PROFILE_FOREIGN_PERF_SPACE_H
#define PROFILE_FOREIGN_PERF_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/vec.h"
#include "core/str.h"

/* pid of the kernel's own mappings */
#define PERF_KERNEL_PID UINT32_MAX

struct perf_region {
	uint64_t start, limit, offset;
	struct str file;     /* in the input */
	struct str build_id; /* raw bytes in the input, or empty */
};

struct perf_process {
	uint32_t pid;
	VEC(struct perf_region) regions; /* a later one hides what it covers of an earlier */
};

struct perf_thread {
	uint32_t tid;
	struct str comm;
};

struct perf_space {
	VEC(struct perf_process) processes;
	VEC(struct perf_thread) threads;
	struct map by_pid, by_tid;
	size_t n_regions;
	bool too_large;
};

void perf_space_release(struct perf_space *s);
bool perf_space_failed(const struct perf_space *s);

void perf_space_map(struct perf_space *s, uint32_t pid, struct perf_region region);
/* The child begins with its parent's mappings. A thread (pid == parent) has them anyway. */
void perf_space_fork(struct perf_space *s, uint32_t pid, uint32_t parent);
/* Forgets a process's mappings: it has executed another program. */
void perf_space_exec(struct perf_space *s, uint32_t pid);
void perf_space_name(struct perf_space *s, uint32_t tid, struct str comm);

/* NULL when nothing is known to be there. */
const struct perf_region *perf_space_find(
    const struct perf_space *s, uint32_t pid, uint64_t address);
/* "" when unknown. */
struct str perf_space_comm(const struct perf_space *s, uint32_t tid);

#endif
