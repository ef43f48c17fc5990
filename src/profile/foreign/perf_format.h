/*
 * Linux perf's perf.data as bytes: header, attributes, records. Format:
 * tools/perf/Documentation/perf.data-file-format.txt and perf_event_open(2). A file has its
 * header in front and its features behind; a stream (perf record -o -) has both as records, see
 * perf_stream.c. Either may be of a machine with the other byte order, and have records that are
 * compressed (perf record -z), see perf_packed.c.
 */
#ifndef PROFILE_FOREIGN_PERF_FORMAT_H
#define PROFILE_FOREIGN_PERF_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"

#define PERF_EVENTS_MAX  64
#define PERF_RECORD_HEAD 8u /* bytes: type, misc, size */

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
	PERF_HEADER_ATTR = 64,
	PERF_TRACING_DATA = 66, /* so many bytes stand behind it */
	PERF_BUILD_ID = 67,
	PERF_AUXTRACE = 71, /* likewise */
	PERF_EVENT_UPDATE = 78,
	PERF_HEADER_FEATURE = 80,
	PERF_COMPRESSED = 81,
	PERF_COMPRESSED2 = 83, /* says how many of its bytes count */
};

enum perf_feature { /* by bit of a file's header, by number in a stream */
	PERF_FEATURE_BUILD_ID = 2,
	PERF_FEATURE_CMDLINE = 11,
	PERF_FEATURE_EVENT_DESC = 12,
};

struct perf_event {
	uint32_t type;
	uint64_t config;
	uint64_t period; /* 0 when the file gives a frequency */
	uint64_t frequency;
	uint64_t sample_type;
	uint64_t read_format;
	bool swapped;        /* as the file */
	bool has_sample_ids; /* records of other types end in a sample's ids */
	struct str ids;      /* 8 bytes each */
	struct str name;     /* "cycles:u"; "" unknown */
};

struct perf_file {
	bool swapped;     /* numbers are of the other byte order */
	struct buf own;   /* records, when some were compressed */
	struct buf found; /* build ids of a stream */
	struct perf_event events[PERF_EVENTS_MAX];
	uint32_t n_events;
	struct str records;
	struct str build_ids;    /* records of their own kind, or empty */
	struct str command_line; /* as the feature has it, or empty */
};

/* A cursor over bytes; reading past the end sets `bad` and yields zeroes. */
struct perf_cursor {
	struct str s;
	bool swapped;
	bool bad;
};

struct perf_record {
	uint32_t type;
	uint16_t misc;
	struct str whole, body;
};

uint16_t perf_u16(struct perf_cursor *c);
uint32_t perf_u32(struct perf_cursor *c);
uint64_t perf_u64(struct perf_cursor *c);
struct str perf_take(struct perf_cursor *c, uint64_t n);
/* Bytes up to a NUL or the end. */
struct str perf_text(struct str s);

/*
 * The next record; false at the end, and where the input was cut off. What stands behind a record
 * that announces it is skipped. ERR_FORMAT for a record that is smaller than its head.
 */
enum err_code perf_next(
    struct perf_cursor *c, struct perf_record *r, bool *more, struct err *e) MUST_USE;

bool perf_is_file(struct str bytes);
/*
 * Reads all but the records. Everything is borrowed from bytes or owned by f. Released by
 * perf_close, also on failure.
 */
enum err_code perf_open(struct perf_file *f, struct str bytes, struct err *e) MUST_USE;
void perf_close(struct perf_file *f);

/* Over bytes of the file, in its byte order. */
struct perf_cursor perf_over(const struct perf_file *f, struct str s);

/* Parts of perf_open. */

/* One more event: attr as in perf_event_open(2), ids of 8 bytes. ERR_LIMIT. */
enum err_code perf_add_event(
    struct perf_file *f, struct str attr, struct str ids, struct err *e) MUST_USE;
bool perf_event_has_id(const struct perf_event *event, uint64_t id);
/* Takes a feature's contents; what is of no use is ignored. */
void perf_set_feature(struct perf_file *f, uint64_t feature, struct str contents);
/* Events and features that are records of a stream. */
enum err_code perf_read_stream(struct perf_file *f, struct err *e) MUST_USE;
/* Puts f->records behind what was compressed among them, when some were. */
enum err_code perf_unpack(struct perf_file *f, struct err *e) MUST_USE;

#endif
