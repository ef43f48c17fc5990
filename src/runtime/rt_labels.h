/*
 * Labels: sets of key and value texts that a thread says of itself, as Go's pprof.Do. Each distinct
 * set is stored once, for ever, and has a number; a thread's present one is in its thread-local
 * struct, so that a sample of any kind, taken in any context, only notes a number.
 *
 * Lock-free, in memory of its own that is mapped with the first set.
 */
#ifndef RUNTIME_RT_LABELS_H
#define RUNTIME_RT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"
#include "runtime/mem.h"
#include "runtime/state.h"
#include "runtime/tls.h"

typedef uint32_t rt_label_set; /* 0: no labels */

/* Pairs of a set, and bytes of its texts (each with a NUL); more are a counted loss. */
#define RT_LABELS_PAIRS STATEFMT_LABEL_PAIRS
#define RT_LABELS_BYTES STATEFMT_LABEL_BYTES
/* Distinct sets there can be. */
#define RT_LABELS_MAX   12288u

struct rt_label {
	struct str key, value;
};

/* The calling thread's set. RT_SIGSAFE */
static inline rt_label_set rt_labels_current(void)
{
	return rt_tls.labels;
}

/* Makes `set` the calling thread's. RT_SIGSAFE */
static inline void rt_labels_set(rt_label_set set)
{
	rt_tls.labels = set;
}

/*
 * The set with the pairs of `base` and the n added ones, which replace those of equal keys. When
 * there is no room (a counted loss) it is `base`. RT_NOALLOC
 */
rt_label_set rt_labels_with(rt_label_set base, const struct rt_label *add, size_t n);

/* Whether there is such a set; 0 is one. RT_SIGSAFE */
bool rt_labels_exists(rt_label_set set);

/*
 * Copies the pairs of a set, by key, to out[RT_LABELS_PAIRS]; returns how many. Texts are borrowed,
 * NUL-terminated, and live as long as the process. RT_SIGSAFE
 */
size_t rt_labels_get(rt_label_set set, struct rt_label *out);

/*
 * Copies the set to where a file's reader looks for it, at its number in RT_REGION_LABELS; false
 * when there is no room. Any number of times, by any number of threads. RT_NOALLOC
 */
bool rt_labels_keep(rt_label_set set, struct rt_state *s);

/* Appends {"key":"value", ...}, quoted as Go does. RT_ANY */
void rt_labels_print(const struct rt_label *pairs, size_t n, struct rt_bytes *out);

/* Distinct sets stored. RT_SIGSAFE */
uint32_t rt_labels_count(void);

#endif
