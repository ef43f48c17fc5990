/*
 * Frames that were looked up before, kept in files by build id. A file holds one sorted table of
 * addresses, their frames, functions and texts, in the form they have in memory, so that a second
 * look at a profile reads no debug information. Files are written beside and renamed, so a reader
 * sees a whole old or a whole new one, whoever else writes or dies; a checksum refuses the rest.
 */
#ifndef SYMBOLIZE_SYM_CACHE_H
#define SYMBOLIZE_SYM_CACHE_H

#include "base/buf.h"
#include "object/frame_set.h"
#include "object/object.h"
#include "profile/profile.h"

/* Where the frames of one binary are kept. */
struct sym_cache {
	struct str folder; /* "": nothing is kept */
	struct str path;
	uint64_t limit; /* bytes of the whole folder */
};

/* A function as it is kept: its texts are indices. */
struct sym_cache_function {
	uint32_t name, file;
	uint32_t readable; /* SYM_CACHE_NOT_MADE: was not demangled */
	uint32_t unused;
	int64_t start_line;
};

#define SYM_CACHE_NOT_MADE UINT32_MAX

/* A file's contents in two blocks: texts may be wanted longer than tables. Zero is empty. */
struct sym_cache_bytes {
	struct buf tables, text;
	const struct sym_cache_function *functions; /* of the frames that were loaded */
	size_t n_functions;
	const struct text_span *texts; /* all different; they lie in text */
	size_t n_texts;
};

/*
 * The place for an object: a file of $XDG_CACHE_HOME/pprof/symbols (else $HOME/.cache/…) named by
 * build id and by what the files' sizes and times are. Objects without a build id are not kept, nor
 * is anything when PPROF_SYMBOL_CACHE is 0 (else it is the limit in MB). Texts lie in a.
 */
struct sym_cache sym_cache_of(struct object *o, struct arena *a);

/*
 * Adds places and frames that are kept to s, which must be empty; they and their functions lie in
 * *bytes, which the caller releases after s. A missing or damaged file adds nothing. False when
 * memory is short.
 */
bool sym_cache_load(const struct sym_cache *c, struct frame_set *s, struct sym_cache_bytes *bytes);
/* Gives s its functions too, before frames are added to it; false when memory is short. */
bool sym_cache_add_functions(const struct sym_cache_bytes *bytes, struct frame_set *s);
void sym_cache_bytes_release(struct sym_cache_bytes *bytes);

/* Keeps s (sorted). Failures lose the cache only and are silent. */
void sym_cache_save(const struct sym_cache *c, const struct frame_set *s);

#endif
