/*
 * Sums of tags: tagnames.c numbers what the samples' labels say, callgraph_tags.c adds up per
 * node, tagset.c gives the nodes of the graph their tags. Nothing outside graph/ includes this.
 */
#ifndef GRAPH_TAGSUMS_H
#define GRAPH_TAGSUMS_H

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/str.h"
#include "profile/profile.h"

#define TAG_SET_NONE 0 /* the empty label set */

/* Texts with a number each, escaped and as they were; they live in the graph's arena. */
struct tag_texts {
	VEC(struct str) v;
	VEC(struct str) plain;
	struct map map;
};

struct tag_size {
	int64_t value;
	uint32_t size; /* its number */
};

/* Label ids of a sample that were seen before: ids[at .. at + n), and the number of their set. */
struct tag_ids {
	uint32_t at, n;
	uint32_t set;
};

/* Numbers of label sets and of sizes. Samples repeat both, so texts are made only once. */
struct tag_names {
	const struct profile *p;
	struct arena *arena;        /* the graph's */
	struct str unit;            /* of sizes, as the profile tells */
	struct str tag_unit;        /* and as they are printed */
	str_id bytes_key, base_key; /* 0 when no label has it */
	struct tag_texts sets, sizes;
	VEC(struct tag_size) values;
	struct map value_map;
	VEC(struct tag_ids) seen;
	VEC(uint32_t) ids;
	struct map seen_map;
	VEC(struct str) pairs; /* of one sample: "k:v" */
	struct buf text, plain, joined;
};

/* What a sum belongs to. */
struct tag_key {
	uint32_t origin; /* of the node */
	uint32_t set;
	uint32_t size; /* 0: of the set itself; else 1 + number of the size */
};

struct tag_sum {
	struct tag_key key;
	int64_t value; /* of a size: the first that was seen under that node */
	int64_t flat, flat_div;
	int64_t cum, cum_div;
};

struct tag_sums {
	struct tag_names names;
	VEC(struct tag_sum) v;
	struct map map;
};

/* tagnames.c. Numbers are MAP_NONE when memory is short. */
bool tagnames_init(
    struct tag_names *t, const struct profile *p, struct str tag_unit, struct arena *arena);
void tagnames_release(struct tag_names *t);
/* The number of the set of a sample's text labels. */
uint32_t tagnames_set(struct tag_names *t, const struct label *labels, size_t n);
/* The number of a size: equal for values that print alike. */
uint32_t tagnames_size(struct tag_names *t, int64_t value);

#endif
