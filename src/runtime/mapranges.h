/*
 * The opt-in profile of the mmap family (PPROF_MMAP=1, and when snapshots of who holds what need
 * the ranges): which stacks mapped the address space that is mapped now. Every call counts, none is
 * sampled. Bytes are address space, whether touched or not.
 *
 * Ranges are kept in address order, each with the stack that mapped it; unmapping takes away any
 * part. So there is one lock, which hooks wait for a bounded time only: a change that could not be
 * noted is a counted loss, and what the kernel maps later at the same place puts the table right.
 */
#ifndef RUNTIME_MAPRANGES_H
#define RUNTIME_MAPRANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/snapshot.h"

/* Ranges cut out of the table at once; what is more is put under the last one's stack. */
#define RT_MAP_CUTS 8

struct rt_map_range {
	uintptr_t start, end;
	uint32_t site;
	uint32_t objects; /* share of the mapping it is (a part of), in 1 / 2^RT_OBJECTS_SHIFT */
};

struct rt_map_cut {
	size_t n;
	struct rt_map_range ranges[RT_MAP_CUTS];
};

/* Maps the table; without memory for it there is no such profile. Init only. */
void rt_mapranges_init(void);
/* True when there is one. RT_SIGSAFE */
bool rt_mapranges_enabled(void);
/* Forgets everything; for tests. */
void rt_mapranges_reset(void);

/* [start, start + n) was mapped by the function that `caller` is in. Keeps errno. RT_NOALLOC */
void rt_mapranges_mapped(uintptr_t start, size_t n, void *caller);

/*
 * Takes what lies in [start, start + n) out of the table, before the call that unmaps it (as the
 * addresses may be somebody else's at once). Then either rt_mapranges_unmapped or, when the call
 * failed, rt_mapranges_restore. Keep errno. RT_NOALLOC
 */
void rt_mapranges_cut(uintptr_t start, size_t n, struct rt_map_cut *cut);
void rt_mapranges_unmapped(const struct rt_map_cut *cut);
void rt_mapranges_restore(const struct rt_map_cut *cut);

/* The profile as of now; false when memory is short. RT_ANY */
bool rt_mapranges_snapshot(struct rt_snapshot *s);
/* Stacks (by size class) that it has. RT_SIGSAFE */
size_t rt_mapranges_count(void);

/*
 * For a copy of the process in which nothing else runs, which may be one of the middle of a change:
 * range number i, in order of address if it is a sound one, and where in the code it was mapped.
 * False when there is none. RT_SIGSAFE
 */
bool rt_mapranges_read(size_t i, struct rt_map_range *out, uintptr_t *mapped_by);

/* Around fork, in the thread that forks: no change by another is to be under way. */
void rt_mapranges_before_fork(void);
void rt_mapranges_after_fork(void);
/* In the child, besides: when that could not be, the table is forgotten. */
void rt_mapranges_after_fork_child(void);

#endif
