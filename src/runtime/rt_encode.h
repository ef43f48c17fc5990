/*
 * A snapshot as profile.proto, in the shape of Go's heap profile, and gzip.
 */
#ifndef RUNTIME_RT_ENCODE_H
#define RUNTIME_RT_ENCODE_H

#include <stdbool.h>

#include "runtime/snapshot.h"

/*
 * Appends the uncompressed profile to *out. default_type is "alloc_space" or "inuse_space". Not
 * symbolized: locations have addresses of the calling instructions and mappings with build ids.
 * Ids are 1..n in table order. False when memory is short. RT_ANY
 */
bool rt_encode_heap(const struct rt_snapshot *s, const char *default_type, struct rt_bytes *out);

/* Appends `in` gzip-compressed (fast level) to *out. False when memory is short. RT_ANY */
bool rt_encode_gzip(const struct rt_bytes *in, struct rt_bytes *out);

/* Gives the compressor its memory functions. Init only. */
void rt_encode_init(void);

#endif
