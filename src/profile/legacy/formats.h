/*
 * The legacy formats, one reader each, in the order in which legacy.c asks them. A reader gets an
 * freshly initialised builder, which is thrown away when the bytes are not of its format.
 */
#ifndef PROFILE_LEGACY_FORMATS_H
#define PROFILE_LEGACY_FORMATS_H

#include "base/err.h"
#include "profile/legacy/builder.h"

/*
 * OK with *mine true: read and published. OK with *mine false: not this format, the next reader is
 * asked. An error decides: the bytes are of this format and broken.
 */
typedef enum err_code legacy_reader(
    struct legacy_builder *b, struct str bytes, bool *mine, struct err *e);

legacy_reader cpu_read;        /* gperftools' binary CPU profile, and Java's */
legacy_reader heap_read;       /* heap, growth and fragmentation */
legacy_reader gocount_read;    /* Go's debug=1 counts: goroutine, threadcreate */
legacy_reader threads_read;    /* threadz */
legacy_reader contention_read; /* contentionz, Go's mutex and contention */
legacy_reader java_read;       /* Java's heapz and contentionz */
legacy_reader jemalloc_read;   /* jemalloc's heap dumps */

/*
 * Names for the addresses of a Java profile, from lines "0xADDR function (file:line)"; a named
 * location loses its address.
 */
enum err_code java_read_locations(
    struct legacy_builder *b, struct str text, struct err *e) MUST_USE;
/* Resolves, takes the addresses away and publishes: how every Java profile ends. */
enum err_code java_finish(struct legacy_builder *b, struct err *e) MUST_USE;

/*
 * What a count and a size stand for that were sampled with a mean distance of `rate` bytes: both
 * are divided by the probability 1 - exp(-size/count/rate) that such a block is sampled at
 * all. Rates up to 1 mean that nothing was left out. Zeroes stay zeroes.
 */
void heap_unsample(int64_t *count, int64_t *size, int64_t rate);
#endif
