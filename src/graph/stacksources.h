/*
 * The table of sources of a flame tree: which source each frame of the profile is. Nothing outside
 * graph/ includes this.
 */
#ifndef GRAPH_STACKSOURCES_H
#define GRAPH_STACKSOURCES_H

#include "graph/stacks.h"

/* Frame f of location l is at[l] <= f < at[l + 1], leaf first; a location has at least one. */
struct stack_frames {
	uint32_t *at;     /* n_locations + 1 */
	uint32_t *source; /* per frame */
};

/* Fills t->sources; the frames live in `scratch`. */
enum err_code stacksources_collect(struct stacks_tree *t, struct stack_frames *frames,
    const struct profile *p, const struct stacks_options *o, struct arena *scratch,
    struct err *e) MUST_USE;

/* Marks of the sources whose name or unique name matches, in `arena`; NULL when memory is short. */
bool *stacksources_match(const struct stacks_tree *t, const struct regex *re, struct arena *arena);

#endif
