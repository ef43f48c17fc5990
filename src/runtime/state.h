/*
 * The one mapping that holds all of the heap profile: stacks, records, live samples and the hash
 * tables that find them. It holds indices and offsets, never pointers, so that it can be a file
 * that outlives the process.
 *
 * The whole range is reserved at start without access; pieces are made usable as they fill, each
 * faulted in at once, as page faults would otherwise be most of a sample's cost. A range that
 * cannot be made usable is a counted loss for whoever asked.
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rt_region {
	RT_REGION_HEAD,
	RT_REGION_STACK_INDEX,  /* uint32_t[]: hash slot to stack id */
	RT_REGION_RECORD_INDEX, /* uint32_t[]: hash slot to record number */
	RT_REGION_RECORDS,      /* struct rt_record[], by number */
	RT_REGION_STACKS,       /* struct rt_stack, packed; id = offset / 8 */
	RT_REGION_LIVE,         /* struct rt_live_entry[], levels one after the other */
	RT_REGIONS,
};

/* At the start of the mapping: what a reader of the bytes needs to find the rest. */
struct rt_state_head {
	char magic[8]; /* "pprofst1" */
	uint32_t version;
	uint32_t pid;
	uint64_t bytes; /* of the whole mapping */
	struct {
		uint64_t offset, bytes; /* from the mapping's start */
	} regions[RT_REGIONS];
	_Atomic uint64_t stack_used;   /* bytes of RT_REGION_STACKS handed out */
	_Atomic uint32_t stack_count;  /* stacks stored */
	_Atomic uint32_t record_count; /* records handed out, the overflow record included */
	_Atomic uint32_t live_levels;  /* levels of the live table that hold entries */
};

/* This process's view of it. Constant after init but for `committed`. */
struct rt_state {
	struct rt_state_head *head;
	uint8_t *base[RT_REGIONS];
	size_t size[RT_REGIONS];              /* bytes reserved */
	_Atomic size_t committed[RT_REGIONS]; /* bytes usable, from the region's start */
};

/*
 * Reserves the mapping, the full size or, under an address space limit, a small one. False when
 * not even that can be had. Init only.
 */
bool rt_state_init(struct rt_state *s);
/* Gives the mapping back; for tests. */
void rt_state_release(struct rt_state *s);

/*
 * Makes the region usable up to `end` bytes from its start, rounded up to whole chunks. False past
 * the region's size or when the kernel refuses. Any thread; no lock. RT_NOALLOC
 */
bool rt_state_need(struct rt_state *s, enum rt_region region, size_t end);

#endif
