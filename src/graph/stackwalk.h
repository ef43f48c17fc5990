/*
 * Walks down the stack of one sample frame by frame, each as its source: from the root to the leaf,
 * or from a pivot (the outermost frame with one of some sources) to the leaf, or from it back to
 * the root. Nothing outside graph/ includes this; stacks.c grows its tree with it.
 */
#ifndef GRAPH_STACKWALK_H
#define GRAPH_STACKWALK_H

#include "graph/stacksources.h"

struct stackwalk {
	const struct profile *p;
	const struct stack_frames *frames;
	const bool *pivots; /* per source; NULL: walk whole stacks */
	bool outward;       /* from the pivot to the root */
};

/*
 * A sample on its way. Inward: `left` locations were not entered yet, and `frames` frames are left
 * of the one that was entered last. Outward: frame `frames` of location `left` is the next.
 */
struct walker {
	uint32_t sample;
	uint32_t left;
	uint32_t frames;
};

static inline uint32_t stackwalk_frames(const struct stackwalk *w, uint32_t location)
{
	return w->frames->at[location + 1] - w->frames->at[location];
}

/* Enters the next frame and gives its source; false at the end of the walk. */
static inline bool stackwalk_next(const struct stackwalk *w, struct walker *at, uint32_t *source)
{
	size_t depth;
	const uint32_t *stack = sample_stack(w->p, at->sample, &depth);
	uint32_t location;

	if (w->outward) {
		if (at->left == depth)
			return false;
		location = stack[at->left];
		*source = w->frames->source[w->frames->at[location] + at->frames];
		if (++at->frames == stackwalk_frames(w, location)) {
			at->frames = 0;
			at->left++;
		}
		return true;
	}
	if (at->frames == 0) {
		if (at->left == 0)
			return false;
		location = stack[--at->left];
		at->frames = stackwalk_frames(w, location);
	}
	location = stack[at->left];
	*source = w->frames->source[w->frames->at[location] + --at->frames];
	return true;
}

/* The sample's next frame is wanted soon: stacks are far apart, and waiting for each is most of the
 * work. */
__attribute__((always_inline)) static inline void stackwalk_fetch(
    const struct stackwalk *w, const struct walker *at)
{
	const struct samples *s = &w->p->samples;
	size_t next = s->stack_at[at->sample] + at->left;

	if (!w->outward && at->left > 0)
		next--;
	if (next < s->stack_at[s->n])
		__builtin_prefetch(&s->stacks[next]);
}

/* Sets *at so that the first frame to enter is the root, or the pivot; false when there is none. */
static inline bool stackwalk_start(const struct stackwalk *w, uint32_t sample, struct walker *at)
{
	struct walker before;
	uint32_t source;
	size_t depth;

	sample_stack(w->p, sample, &depth);
	*at = (struct walker){ .sample = sample, .left = (uint32_t)depth };
	if (!w->pivots)
		return true;
	for (;;) {
		const struct stackwalk inward = { .p = w->p, .frames = w->frames };

		before = *at;
		if (!stackwalk_next(&inward, at, &source))
			return false;
		if (w->pivots[source])
			break;
	}
	if (!w->outward) /* enter that frame again */
		*at = before;
	return true; /* outward, left and frames say which frame was entered last: the pivot */
}

#endif
