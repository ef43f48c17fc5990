/*
 * What the files of this room share while a graph is made. Steps, in order: frames (which node is
 * each frame), sums (values), nodes, edges, tags, sort, trim. Nothing outside graph/ includes this.
 *
 * A node's origin is its number before any trimming: its index in frames.infos, or with call_tree
 * its index in calls.tree. Origins stay; indices into graph.nodes change with every sort and trim.
 */
#ifndef GRAPH_WORK_H
#define GRAPH_WORK_H

#include "base/vec.h"
#include "graph/graph.h"
#include "graph/pathtree.h"

/* Sums wrap like Go's: profiles may hold any number. */
static inline int64_t wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* The magnitude; INT64_MIN stays what it is. */
static inline int64_t wrap_abs(int64_t v)
{
	return v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
}

/* Go's conversion on amd64: what does not fit, and NaN, is INT64_MIN. */
static inline int64_t wrap_from_double(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

/*
 * The node of every frame of every location, found once. A frame is a line of a location (or the
 * location itself when it has none); frame f of location l is at[l] <= f < at[l + 1], leaf first.
 */
#define FRAMES_MANY (UINT32_MAX - 1)

struct frames {
	uint32_t *at;   /* n_locations + 1 */
	uint32_t *node; /* index into infos of each frame */
	/* Node of the location's only frame, or FRAMES_MANY: spares the hot loops two look-ups. */
	uint32_t *only;
	VEC(struct node_info) infos;
	bool *inlined; /* per info: was called inline somewhere */
	bool any_inlined;
};

struct sum {
	int64_t flat, flat_div;
	int64_t cum, cum_div;
	bool seen; /* in a sample that counts */
};

/* The call tree: all arrays are in step with tree.nodes. */
struct calls {
	struct pathtree tree; /* items are infos */
	VEC(struct sum) sums;
	VEC(bool) inlined; /* every call was inlined */
	uint32_t *parent;  /* as tree.nodes until nodes were trimmed away */
	bool *residual;    /* parent is not the direct caller */
	uint32_t *leaf;    /* of each sample, or GRAPH_NONE */
};

struct tag_sums;

struct work {
	struct graph *g;
	const struct profile *p;
	const struct graph_options *o;
	struct arena scratch;
	struct frames frames;
	struct calls calls;

	struct sum *sums; /* per origin */
	uint32_t n_origins;
	uint32_t *node_of;     /* per origin: its index in g->nodes, or GRAPH_NONE */
	bool has_edges;        /* g's edges belong to its nodes */
	bool is_whole;         /* neither nodes nor edges were or will be trimmed */
	struct tag_sums *tags; /* NULL until they were collected */
};

/* Value and divisor of a sample; false when it counts for nothing. */
static inline bool sample_weight(const struct work *w, size_t i, int64_t *v, int64_t *div)
{
	const int64_t *values = sample_values(w->p, i);

	*v = values[w->o->value_index];
	*div = w->o->mean ? values[0] : 0;
	return *v != 0 || *div != 0;
}

/* frames.c */
enum err_code frames_init(struct work *w, struct err *e) MUST_USE;

/* sums.c: fills w->sums. */
enum err_code sums_collect(struct work *w, struct err *e) MUST_USE;

/* calls.c */
enum err_code calls_collect(struct work *w, struct err *e) MUST_USE;
/* Hangs what is below nodes that are not kept (per origin) to the nearest kept caller. */
void calls_lift(struct work *w, const bool *keep);
void calls_release(struct calls *c);

/* nodes.c */
/* False for nodes whose values cancelled out and for what drop_negative drops. */
bool nodes_is_shown(const struct work *w, const struct sum *s);
/* Makes g->nodes of the shown sums that `keep` (per origin; NULL: all) names, hidden ones last. */
enum err_code nodes_publish(struct work *w, const bool *keep, struct err *e) MUST_USE;
/* Keeps the first n nodes only. */
enum err_code nodes_truncate(struct work *w, uint32_t n, struct err *e) MUST_USE;
/* Writes w->node_of after g->nodes was changed. */
void nodes_number(struct work *w);

/* edges.c */
/* Collects and links the edges between the nodes of w->g, if that was not done yet. */
enum err_code edges_collect(struct work *w, struct err *e) MUST_USE;
/* Writes the lists of in and out edges of every node, in the order of g->edges. */
enum err_code edges_link(struct graph *g, struct err *e) MUST_USE;
/* Removes edges below the cutoff that lead to a shown node; returns how many. Links. */
enum err_code edges_cut(struct work *w, int64_t cutoff, uint32_t *cut, struct err *e) MUST_USE;
/* Removes residual edges where another path leads from src to dest; edges must be sorted. */
enum err_code edges_cut_redundant(struct work *w, struct err *e) MUST_USE;

/* sort.c */
enum err_code sort_nodes(struct work *w, enum graph_sort how, struct err *e) MUST_USE;
enum err_code sort_edges(struct work *w, struct err *e) MUST_USE;

/* entropy.c: how much a node deserves to be shown; edges must be linked. */
int64_t entropy_score(const struct graph *g, const struct node *n);

/* callgraph_tags.c: collects the tags of the first n nodes of g in w->tags. */
enum err_code tags_collect(struct work *w, uint32_t n, struct err *e) MUST_USE;
void tags_release(struct work *w);

/* tagset.c */
/* Adds to cost[origin] the number of tags with a flat value that the cutoff leaves. */
void tags_count(const struct work *w, int64_t cutoff, uint32_t *cost);
/* Writes g->tags and the nodes' tags, without those below the cutoff. */
enum err_code tags_publish(struct work *w, int64_t cutoff, struct err *e) MUST_USE;

/* build.c */
enum err_code work_init(struct work *w, struct graph *g, const struct profile *p,
    const struct graph_options *o, struct err *e) MUST_USE;
void work_release(struct work *w);

#endif
