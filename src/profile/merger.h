/*
 * What the parts of merging share: merge.c (samples, the result) and merge_tables.c (strings,
 * mappings, functions, locations). Nobody else includes it.
 */
#ifndef PROFILE_MERGER_H
#define PROFILE_MERGER_H

#include "base/map.h"
#include "base/vec.h"
#include "profile/profile.h"

#define MERGER_UNMAPPED UINT32_MAX /* not translated yet */

/* From the indices of a source to those of the result; the array lives in an arena. */
struct merger_table {
	uint32_t *to;
	uint32_t n;
};

struct merger_tables {
	struct arena arena;
	struct merger_table mappings, functions, locations, strings;
};

/*
 * The sample that is looked up next: it lies behind the n_samples that are there. While its place
 * in the map comes from memory, the one after it is translated behind it.
 */
struct merger_next {
	const int64_t *values; /* NULL: there is none */
	uint64_t hash;
	size_t stack_end, label_end;
};

struct merger {
	struct profile *out;

	VEC(struct mapping) mappings;
	VEC(struct function) functions;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(uint32_t) stack_at; /* n_samples + 1 */
	VEC(uint32_t) stacks;
	VEC(int64_t) values;
	VEC(uint32_t) label_at; /* n_samples + 1 */
	VEC(struct label) labels;
	uint32_t n_samples;
	struct merger_next next;
	struct map mapping_map, function_map, location_map, sample_map;

	const struct profile *src;     /* the present source */
	struct merger_tables tables;   /* its own */
	struct merger_tables previous; /* those of the source before */
	bool failed;                   /* memory */
};

void merger_release(struct merger *m);
bool merger_failed(const struct merger *m);

/* merge_tables.c. What they return may be used in any case; ask merger_failed() later. */

/* Begins with a source: its tables, with what is as in the source before it translated already. */
bool merger_set_source(struct merger *m, const struct profile *src);
str_id merger_string(struct merger *m, str_id id);
uint32_t merger_mapping(struct merger *m, uint32_t index);
uint32_t merger_location(struct merger *m, uint32_t index);

#endif
