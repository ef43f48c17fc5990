/*
 * The flame tree: all stacks of a profile merged from the root, and of that the heaviest nodes.
 * Made for the web page; nothing here is text of a page yet.
 *
 * A profile of a million samples has tens of millions of distinct paths, of which a screen shows
 * some thousands. So the tree is grown from the root, the heaviest node first, until it has the
 * wanted size: time and memory depend on the samples, not on the number of paths.
 */
#ifndef GRAPH_STACKS_H
#define GRAPH_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/regex.h"
#include "core/str.h"
#include "profile/profile.h"

#define STACKS_ROOT_SOURCE 0 /* of node 0, which stands for the whole profile */

/* What a frame shows; frames with equal text, file and inlining share a source. */
struct stack_source {
	struct str name;   /* "f", "f:12", "f:12:3"; the file or "[binary]" when there is no name */
	struct str unique; /* name, or "name#id" when another source has it already */
	struct str file;   /* trimmed path, "" unknown */
	struct str package; /* "net/http" of "net/http.(*conn).serve": what colours go by */
	bool inlined;
};

struct stacks_options {
	uint32_t value_index; /* column of the profile */
	uint32_t max_nodes;   /* 0: no limit */
	double min_share;     /* nodes below this share of the root's value are left out */
	struct str trim_path, source_path; /* see graph/trimpath.h */
	/*
	 * The tree of one function: only stacks with a source whose name matches, each from its
	 * outermost match on, so that the root's children are the matches. `outward`: from there to
	 * the callers instead of to the callees. NULL: whole stacks.
	 */
	const struct regex *pivot;
	bool outward;
};

/*
 * Nodes are in pre-order, children by decreasing value, then by name: node 0 is the root and a
 * parent comes before its children. All arrays have n entries and live in the arena, as do texts
 * unless they are the profile's.
 */
struct stacks_tree {
	struct arena arena;
	struct stack_source *sources;
	uint32_t n_sources;
	uint32_t n;
	uint32_t *parent; /* of the root: UINT32_MAX */
	uint32_t *source;
	int64_t *value;    /* sum of magnitudes of the samples: the width of a box */
	int64_t *self;     /* the part of value that ends here */
	int64_t *net;      /* signed sum: differs from value in the difference of two profiles */
	int64_t *self_net; /* the part of net that ends here */
	uint32_t hidden;   /* nodes that were left out although their parent is there */
	bool has_negative; /* some sample is negative: a difference */
};

/* Builds *t, which borrows the profile's strings. ERR_NOMEM, ERR_LIMIT,
 * ERR_CANCELLED; *t is then empty. */
enum err_code stacks_new(struct stacks_tree *t, const struct profile *p,
    const struct stacks_options *options, struct err *e) MUST_USE;
void stacks_release(struct stacks_tree *t);

#endif
