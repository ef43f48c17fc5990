/*
 * Writes small perf.data files record by record, as perf record would, so that no binary file need
 * be kept. One event unless asked otherwise.
 */
#ifndef GEN_PERFDATA_H
#define GEN_PERFDATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define PERFDATA_KERNEL ((uint64_t)-128)
#define PERFDATA_USER   ((uint64_t)-512)

struct perfdata {
	struct buf records;
	uint32_t n_events;
	bool swapped; /* as a big-endian machine writes it; set before anything else */
};

/* How perfdata_finish writes the file. */
enum perfdata_form {
	PERFDATA_FILE,
	PERFDATA_STREAM, /* as perf record -o - */
	PERFDATA_PACKED, /* as perf record -z: but for the first, the records are compressed */
	PERFDATA_PACKED_STREAM,
};

void perfdata_comm(struct perfdata *d, uint32_t pid, uint32_t tid, uint64_t time, const char *name);
void perfdata_fork(struct perfdata *d, uint32_t pid, uint32_t parent, uint64_t time);
/* Executable; a build id of 20 bytes `id` unless that is 0. */
void perfdata_mmap(struct perfdata *d, uint32_t pid, uint64_t time, uint64_t start, uint64_t size,
    uint64_t offset, const char *file, uint8_t id);
/* The chain is leaf first, with its context markers. */
void perfdata_sample(struct perfdata *d, uint32_t event, uint32_t pid, uint32_t tid, uint64_t time,
    uint64_t period, const uint64_t *chain, uint64_t n);
void perfdata_record(struct perfdata *d, uint32_t type, uint16_t misc, struct str body);

/* The file; d is released. */
void perfdata_finish(struct perfdata *d, struct buf *out);
void perfdata_finish_as(struct perfdata *d, enum perfdata_form form, struct buf *out);

/* A file with two processes, a kernel, JIT code and a library, as the tests use it. */
void perfdata_example(struct buf *out);
void perfdata_example_as(enum perfdata_form form, bool swapped, struct buf *out);

#endif
