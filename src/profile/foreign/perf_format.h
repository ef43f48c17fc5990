/*
 * Linux perf's perf.data as bytes: header, attributes, records. Format:
 * tools/perf/Documentation/perf.data-file-format.txt and perf_event_open(2). Files of this
 * machine's byte order only, as perf writes them.
 */
#ifndef PROFILE_FOREIGN_PERF_FORMAT_H
#define PROFILE_FOREIGN_PERF_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"

#define PERF_EVENTS_MAX 64

/* perf_event_open(2), sample_type */
enum {
	PERF_HAS_IP = 1 << 0,
	PERF_HAS_TID = 1 << 1,
	PERF_HAS_TIME = 1 << 2,
	PERF_HAS_ADDR = 1 << 3,
	PERF_HAS_READ = 1 << 4,
	PERF_HAS_CALLCHAIN = 1 << 5,
	PERF_HAS_ID = 1 << 6,
	PERF_HAS_CPU = 1 << 7,
	PERF_HAS_PERIOD = 1 << 8,
	PERF_HAS_STREAM_ID = 1 << 9,
	PERF_HAS_IDENTIFIER = 1 << 16,
};

enum perf_record_type {
	PERF_MMAP = 1,
	PERF_COMM = 3,
	PERF_FORK = 7,
	PERF_SAMPLE = 9,
	PERF_MMAP2 = 10,
	PERF_COMPRESSED = 81,
};

struct perf_event {
	uint32_t type;
	uint64_t config;
	uint64_t period; /* 0 when the file gives a frequency */
	uint64_t frequency;
	uint64_t sample_type;
	uint64_t read_format;
	bool has_sample_ids; /* records of other types end in a sample's ids */
	struct str ids;      /* 8 bytes each */
	struct str name;     /* "cycles:u"; "" unknown */
};

struct perf_file {
	struct perf_event events[PERF_EVENTS_MAX];
	uint32_t n_events;
	struct str records;
	struct str build_ids;    /* records of their own kind, or empty */
	struct str command_line; /* as the feature has it, or empty */
};

/* A cursor over bytes; reading past the end sets `bad` and yields zeroes. */
struct perf_cursor {
	struct str s;
	bool bad;
};

uint16_t perf_u16(struct perf_cursor *c);
uint32_t perf_u32(struct perf_cursor *c);
uint64_t perf_u64(struct perf_cursor *c);
struct str perf_take(struct perf_cursor *c, uint64_t n);
/* Bytes up to a NUL or the end. */
struct str perf_text(struct str s);

bool perf_is_file(struct str bytes);
/* Reads all but the records. Everything is borrowed from bytes. */
enum err_code perf_open(struct perf_file *f, struct str bytes, struct err *e) MUST_USE;

#endif
