/*
 * Heap records: what was allocated and freed by one stack in one size class. Counters only grow;
 * in use = allocated - freed. Lock-free.
 *
 * A record's counters must be read as of one moment, also by someone who finds them in a file
 * after this process was killed between any two instructions. So they are never written in place:
 * a record names the cell that has its counters, an update fills a spare cell with the new ones,
 * and one compare-and-swap makes that the record's. The cell it had is then the spare one.
 */
#ifndef RUNTIME_RECORDS_H
#define RUNTIME_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/statefmt.h"
#include "runtime/rt_labels.h"
#include "runtime/stacktab.h"
#include "runtime/state.h"

/* Records there can be. */
#define RT_RECORDS_MAX 49152u

/* Objects are kept in 1/4096, as a sample stands for a fractional number of them. */
#define RT_OBJECTS_SHIFT STATEFMT_OBJECTS_SHIFT

#define rt_amounts statefmt_amounts

/* A size's class: exact below 8, then four to a doubling. RT_SIGSAFE */
uint32_t rt_records_class(size_t size);

/* The number of the record for this stack, the class of this size and the calling thread's labels,
 * made when new; the overflow record 0 (and a counted loss) when the table is full. RT_NOALLOC */
uint32_t rt_records_find(rt_stack_id stack, size_t size);

/*
 * Fetches what the next new record and this thread's next update will write to, while the caller
 * does other things. RT_SIGSAFE
 */
void rt_records_prefetch(void);
/* Fetches where the index has the record of a stack of this hash and this size. RT_SIGSAFE */
void rt_records_prefetch_slot(uint32_t stack_hash, size_t size);

/* Adds one sample's amounts; a counted loss when there is no cell to write to. RT_NOALLOC */
void rt_records_add_alloc(uint32_t record, const struct rt_amounts *a);
void rt_records_add_free(uint32_t record, const struct rt_amounts *a);

/*
 * Bytes of the first block that record i was made for (from 2 GiB on in whole MiB); 0 for the
 * overflow record. Never changes, unlike the average, and differs between the records of one stack:
 * with the stack it identifies the record to those who compare profiles. RT_SIGSAFE
 */
uint64_t rt_records_first_size(uint32_t i);

/* The labels of record i. Never changes. RT_SIGSAFE */
rt_label_set rt_records_labels(uint32_t i);

/* How many records there are. RT_SIGSAFE */
uint32_t rt_records_count(void);
/* Reads record number i at one moment; false when it is not filled yet. RT_SIGSAFE */
bool rt_records_read(
    uint32_t i, rt_stack_id *stack, struct rt_amounts *alloc, struct rt_amounts *freed);

/* Makes the overflow record. Init only, after rt_stacktab_init. */
void rt_records_init(void);
/* In a forked child: cells that other threads were just filling are replaced. */
void rt_records_after_fork(void);

/*
 * In a forked child: copies all records (not their index) to `to`, while others go on updating
 * those of `from`; the spare cells are from then on those of `to`. RT_NOALLOC
 */
bool rt_records_copy(struct rt_state *to, const struct rt_state *from);

#endif
