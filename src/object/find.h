/*
 * Where is a binary, where is its separate debug file, and why was a candidate refused. Nothing
 * here is trusted: a candidate counts only when it opens as ELF and its build id fits.
 */
#ifndef OBJECT_FIND_H
#define OBJECT_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"
#include "object/object.h"

/* A place that was looked at; reason is "" for the one that was taken. */
struct find_try {
	struct str path;
	struct str reason; /* "no such file or directory", "build-id mismatch (A != B)" */
};

/* Candidates in the order tried. A zero struct is a valid empty log; texts lie in the arena. */
struct find_log {
	struct arena arena;
	VEC(struct find_try) tries;
};

void find_log_release(struct find_log *log);
/* Adds a place, both texts copied; log may be NULL. */
void find_log_add(struct find_log *log, struct str path, struct str reason);

/* What is known of a mapping's binary. */
struct find_request {
	struct str file;        /* mapping's path; may be "" */
	struct str build_id;    /* lower-case hexadecimal; may be "" */
	struct str search_path; /* colon list of directories */
	struct object_mapping mapping;
};

/*
 * Looks through search_path by google/pprof's rules: DIR/BID/base, DIR/BID/ (any file),
 * DIR/<path>/BID, DIR/BI/D.debug; DIR/base, DIR/<path>, DIR/<path>.debug,
 * DIR/<dir>/.debug/base.debug, DIR/usr/lib/debug/<dir>/base.debug. A DIR that is /proc/PID or
 * /proc/PID/root means a running process: its root (a container's), its map_files and exe. A file
 * " (deleted)" is looked for by its name before that. True and *path (from a) for the first that
 * opens and fits. mismatch (may be NULL) is called for one that opens with another id.
 */
bool find_binary(const struct find_request *r, struct arena *a, struct str *path,
    struct find_log *log,
    void (*mismatch)(void *ctx, struct str path, struct str want, struct str got), void *ctx);

/* file without the " (deleted)" that the kernel appends. Borrows from file. */
struct str find_without_deleted(struct str file);

/*
 * Separate debug file of o: /usr/lib/debug/.build-id/xx/….debug, .gnu_debuglink (beside the object,
 * in .debug/, under /usr/lib/debug) with its CRC checked. False when there is none.
 */
bool find_debug_file(struct object *o, struct arena *a, struct str *path, struct find_log *log);

/* Where o's separate debug file was looked for; it lives as long as o. */
const struct find_log *object_debug_tries(struct object *o);
/* True when neither o nor a separate debug file of this machine has debug information. */
bool object_lacks_debug_file(struct object *o);
/*
 * Takes a debug file that was found elsewhere (a debuginfod server's) unless o has one already;
 * before names are asked for. False when it does not open or has another build id.
 */
bool object_set_debug(struct object *o, struct str path);

#endif
