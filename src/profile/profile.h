/*
 * The noun of the tool: one profile in memory, columnar and interned. Ids are indices, samples lie
 * in arrays, strings are stored once, and everything lives in one arena.
 *
 * Immutability. Arrays are never written after they were published in a struct profile: a
 * transformation (filter, aggregate, scale, symbolize …) builds new arrays in the profile's arena
 * and replaces the pointers. So profile_derive() can make a copy for one report that shares
 * everything with the loaded profile and costs next to nothing; the faces load once and derive per
 * command. The source of a derived profile must outlive it.
 *
 * The order of a stack is leaf first. Values are row-major: value k of sample i is
 * values[i * n_sample_types + k].
 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cancel.h"
#include "base/err.h"
#include "base/map.h"
#include "core/str.h"

typedef uint32_t str_id; /* index in a profile's string table; 0 is always "" */

/* "no mapping" of a location, "no function" of a line. */
#define PROFILE_NONE UINT32_MAX

struct value_type {
	str_id type; /* "inuse_space" */
	str_id unit; /* "bytes" */
};

struct mapping {
	uint64_t id; /* as in the file; unique, not 0 */
	uint64_t start;
	uint64_t limit;  /* first address behind the mapping */
	uint64_t offset; /* of `start` in the file */
	str_id file;
	str_id build_id;
	str_id kernel_reloc; /* X of a "[kernel.kallsyms]X" file name, else 0 */
	bool has_functions;
	bool has_filenames;
	bool has_line_numbers;
	bool has_inline_frames;
};

struct function {
	uint64_t id;
	str_id name;
	str_id system_name; /* mangled */
	str_id filename;
	int64_t start_line; /* 0 unknown */
};

struct line {
	uint32_t function; /* index or PROFILE_NONE */
	int64_t line;
	int64_t column;
};

struct location {
	uint64_t id;
	uint64_t address;    /* as in the file: of the process's address space */
	uint32_t mapping;    /* index or PROFILE_NONE */
	uint32_t first_line; /* in profile.lines; inlined frames first, the outermost last; lines
				may be several locations' */
	uint32_t n_lines;
	bool is_folded;
};

struct label {
	str_id key;
	str_id str;  /* text when !is_num */
	int64_t num; /* number when is_num */
	str_id unit; /* of num; 0 unknown */
	bool is_num;
};

/* Stack of sample i: stacks[stack_at[i]] … stacks[stack_at[i + 1] - 1], indices of locations. */
struct samples {
	size_t n;
	const int64_t *values;
	const uint32_t *stack_at; /* n + 1 entries */
	const uint32_t *stacks;
	const uint32_t *label_at;   /* n + 1 entries, or NULL when no sample has labels */
	const struct label *labels; /* in the file's order within a sample */
};

/* Interned strings. Entries point into arenas; index 0 is "". */
struct strtab {
	struct str *v;
	uint32_t n;
	uint32_t cap;
	struct map map; /* may lag behind n: strtab entries are added to it when first needed */
	uint32_t mapped;
};

struct profile {
	struct arena arena;
	struct strtab strings;

	struct value_type *sample_types; /* n_sample_types; replaced, never written */
	uint32_t n_sample_types;
	str_id default_sample_type; /* 0 none */
	struct value_type period_type;
	int64_t period;
	int64_t time_ns;     /* since the epoch; 0 unknown */
	int64_t duration_ns; /* 0 unknown */
	str_id drop_frames;  /* regular expressions */
	str_id keep_frames;
	str_id doc_url;
	const str_id *comments;
	uint32_t n_comments;

	struct samples samples;
	const struct mapping *mappings;
	uint32_t n_mappings;
	const struct location *locations;
	uint32_t n_locations;
	const struct line *lines;
	uint32_t n_lines;
	const struct function *functions;
	uint32_t n_functions;

	struct cancel *cancel; /* asked by what reads all samples; borrowed, NULL: nobody asks */
};

/* An empty profile; release frees everything and leaves a zero struct, valid to release again. */
enum err_code profile_init(struct profile *p, struct err *e) MUST_USE;
void profile_release(struct profile *p);

/*
 * Makes *dst a profile that shares all of src's arrays and strings (see the head comment). dst is
 * released by its owner, before src. On failure dst is empty.
 */
enum err_code profile_derive(
    struct profile *dst, const struct profile *src, struct err *e) MUST_USE;

/* The string of an id; valid as long as the profile (and, when derived, its source). */
static inline struct str profile_str(const struct profile *p, str_id id)
{
	return p->strings.v[id];
}

/*
 * The id of s, added (copied into the arena) when new. 0 for "". When memory is short the arena's
 * failed flag is set and 0 returned: ask arena_failed() at the end.
 */
str_id profile_intern(struct profile *p, struct str s);
/* As profile_intern without copying: s must live as long as the profile. */
str_id profile_intern_kept(struct profile *p, struct str s);

/* A text by its place among others. */
struct text_span {
	uint32_t at, n;
};

/*
 * As profile_intern_kept for n texts, all different, that lie at `base`; ids gets n ids. Much
 * cheaper than one by one, as only texts that look like one of the profile's are looked for. False
 * when memory is short.
 */
bool profile_intern_distinct(
    struct profile *p, const char *base, const struct text_span *texts, size_t n, str_id *ids);
/* Makes room for n more strings at once; false when memory is short. */
bool profile_reserve_strings(struct profile *p, size_t n);
/* The same but for the map, which grows when it is asked. */
bool profile_reserve_texts(struct profile *p, size_t n);
/* The id of s when it is there, else 0. */
str_id profile_find_str(struct profile *p, struct str s);

/* Index of the sample type with this name, or -1. */
int profile_sample_type_index(const struct profile *p, struct str name);

/*
 * When p has no mapping at all: adds one with id 1, from 0 to 0 without a file, and gives it to
 * every location, so that symbolization has something to hold on to. Otherwise changes nothing.
 */
enum err_code profile_add_fake_mapping(struct profile *p, struct err *e) MUST_USE;

static inline const uint32_t *sample_stack(const struct profile *p, size_t i, size_t *depth)
{
	*depth = p->samples.stack_at[i + 1] - p->samples.stack_at[i];
	return p->samples.stacks + p->samples.stack_at[i];
}

static inline const int64_t *sample_values(const struct profile *p, size_t i)
{
	return p->samples.values + i * p->n_sample_types;
}

/* Labels of sample i in file order; *n is 0 when it has none. */
static inline const struct label *sample_labels(const struct profile *p, size_t i, size_t *n)
{
	if (!p->samples.label_at) {
		*n = 0;
		return NULL;
	}
	*n = p->samples.label_at[i + 1] - p->samples.label_at[i];
	return p->samples.labels + p->samples.label_at[i];
}

static inline const struct line *location_lines(const struct profile *p, const struct location *l)
{
	return p->lines + l->first_line;
}

#endif
