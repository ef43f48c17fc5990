/*
 * Building a graph: graph_new makes the whole one, graph_new_trimmed what reports show. Trimming
 * follows pprof's order of steps, which its users see in the output: light nodes first, then a
 * limit on their number, then light edges and tags.
 */
#include "graph/work.h"

enum err_code work_init(struct work *w, struct graph *g, const struct profile *p,
    const struct graph_options *o, struct err *e)
{
	*g = (struct graph){ .profile = p };
	*w = (struct work){ .g = g, .p = p, .o = o };
	if (p->samples.n >= UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many samples");
	TRY(frames_init(w, e));
	return o->call_tree ? calls_collect(w, e) : sums_collect(w, e);
}

void work_release(struct work *w)
{
	VEC_RELEASE(&w->frames.infos);
	calls_release(&w->calls);
	tags_release(w);
	arena_release(&w->scratch);
}

static enum graph_sort order_of(const struct graph_options *o)
{
	return o->visual ? GRAPH_SORT_ENTROPY : o->sort;
}

/* Sorts the nodes; only entropy needs the edges for that. */
static enum err_code sort(struct work *w, struct err *e)
{
	if (order_of(w->o) == GRAPH_SORT_ENTROPY)
		TRY(edges_collect(w, e));
	return sort_nodes(w, order_of(w->o), e);
}

static enum err_code add_tags(struct work *w, int64_t cutoff, struct err *e)
{
	if (!w->o->tags)
		return OK;
	if (!w->tags)
		TRY(tags_collect(w, w->g->n_nodes, e));
	return tags_publish(w, cutoff, e);
}

static enum err_code build_whole(struct work *w, struct err *e)
{
	w->is_whole = true;
	TRY(nodes_publish(w, NULL, e));
	TRY(sort(w, e));
	TRY(edges_collect(w, e));
	if (!w->o->inline_marks_only)
		TRY(sort_edges(w, e));
	return add_tags(w, 0, e);
}

/* Cutoffs are shares of the sum of the nodes' flat values, not of the report's total. */
static void find_cutoffs(const struct work *w, struct graph_counts *counts)
{
	int64_t total = 0;

	for (uint32_t i = 0; i < w->n_origins; i++)
		if (nodes_is_shown(w, &w->sums[i]))
			total = wrap_add(total, w->sums[i].flat);
	counts->node_cutoff = wrap_abs(wrap_from_double((double)total * w->o->node_fraction));
	counts->edge_cutoff = wrap_abs(wrap_from_double((double)total * w->o->edge_fraction));
}

/* Marks the nodes at or above the cutoff; counts those that are not. */
static uint32_t mark_heavy(const struct work *w, int64_t cutoff, bool *keep)
{
	uint32_t dropped = 0;

	for (uint32_t i = 0; i < w->n_origins; i++) {
		if (!nodes_is_shown(w, &w->sums[i]))
			continue;
		keep[i] = wrap_abs(w->sums[i].cum) >= cutoff;
		dropped += !keep[i];
	}
	return dropped;
}

/* In a tree, hidden nodes stay where they are: only shown nodes are lifted out. */
static enum err_code lift_light(struct work *w, const bool *heavy, struct err *e)
{
	bool *keep = arena_alloc_raw(&w->scratch, w->n_origins, sizeof *keep);

	if (!keep)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < w->n_origins; i++)
		keep[i] = heavy[i] || !nodes_is_shown(w, &w->sums[i]);
	calls_lift(w, keep);
	return OK;
}

static enum err_code drop_light_nodes(struct work *w, struct graph_counts *counts, struct err *e)
{
	bool *heavy = ARENA_ARRAY(&w->scratch, bool, w->n_origins);

	if (!heavy)
		return FAIL_NOMEM(e);
	if (counts->node_cutoff > 0)
		counts->dropped_nodes = mark_heavy(w, counts->node_cutoff, heavy);
	if (counts->dropped_nodes == 0) {
		w->is_whole = counts->edge_cutoff == 0;
		return nodes_publish(w, NULL, e);
	}
	if (w->o->call_tree)
		TRY(lift_light(w, heavy, e));
	return nodes_publish(w, heavy, e);
}

#define TAGS_PER_NODE 4 /* at most as many are drawn */

/* How many nodes fit when each of their tags takes a place too; tags stay for those that do. */
static enum err_code count_with_tags(
    struct work *w, uint32_t limit, int64_t cutoff, uint32_t *n, struct err *e)
{
	uint32_t *cost = ARENA_ARRAY(&w->scratch, uint32_t, w->n_origins);
	uint64_t used = 0;

	*n = limit;
	if (!cost)
		return FAIL_NOMEM(e);
	TRY(tags_collect(w, limit, e));
	tags_count(w, cutoff, cost);
	for (uint32_t i = 0; i < limit; i++) {
		uint32_t extra = cost[w->g->nodes[i].origin];

		used += 1 + (extra < TAGS_PER_NODE ? extra : TAGS_PER_NODE);
		if (used >= (uint64_t)w->o->node_count) {
			*n = i + 1;
			break;
		}
	}
	return OK;
}

/* Limits the number of nodes; light edges and tags do not count in the choice. */
static enum err_code limit_nodes(struct work *w, const struct graph_counts *counts, struct err *e)
{
	struct graph *g = w->g;
	uint32_t limit = g->n_nodes, cut;

	if (w->o->node_count <= 0)
		return OK;
	if (w->o->node_count < limit)
		limit = (uint32_t)w->o->node_count;
	if (w->has_edges)
		TRY(edges_cut(w, counts->edge_cutoff, &cut, e));
	if (w->o->visual && w->o->tags)
		TRY(count_with_tags(w, limit, counts->node_cutoff, &limit, e));
	if (limit == g->n_nodes)
		return OK;
	TRY(nodes_truncate(w, limit, e));
	return sort(w, e);
}

static enum err_code trim(struct work *w, struct graph_counts *counts, struct err *e)
{
	find_cutoffs(w, counts);
	TRY(drop_light_nodes(w, counts, e));
	counts->orig_nodes = w->g->n_nodes;
	TRY(sort(w, e));
	TRY(limit_nodes(w, counts, e));
	TRY(edges_collect(w, e));
	TRY(edges_cut(w, counts->edge_cutoff, &counts->dropped_edges, e));
	if (!w->o->inline_marks_only) /* nobody sees their order */
		TRY(sort_edges(w, e));
	if (w->o->visual)
		TRY(edges_cut_redundant(w, e));
	return add_tags(w, counts->node_cutoff, e);
}

enum err_code graph_new(
    struct graph *g, const struct profile *p, const struct graph_options *options, struct err *e)
{
	struct work w;
	enum err_code code = work_init(&w, g, p, options, e);

	if (code == OK)
		code = build_whole(&w, e);
	work_release(&w);
	if (code != OK)
		graph_release(g);
	return code;
}

enum err_code graph_new_trimmed(struct graph *g, struct graph_counts *counts,
    const struct profile *p, const struct graph_options *options, struct err *e)
{
	struct work w;
	enum err_code code = work_init(&w, g, p, options, e);

	*counts = (struct graph_counts){ 0 };
	if (code == OK)
		code = trim(&w, counts, e);
	work_release(&w);
	if (code != OK)
		graph_release(g);
	return code;
}
