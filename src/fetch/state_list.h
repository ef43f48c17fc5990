/*
 * A directory of state files: what is there, of which process, does it still run; which is the
 * newest; removing old ones. Used by `pprof run -state` and for a directory given as a source.
 */
#ifndef FETCH_STATE_LIST_H
#define FETCH_STATE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

enum state_status {
	STATE_RUNNING,
	STATE_REPLACED, /* the process runs, but has become a program without the library by exec */
	STATE_ENDED,    /* it ended by itself (and PPROF_STATE_KEEP was set) */
	STATE_GONE,     /* killed, crashed, or left by _exit */
	STATE_UNKNOWN,  /* of another process namespace: nobody here can know */
};

struct state_entry {
	struct str path;
	uint32_t pid;
	struct str program;
	enum state_status status;
	int64_t start_ns; /* since the epoch */
	int64_t last_ns;  /* the last sample; to the second */
	uint64_t rate;
	int64_t inuse_bytes;
	size_t n_records; /* with samples */
	uint64_t disk_bytes;
};

struct state_list {
	struct arena arena;
	struct state_entry *entries; /* newest sample first */
	size_t n;
};

/*
 * Reads all state files in a directory; what cannot be read is left out. ERR_IO when the directory
 * cannot be, ERR_NOMEM. A zero struct is a valid empty list.
 */
enum err_code state_list_read(struct state_list *out, struct str directory, struct err *e) MUST_USE;
void state_list_release(struct state_list *l);

/* A table for people, a line an entry; now_ns is the time ages are counted to. */
void state_list_print(const struct state_list *l, int64_t now_ns, struct buf *out);

/*
 * Removes files of processes that do not run whose last sample is older than max_age_s, counted to
 * now_ns; *removed of them. ERR_IO at the first that cannot be removed.
 */
enum err_code state_list_expire(const struct state_list *l, int64_t now_ns, int64_t max_age_s,
    size_t *removed, struct err *e) MUST_USE;

/*
 * The path of the directory's newest file, in `arena`. ERR_NOT_FOUND when it has none; errors of
 * state_list_read.
 */
enum err_code state_list_newest(
    struct str *path, struct str directory, struct arena *arena, struct err *e) MUST_USE;

/* "90s", "15m", "12h", "7d" (or a number of seconds) in seconds. ERR_USAGE. */
enum err_code state_age(struct str text, int64_t *seconds, struct err *e) MUST_USE;

#endif
