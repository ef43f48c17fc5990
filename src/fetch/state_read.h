/*
 * The runtime's state files (core/statefmt.h, docs/state-file.md) as profiles: the last heap
 * profile of a process that was killed, or the present one of a process that runs.
 */
#ifndef FETCH_STATE_READ_H
#define FETCH_STATE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "profile/profile.h"

/* What a file says beside its profile. */
struct state_totals {
	uint32_t records; /* that hold something */
	uint32_t damaged; /* left out because they contradict themselves */
	int64_t inuse_bytes;
};

/* True when the file at path begins as a state file does. */
bool state_is_file(struct str path);

/*
 * Makes *out from the bytes of a state file (8-byte aligned; they may change meanwhile). The shape
 * is that of the runtime's heap profiles, not symbolized; the time is that of the last sample; a
 * comment names the process. With `births`, what is in use is split by the numeric label `born` as
 * the runtime's ?born=1 does, and the duration is the time since the start. *totals (NULL allowed)
 * is filled on success. ERR_FORMAT with one sentence, at state_open()'s; also when no record can be
 * read at all. ERR_LIMIT when stacks are too many, ERR_NOMEM. On failure *out is empty.
 */
enum err_code state_read(struct profile *out, struct str bytes, bool births,
    struct state_totals *totals, struct err *e) MUST_USE;

/* The same for a file; records that were left out are said through ui. */
enum err_code state_read_file(
    struct profile *out, struct str path, bool births, const struct ui *ui, struct err *e) MUST_USE;

#endif
