/*
 * The one mapping that holds all of the heap profile: stacks, records, live samples, modules and
 * the hash tables that find them. It holds indices and offsets, never pointers, so that it can be
 * a file that outlives the process (state_file.h). Its layout is core/statefmt.h.
 *
 * The whole range is reserved at start without access; pieces are made usable as they fill, each
 * faulted in at once (the first pieces at the first sample), as page faults would otherwise be most
 * of a sample's cost, and as a file's page that the file system has no room for would otherwise be
 * a SIGBUS. A range that cannot be made usable is a counted loss for whoever asked.
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/statefmt.h"

enum rt_region {
	RT_REGION_HEAD = STATEFMT_HEAD,
	RT_REGION_STACK_INDEX = STATEFMT_STACK_INDEX,
	RT_REGION_RECORD_INDEX = STATEFMT_RECORD_INDEX,
	RT_REGION_RECORDS = STATEFMT_RECORDS,
	RT_REGION_CELLS = STATEFMT_CELLS,
	RT_REGION_STACKS = STATEFMT_STACKS,
	RT_REGION_MODULES = STATEFMT_MODULES,
	RT_REGION_RECORD_LABELS = STATEFMT_RECORD_LABELS, /* these two with a file only */
	RT_REGION_LABELS = STATEFMT_LABELS,
	RT_REGION_LIVE = STATEFMT_LIVE, /* struct rt_live_entry[], levels one after the other */
	RT_REGIONS = STATEFMT_REGIONS,
};

/* What the pages are. */
enum rt_backing {
	RT_BACKING_MEMORY,
	RT_BACKING_FILE, /* shared with a file; a page's place is found when it is made usable */
	RT_BACKING_RESERVED, /* shared with a file that has room for all of it */
};

/* This process's view of it. Constant after init but for `committed` and `faulted_in`; zero before.
 */
struct rt_state {
	struct statefmt_head *head;
	uint8_t *base[RT_REGIONS];
	size_t size[RT_REGIONS];              /* bytes reserved */
	_Atomic size_t committed[RT_REGIONS]; /* bytes usable, from the region's start */
	enum rt_backing backing;
	_Atomic uint32_t faulted_in; /* 1 from the first sample on */
	/*
	 * With a file: a word of a page that the kernel empties in forked children, 1 in the
	 * process whose file it is. NULL without, and where the kernel cannot do that.
	 */
	_Atomic uint32_t *ours;
};

/*
 * Reserves the mapping, the full size or, under an address space limit, a small one. False when
 * not even that can be had. RT_NOALLOC
 */
bool rt_state_init(struct rt_state *s);
/* Bytes of a mapping, full or small. */
size_t rt_state_bytes(bool small);
/*
 * The same in rt_state_bytes(small) bytes at `mapping`, which then belongs to s, also on failure.
 * RT_NOALLOC
 */
bool rt_state_init_at(struct rt_state *s, uint8_t *mapping, bool small, enum rt_backing backing);
/* Gives the mapping back. Nobody uses it any more. RT_NOALLOC */
void rt_state_release(struct rt_state *s);

/*
 * Makes the region usable up to `end` bytes from its start, rounded up to whole chunks. False past
 * the region's size or when the kernel refuses. Any thread; no lock. RT_NOALLOC
 */
bool rt_state_need(struct rt_state *s, enum rt_region region, size_t end);

/*
 * Has the pages of what is usable ready, and of all that will be, once for a state: at the first
 * sample, so that programs too short for one do not pay. RT_NOALLOC
 */
void rt_state_fault_in(struct rt_state *s);

/* Notes the time of a sample, in seconds since the runtime's start. RT_SIGSAFE */
void rt_state_seen(struct rt_state *s, uint32_t now_s);

/*
 * In a child that goes on with the tables of its parent's file: gives it tables of its own with
 * the same contents, in memory. False when there is no memory: the runtime is then dormant, and
 * the tables must not be touched. RT_NOALLOC
 */
bool rt_state_leave(void);

/* The same when this is such a child that no fork handler ran in (clone, _Fork). RT_NOALLOC */
static inline bool rt_state_check(const struct rt_state *s)
{
	if (__builtin_expect(
		s->ours && atomic_load_explicit(s->ours, memory_order_relaxed) == 0, 0))
		return rt_state_leave();
	return true;
}

#endif
