/*
 * A profile from lines of text and the graph of it, for the tests of graphs.
 */
#ifndef TESTS_GRAPH_FIXTURE_H
#define TESTS_GRAPH_FIXTURE_H

#include "from_text.h"

struct fixture {
	struct profile p;
	struct graph g;
	struct graph_counts counts; /* of a trimmed graph */
};

/* The graph of f->p with all its nodes, or trimmed as reports have it; any fault ends the test. */
void fixture_build(struct fixture *f, const struct graph_options *o);
void fixture_build_trimmed(struct fixture *f, const struct graph_options *o);
void fixture_release(struct fixture *f);

#define BUILD(f, options, ...)                                                                     \
	do {                                                                                       \
		FROM_TEXT(&(f)->p, __VA_ARGS__);                                                   \
		fixture_build((f), (options));                                                     \
	} while (0)

#define BUILD_TRIMMED(f, options, ...)                                                             \
	do {                                                                                       \
		FROM_TEXT(&(f)->p, __VA_ARGS__);                                                   \
		fixture_build_trimmed((f), (options));                                             \
	} while (0)

#endif
