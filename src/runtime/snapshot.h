/*
 * The heap profile as of one moment: record values copied out, in record order. Taken while the
 * program runs; each row is consistent in itself (records.h).
 */
#ifndef RUNTIME_SNAPSHOT_H
#define RUNTIME_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/mem.h"
#include "runtime/records.h"
#include "runtime/stacktab.h"

/* Go's order of a heap profile's values. */
enum rt_value {
	RT_ALLOC_OBJECTS,
	RT_ALLOC_BYTES,
	RT_INUSE_OBJECTS,
	RT_INUSE_BYTES,
	RT_VALUES,
};

/* Labels that a row may have besides its block size; see ages.h. */
#define RT_LABEL_AGE  1u
#define RT_LABEL_BORN 2u

struct rt_row {
	uint32_t record;
	rt_stack_id stack;
	int64_t values[RT_VALUES];
	int64_t block_bytes;   /* average size of a block of this record */
	int64_t label_bytes;   /* size of its first block: the same in every snapshot */
	int64_t alloc_samples; /* sampled allocations, and how many of them are alive */
	int64_t inuse_samples;
	uint32_t labels; /* RT_LABEL_*: which of the next two count */
	uint32_t age, born;
};

struct rt_snapshot {
	struct rt_bytes rows; /* struct rt_row[] */
	size_t n;
	uint64_t rate;       /* bytes, now */
	bool rate_changed;   /* at any time since the start */
	unsigned labels;     /* RT_LABEL_* that rows may have */
	int64_t time_ns;     /* CLOCK_REALTIME */
	int64_t duration_ns; /* 0, or what a difference spans, or with births the time since the
				start */
};

/* Fills *s (uninitialised); false when memory is short (nothing to release). RT_ANY */
bool rt_snapshot_take(struct rt_snapshot *s);
void rt_snapshot_release(struct rt_snapshot *s);

/*
 * For those who fill a snapshot in other ways: an empty one as of now; a record's row; adding one;
 * and the end, false when memory was short (nothing to release). RT_ANY
 */
void rt_snapshot_begin(struct rt_snapshot *s);
void rt_snapshot_row_of(uint32_t record, rt_stack_id stack, const struct rt_amounts *alloc,
    const struct rt_amounts *freed, struct rt_row *row);
void rt_snapshot_add(struct rt_snapshot *s, const struct rt_row *row);
bool rt_snapshot_end(struct rt_snapshot *s);

/* Makes `later` the difference to `before`: rows without change are dropped. RT_ANY */
void rt_snapshot_subtract(struct rt_snapshot *later, const struct rt_snapshot *before);

/* Objects from 1 / 2^RT_OBJECTS_SHIFT, rounded. */
int64_t rt_snapshot_objects(uint64_t fixed);

static inline struct rt_row *rt_snapshot_row(const struct rt_snapshot *s, size_t i)
{
	return (struct rt_row *)(void *)s->rows.p + i;
}

#endif
