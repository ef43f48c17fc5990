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

/*
 * What tells one node from another. Two frames with equal info are one node (unless call_tree).
 * Ids are of the graph's profile: profile_str(g->profile, info->name).
 */
struct node_info {
	str_id name;
	str_id orig_name; /* system name, kept only with keep_orig_names, else 0 */
	str_id objfile;   /* mapping's file; only with keep_objfile or when there is no name */
	/* Trimmed and cleaned path, "" unknown. Equal texts of one graph have equal .p */
	struct str file;
	uint64_t address;   /* 0 when aggregated away */
	int64_t start_line; /* kept only with keep_objfile or when there is no name */
	int64_t line;
	int64_t column;
};

/* One label set (or numeric value) under a node. */
struct tag {
	/* "k:v\\nk:v" with a literal backslash-n, escaped for dot; or the scaled number "16kB" */
	struct str name;
	struct str plain; /* the name before it was escaped: what tags are ordered by */
	struct str unit;  /* of a numeric tag */
	int64_t value;    /* of a numeric tag */
	int64_t flat, flat_div;
	int64_t cum, cum_div;
};

struct tag_set {
	struct tag *v; /* by name */
	uint32_t n;
};

/* Tags of a node, kept only when graph_options.tags asks for them. */
struct node_tags {
	struct tag_set labels;
	/* numeric[i] belongs to labels.v[i]; the last one (index labels.n) to samples without
	 * labels */
	struct tag_set *numeric;
};

struct node {
	struct node_info info;
	int64_t flat, flat_div; /* value, and divisor (mean): see graph_value */
	int64_t cum, cum_div;
	uint32_t *in;  /* edges towards this node, in graph.edges, in report order */
	uint32_t *out; /* edges from it, in report order */
	uint32_t n_in, n_out;
	uint32_t tags;   /* index in graph.tags, or GRAPH_NONE */
	uint32_t origin; /* the builder's own number of the node; means nothing to reports */
};

struct edge {
	uint32_t src, dest; /* nodes; may be hidden ones, see graph.n_all */
	int64_t weight, weight_div;
	bool residual; /* passes through nodes that are not shown */
	bool inlined;  /* every traversal was of an inlined call */
};

/*
 * Nodes are in report order, nodes[0 .. n_nodes). Behind them, up to n_all, lie nodes that are not
 * part of the graph (their values cancelled out, or were dropped as negative) but that an edge of
 * a shown node still names: pprof prints such edges, so lists of in and out edges may lead there.
 *
 * Edges are in report order: |weight| descending, then name of the source, then of the
 * destination.
 */
struct graph {
	struct arena arena;
	const struct profile *profile;
	struct node *nodes;
	uint32_t n_nodes;
	uint32_t n_all;
	struct edge *edges;
	uint32_t n_edges;
	struct node_tags *tags;
	uint32_t n_tags;
};

enum graph_sort { GRAPH_SORT_FLAT, GRAPH_SORT_CUM, GRAPH_SORT_ENTROPY };

struct graph_options {
	uint32_t value_index; /* column of the profile */
	bool mean;            /* divide by column 0 */
	bool call_tree;       /* one node per path */
	bool drop_negative;
	bool keep_objfile; /* raw, list, weblist, disasm, callgrind */
	bool keep_orig_names;
	bool tags; /* collect label sets for dot's nodelets */
	/*
	 * The caller only asks which nodes were inlined (text): edges to nodes that never were are
	 * left out, which makes large profiles much cheaper.
	 */
	bool inline_marks_only;
	struct str tag_unit;    /* unit that numeric tags are printed in: "minimum", "auto", "MB" */
	struct str trim_path;   /* applied to every file name, see graph/trimpath.h */
	struct str source_path; /* used by trimming when trim_path is empty */
	/* trimming */
	double node_fraction, edge_fraction;
	int64_t node_count; /* <= 0: all */
	enum graph_sort sort;
	bool visual; /* dot: tags cost, redundant edges are removed; implies sorting by entropy */
};

/* What the legend tells about trimming. */
struct graph_counts {
	uint32_t dropped_nodes, dropped_edges;
	uint32_t orig_nodes; /* before node_count was applied */
	int64_t node_cutoff, edge_cutoff;
};

/*
 * Builds, trims and sorts in one go: what every report but raw, traces and tags wants. g is
 * overwritten; release it with graph_release (also after a failure, when it is empty).
 */
enum err_code graph_new_trimmed(struct graph *g, struct graph_counts *counts,
    const struct profile *p, const struct graph_options *options, struct err *e) MUST_USE;
/* Builds the whole graph, sorted, untrimmed. */
enum err_code graph_new(struct graph *g, const struct profile *p,
    const struct graph_options *options, struct err *e) MUST_USE;
void graph_release(struct graph *g);

/* Appends "%016x name file:line" of a node, as every report prints it. */
void graph_node_name(const struct graph *g, const struct node_info *info, struct buf *out);

/* What a printed name is made of: dot prints it with a shortened name and file. */
struct node_text {
	struct str name, file, objfile;
	uint64_t address;
	int64_t line, column;
};

struct node_text graph_node_text(const struct graph *g, const struct node_info *info);
/*
 * The parts that graph_node_name joins with a space, at most 3; returns how many. Their text is
 * appended to `out` and valid until its next write.
 */
int graph_name_parts(const struct node_text *text, struct buf *out, struct str parts[3]);

/* A value with its divisor applied; wraps like Go when the quotient does not fit. */
static inline int64_t graph_value(int64_t v, int64_t div)
{
	if (div == 0)
		return v;
	return div == -1 ? (int64_t)(0 - (uint64_t)v) : v / div;
}

#endif
