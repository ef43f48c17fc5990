/*
 * Profiles for the tests of graphs, written as lines: "root;callee;leaf 12". A location with
 * inlined frames joins them from the outermost with '+': "root;outer+inner 3". Labels follow the
 * value: "key=text", numeric ones "key#number". A frame "f@file:7" has a file and a line.
 */
#ifndef TESTS_GRAPH_FROM_TEXT_H
#define TESTS_GRAPH_FROM_TEXT_H

#include "graph/graph.h"

/* Any fault ends the test. A line with two numbers "3,12" gives a profile of two columns. */
void from_text(struct profile *p, const char *const *lines, size_t n);

#define FROM_TEXT(p, ...)                                                                          \
	from_text((p), (const char *const[]){ __VA_ARGS__ },                                       \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* The node with this printed name; fails the test when there is none. */
const struct node *find_node(const struct graph *g, const char *name);
/* The edge between two nodes, or NULL. */
const struct edge *find_edge(const struct graph *g, const char *src, const char *dest);
/* All printed names in report order, "a b c"; lives until the next call. */
const char *node_names(const struct graph *g);

#endif
