/*
 * Heap records: what was allocated and freed by one stack in one size class. Counters only grow;
 * in use = allocated - freed. Lock-free; each record fits one cache line.
 *
 * A record's counters must be read as of one moment. Writers raise `begun` before and `ended`
 * after an update; a reader that sees ended == begun around its reads saw no update in between.
 */
#ifndef RUNTIME_RECORDS_H
#define RUNTIME_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/stacktab.h"

/* Objects are kept in 1/4096, as a sample stands for a fractional number of them. */
#define RT_OBJECTS_SHIFT 12

struct rt_amounts {
	uint64_t samples; /* sampled allocations */
	uint64_t objects; /* estimated allocations, in 1 / 2^RT_OBJECTS_SHIFT */
	uint64_t bytes;   /* estimated bytes */
};

struct rt_record {
	_Atomic rt_stack_id stack; /* 0: slot handed out but not filled yet */
	uint32_t size;             /* of its first block, rounded when huge; decides the class */
	_Atomic uint32_t begun, ended;
	_Atomic uint64_t alloc_samples, alloc_objects, alloc_bytes;
	_Atomic uint64_t free_samples, free_objects, free_bytes;
};

_Static_assert(sizeof(struct rt_record) == 64, "one record, one cache line");

/* A size's class: exact below 8, then four to a doubling. RT_SIGSAFE */
uint32_t rt_records_class(size_t size);

/* The number of the record for this stack and the class of this size, made when new; the overflow
 * record 0 (and a counted loss) when the table is full. RT_NOALLOC */
uint32_t rt_records_find(rt_stack_id stack, size_t size);

/* Adds one sample's amounts. RT_SIGSAFE */
void rt_records_add_alloc(uint32_t record, const struct rt_amounts *a);
void rt_records_add_free(uint32_t record, const struct rt_amounts *a);

/*
 * Bytes of the first block that record i was made for (from 2 GiB on in whole MiB); 0 for the
 * overflow record. Never changes, unlike the average, and differs between the records of one stack:
 * with the stack it identifies the record to those who compare profiles. RT_SIGSAFE
 */
uint64_t rt_records_first_size(uint32_t i);

/* How many records there are. RT_SIGSAFE */
uint32_t rt_records_count(void);
/* Reads record number i at one moment; false when it is not filled yet. RT_SIGSAFE */
bool rt_records_read(uint32_t i, rt_stack_id *stack, struct rt_amounts *alloc,
    struct rt_amounts *freed);

/* Makes the overflow record. Init only, after rt_stacktab_init. */
void rt_records_init(void);
/* In a forked child: updates that other threads had begun will never end. */
void rt_records_after_fork(void);

#endif
