/*
 * How much a node deserves a place in a drawn graph. The score is cum times the entropy of the
 * distribution of the values over the edges, so that a node that only passes one caller's value
 * to one callee scores low; plus flat. An entry and a leaf count 1 for the missing side.
 */
#include <math.h>

#include "graph/work.h"

/* -f log2 f; NaN for 0, which then sorts the node last, as in pprof. */
static double part(int64_t weight, int64_t total)
{
	double f = (double)wrap_abs(weight) / (double)total;

	return -f * log2(f);
}

static double edge_entropy(const struct graph *g, const uint32_t *ids, uint32_t n, int64_t self)
{
	int64_t total = self;
	double score = 0;

	for (uint32_t i = 0; i < n; i++)
		if (g->edges[ids[i]].weight > 0)
			total = wrap_add(total, g->edges[ids[i]].weight);
	if (total == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		score += part(g->edges[ids[i]].weight, total);
	if (self > 0)
		score += part(self, total);
	return score;
}

int64_t entropy_score(const struct graph *g, const struct node *n)
{
	double score = n->n_in ? edge_entropy(g, n->in, n->n_in, 0) : 1;

	score += n->n_out ? edge_entropy(g, n->out, n->n_out, n->flat) : 1;
	return wrap_add(wrap_from_double(score * (double)n->cum), n->flat);
}
