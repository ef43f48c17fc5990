/*
 * What the parts of merging share: merge.c (samples, the result), merge_tables.c (strings,
 * mappings, functions, locations) and sum.c (sources that come one by one). Nobody else includes
 * it.
 */
#ifndef PROFILE_MERGER_H
#define PROFILE_MERGER_H

#include "base/map.h"
#include "base/vec.h"
#include "profile/merge_header.h"
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
	struct merge_header header;

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

/*
 * Begins a merge in *out (overwritten; the merger's until its end), whose types are those of
 * `first`, which is added like all others. A source is used only in the call. The merger is
 * released in every case; then *out is the caller's to release.
 */
enum err_code merger_begin(
    struct merger *m, struct profile *out, const struct profile *first, struct err *e) MUST_USE;
/* Makes room for n sources like this one, none of whose stacks are equal. */
void merger_expect(struct merger *m, const struct profile *like, size_t n);
enum err_code merger_add(struct merger *m, const struct profile *src, struct err *e) MUST_USE;
enum err_code merger_end(struct merger *m, struct err *e) MUST_USE;
/* After the end: drops samples that became zero by adding. */
enum err_code merger_drop_zeroes(struct profile *p, struct err *e) MUST_USE;
void merger_release(struct merger *m);
bool merger_failed(const struct merger *m);

/* merge_tables.c. What they return may be used in any case; ask merger_failed() later. */

/* Begins with a source: its tables, with what is as in the source before it translated already. */
bool merger_set_source(struct merger *m, const struct profile *src);
str_id merger_string(struct merger *m, str_id id);
uint32_t merger_mapping(struct merger *m, uint32_t index);
uint32_t merger_location(struct merger *m, uint32_t index);

#endif
