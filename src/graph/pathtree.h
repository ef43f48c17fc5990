/*
 * A tree of merged paths: samples that share callers share nodes. Both the call tree of dot and
 * callgrind and the flame tree of the web page are made of it. Values live in the caller's own
 * arrays, in step with the nodes.
 */
#ifndef GRAPH_PATHTREE_H
#define GRAPH_PATHTREE_H

#include <stdint.h>

#include "base/map.h"
#include "base/vec.h"

#define PATHTREE_NONE UINT32_MAX /* parent of a root; also "out of memory" */

struct path_node {
	uint32_t parent;
	uint32_t item; /* what the caller tells siblings apart by */
};

/* A zero struct is a valid empty tree. Parents come before their children. */
struct pathtree {
	VEC(struct path_node) nodes;
	struct map map;
};

void pathtree_release(struct pathtree *t);
/*
 * The child of `parent` with this item, added at the end when there is none. PATHTREE_NONE when
 * memory is short.
 */
uint32_t pathtree_child(struct pathtree *t, uint32_t parent, uint32_t item);

#endif
