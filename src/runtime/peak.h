/*
 * The heap profile as it was when the most bytes were in use. A free that finds more in use than
 * the last copy of all records has, by 1 %, makes a new copy first: copying costs some nanoseconds
 * a record, and a run from 1 MB to 10 GB makes at most 926 of them. So what is kept is within 1 %
 * of the highest total there ever was, and exactly the highest when the program grew to it by more
 * than that before the first free. While other threads are at work a copy can miss what they free
 * meanwhile; it replaces the last one only when it has more.
 */
#ifndef RUNTIME_PEAK_H
#define RUNTIME_PEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/snapshot.h"

/* Reserves memory for the copy; without, there are no copies. Init only. */
void rt_peak_init(void);

/* Bytes that a sample stands for came into use: after its record was told. RT_SIGSAFE */
void rt_peak_allocated(uint64_t bytes);
/* They are about to be freed: before the record is told. RT_SIGSAFE */
void rt_peak_before_free(uint64_t bytes);

/* Takes the peak for a snapshot (uninitialised); false when memory is short. RT_ANY */
bool rt_peak_snapshot(struct rt_snapshot *s);

/* Most bytes ever in use, as estimated, and copies made. RT_SIGSAFE */
uint64_t rt_peak_bytes(void);
uint64_t rt_peak_copies(void);

/* Bytes of memory that the copies have touched. RT_SIGSAFE */
uint64_t rt_peak_memory(void);

/* In a forked child: a copy that another thread was making is dropped. */
void rt_peak_after_fork(void);

#endif
