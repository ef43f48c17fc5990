/*
 * A profile as of one moment: the values of its stacks copied out, in the order of their records.
 * Taken while the program runs; each row is consistent in itself (records.h).
 */
#ifndef RUNTIME_SNAPSHOT_H
#define RUNTIME_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_labels.h"
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

/* What a profile's values are called. */
struct rt_value_type {
	const char *type, *unit;
};

struct rt_shape {
	struct rt_value_type values[RT_VALUES];
	unsigned n; /* values of a row that count */
	struct rt_value_type period;
	const char *default_type; /* NULL: none */
	const char *drop_frames;  /* NULL: none */
};

/* Labels that a row may have besides its block size; see ages.h. */
#define RT_LABEL_AGE  1u
#define RT_LABEL_BORN 2u

struct rt_row {
	uint32_t record; /* what tells rows apart, in this and later snapshots */
	rt_stack_id stack;
	int64_t values[RT_VALUES]; /* in the order of the profile's shape */
	int64_t block_bytes;       /* average size of a block of this record */
	int64_t label_bytes;       /* size of its first block: the same in every snapshot */
	int64_t alloc_samples;     /* sampled allocations, and how many of them are alive */
	int64_t inuse_samples;
	uint32_t labels; /* RT_LABEL_*: which of the next two count */
	uint32_t age, born;
	rt_label_set label_set; /* the thread's labels at the sample */
	uint32_t extra;         /* with `n_extra`: pairs of text that only this row has, from */
	uint32_t n_extra;       /* this offset in the snapshot's texts: "key\0value\0..." */
};

struct rt_snapshot {
	struct rt_bytes rows; /* struct rt_row[] */
	size_t n;
	struct rt_bytes stacks; /* of the rows, by offset / 8; empty: those of rt_stacktab_get */
	struct rt_bytes texts;  /* see rt_row.extra */
	struct rt_bytes frames, frame_texts; /* see rt_snapshot_frame */
	struct rt_bytes comments;            /* what a reader must know, one a line */
	uint64_t rate;       /* the profile's period: of the heap's, mean bytes between samples */
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

/* For profiles with stacks of their own: a copy of one, by number. 0 when memory is short. RT_ANY
 */
rt_stack_id rt_snapshot_own_stack(struct rt_snapshot *s, const struct rt_stack *stack);
/* A row's stack. RT_ANY */
const struct rt_stack *rt_snapshot_stack(const struct rt_snapshot *s, const struct rt_row *row);

/*
 * A frame that is no code but has names of its own: the address that stands for it in stacks of
 * this snapshot. The texts are copied. RT_ANY
 */
#define RT_PC_NAMED ((uint64_t)1 << 63)
uint64_t rt_snapshot_frame(
    struct rt_snapshot *s, struct str name, struct str system_name, struct str file);

struct rt_frame_text {
	struct str name, system_name, file;
};

/* Its texts; false for any other address. RT_ANY */
bool rt_snapshot_frame_text(const struct rt_snapshot *s, uint64_t pc, struct rt_frame_text *out);

/* Adds a pair of text to a row that is about to be added. RT_ANY */
void rt_snapshot_extra(
    struct rt_snapshot *s, struct rt_row *row, const char *key, struct str value);
/* All of a row's pairs of text, those of its label set first, into out[RT_ROW_LABELS]. RT_ANY */
#define RT_ROW_LABELS (RT_LABELS_PAIRS + 8)
size_t rt_snapshot_labels(
    const struct rt_snapshot *s, const struct rt_row *row, struct rt_label *out);

/*
 * Makes `later` the difference to `before`, both in record order: rows without change are dropped;
 * what is no longer there is appended with what is missing, negative. False when memory is short
 * (`later` is released). RT_ANY
 */
bool rt_snapshot_subtract(struct rt_snapshot *later, const struct rt_snapshot *before);

/* Puts the rows in the order of their records, or of a value, largest first. RT_ANY */
void rt_snapshot_sort(struct rt_snapshot *s);
void rt_snapshot_sort_by(struct rt_snapshot *s, unsigned value);

/* Objects from 1 / 2^RT_OBJECTS_SHIFT, rounded. */
int64_t rt_snapshot_objects(uint64_t fixed);

static inline struct rt_row *rt_snapshot_row(const struct rt_snapshot *s, size_t i)
{
	return (struct rt_row *)(void *)s->rows.p + i;
}

#endif
