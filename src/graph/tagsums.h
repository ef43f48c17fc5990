/*
 * Sums of tags as callgraph_tags.c collects and tagset.c publishes them. Nothing outside graph/
 * includes this.
 */
#ifndef GRAPH_TAGSUMS_H
#define GRAPH_TAGSUMS_H

#include "graph/work.h"

#define TAG_SET_NONE 0 /* the empty label set */

/* What a sum belongs to. */
struct tag_key {
	uint32_t origin; /* of the node */
	uint32_t set;
	uint32_t size; /* 0: of the set itself; else 1 + index in sizes */
};

struct tag_sum {
	struct tag_key key;
	int64_t value; /* of a size: the first that was seen under that node */
	int64_t flat, flat_div;
	int64_t cum, cum_div;
};

struct tag_sums {
	struct tag_sum *v;
	uint32_t n;
	struct str *sets; /* texts live in the graph's arena */
	struct str *sizes;
	struct str size_unit; /* borrowed from the profile */
};

#endif
