/*
 * The weighted call graph of a profile: nodes are functions (or files, lines, addresses: whatever
 * the aggregated profile tells apart), edges are calls. Built from samples, trimmed and sorted the
 * way pprof does it, so that every report can print nodes in order without looking at samples.
 *
 * Node and edge ids are indices into graph.nodes and graph.edges. A graph lives in its own arena
 * and borrows the profile's strings: the profile must outlive it.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

#define GRAPH_NONE UINT32_MAX

/* What tells one node from another. Two frames with equal info are one node (unless call_tree). */
struct node_info {
	str_id name;
	str_id orig_name;   /* system name when it differs from name and is kept, else 0 */
	str_id file;        /* cleaned and trimmed path */
	str_id objfile;     /* mapping's file; kept only with keep_objfile or when there is no name */
	uint64_t address;   /* 0 when aggregated away */
	int64_t start_line; /* kept only with keep_objfile */
	int64_t line;
	int64_t column;
};

/* One label set (or numeric value) under a node or edge. */
struct tag {
	struct str name;
	struct str unit;
	int64_t value; /* of a numeric tag */
	int64_t flat, flat_div;
	int64_t cum, cum_div;
};

/* Tags of a node, kept only when graph_options.tags asks for them. */
struct tag_set {
	struct tag *v;
	uint32_t n;
};

struct node_tags {
	struct tag_set labels; /* string label sets "k:v\\nk:v" */
	/* numeric[i] belongs to labels.v[i]; the last one (index labels.n) to samples without labels */
	struct tag_set *numeric;
};

struct node {
	struct node_info info;
	int64_t flat, flat_div; /* value, and divisor (mean); value / divisor when divisor != 0 */
	int64_t cum, cum_div;
	uint32_t *in;  /* edges towards this node, in graph.edges, insertion order */
	uint32_t *out; /* edges from it */
	uint32_t n_in, n_out;
	uint32_t tags; /* index in graph.tags, or GRAPH_NONE */
};

struct edge {
	uint32_t src, dest; /* nodes */
	int64_t weight, weight_div;
	bool residual; /* passes through nodes that are not shown */
	bool inlined;  /* every traversal was of an inlined call */
};

struct graph {
	struct arena arena;
	const struct profile *profile;
	struct node *nodes; /* in report order after graph_trim or graph_sort */
	uint32_t n_nodes;
	struct edge *edges;
	uint32_t n_edges;
	struct node_tags *tags;
	uint32_t n_tags;
};

enum graph_sort { GRAPH_SORT_FLAT, GRAPH_SORT_CUM, GRAPH_SORT_ENTROPY };

struct graph_options {
	uint32_t value_index;   /* column of the profile */
	bool mean;              /* divide by column 0 */
	bool call_tree;         /* one node per path */
	bool drop_negative;
	bool keep_objfile;      /* raw, list, weblist, disasm, callgrind */
	bool keep_orig_names;
	bool tags;              /* collect label sets for dot's nodelets */
	struct str trim_path;   /* applied to every file name, see report/trimpath */
	struct str source_path; /* used by trimming when trim_path is empty */
	/* trimming */
	double node_fraction, edge_fraction;
	int64_t node_count; /* <= 0: all */
	enum graph_sort sort;
	bool visual; /* dot: tags and edges cost and are trimmed, redundant edges are removed */
};

/* What the legend tells about trimming. */
struct graph_counts {
	uint32_t dropped_nodes, dropped_edges;
	uint32_t orig_nodes; /* before node_count was applied */
	int64_t node_cutoff, edge_cutoff;
};

/* Builds, trims and sorts in one go: what every report but raw, traces and tags wants. */
enum err_code graph_new_trimmed(struct graph *g, struct graph_counts *counts,
    const struct profile *p, const struct graph_options *options, struct err *e) MUST_USE;
/* Builds the whole graph, sorted, untrimmed. */
enum err_code graph_new(struct graph *g, const struct profile *p,
    const struct graph_options *options, struct err *e) MUST_USE;
void graph_release(struct graph *g);

/* "%016x name file:line" of a node, as every report prints it. */
void graph_node_name(const struct graph *g, const struct node_info *info, struct buf *out);
/* The parts that graph_node_name joins with a space, for dot: at most 3. */
int graph_node_name_parts(const struct graph *g, const struct node_info *info, struct buf *out,
    struct str parts[3]);

/* Value of a node or edge with the divisor applied. */
static inline int64_t graph_value(int64_t v, int64_t div)
{
	return div == 0 ? v : v / div;
}

#endif
