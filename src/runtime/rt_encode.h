/*
 * A snapshot as profile.proto, in the form that Go gives its profiles, and gzip.
 */
#ifndef RUNTIME_RT_ENCODE_H
#define RUNTIME_RT_ENCODE_H

#include <stdbool.h>

#include "runtime/snapshot.h"

/*
 * Appends the uncompressed profile to *out. Not symbolized: locations have addresses of the calling
 * instructions and mappings with build ids. Ids are 1..n in table order. False when memory is
 * short. RT_ANY
 */
bool rt_encode(const struct rt_snapshot *s, const struct rt_shape *shape, struct rt_bytes *out);

/* Appends `in` gzip-compressed (fast level) to *out. False when memory is short. RT_ANY */
bool rt_encode_gzip(const struct rt_bytes *in, struct rt_bytes *out);

/* Gives the compressor its memory functions. Init only. */
void rt_encode_init(void);

#endif
