/*
 * The named profiles: one table, which the pages under /debug/pprof/, the index, the public
 * functions and the dumps use. A row says what the values are and how they are got and written; a
 * profile that the program makes (custom.h) is a row of its own.
 */
#ifndef RUNTIME_PROFILES_H
#define RUNTIME_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"
#include "runtime/mem.h"
#include "runtime/rt_encode.h"
#include "runtime/snapshot.h"

/* A profile that can be looked up by name; also pprof_profile of the public header. */
struct rt_profile_kind {
	const char *name;
	const char *description;
	const struct rt_shape *shape;
	bool is_delta_able; /* takes ?seconds=N */
	bool is_heap;       /* of the heap's records: has ages and a peak */
	/* What there is now; false when memory is short (nothing to release). */
	bool (*take)(const struct rt_profile_kind *, struct rt_snapshot *);
	/* Appends the text of debug=1; may reorder the rows. */
	void (*text)(const struct rt_profile_kind *, struct rt_snapshot *, struct rt_bytes *);
	/* What the index says of how much there is. */
	size_t (*count)(const struct rt_profile_kind *);
	/* NULL: there always is such a profile. */
	bool (*is_there)(void);
	/* What the text of debug=2 shows, and that text. NULL: as debug=1. */
	bool (*take_dump)(const struct rt_profile_kind *, struct rt_snapshot *);
	void (*dump)(const struct rt_profile_kind *, struct rt_snapshot *, struct rt_bytes *);
};

/* More than there can be profiles. */
#define RT_PROFILES_MAX 96

/* Stores them, by name, in out[RT_PROFILES_MAX]; returns how many there are. RT_ANY */
size_t rt_profiles_list(const struct rt_profile_kind **out);
/* The profile of this name, or NULL. RT_ANY */
const struct rt_profile_kind *rt_profiles_find(struct str name);

/*
 * Appends a snapshot of the profile, encoded and gzip-compressed (debug 0) or as text, and releases
 * it. False when memory is short. RT_ANY
 */
bool rt_profiles_render(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, int debug, struct rt_bytes *out);
/* Fills *s with what there is now, for this text. False when memory is short. RT_ANY */
bool rt_profiles_take(const struct rt_profile_kind *kind, int debug, struct rt_snapshot *s);
/* Both. RT_ANY */
bool rt_profiles_write(const struct rt_profile_kind *kind, int debug, struct rt_bytes *out);

#endif
