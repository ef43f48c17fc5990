/* What the heap profile of this process says about blocks of one size, for tests. */
#ifndef TESTS_PROCESS_HEAP_SUMS_H
#define TESTS_PROCESS_HEAP_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "process/profile_reader.h"

struct heap_sums {
	int64_t alloc_objects, alloc_bytes, inuse_objects, inuse_bytes;
};

/* Takes the "heap" profile through the public API; aborts when it cannot be read. */
void heap_profile(struct reader_profile *p);
/* The same of any profile. */
void profile_named(const char *name, struct reader_profile *p);

/* Sums of all samples whose `bytes` label is size (all samples when size is 0). */
struct heap_sums heap_sums_of(const struct reader_profile *p, int64_t size);

/* Both at once. */
struct heap_sums heap_sums(int64_t size);

#endif
