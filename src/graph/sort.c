/*
 * Report order of nodes and edges. Heavier first, then by printed name; names are only made for
 * nodes that tie. Called by building and trimming. Every tie ends in a comparison of origins, so
 * the order never depends on a table's layout.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "graph/work.h"

struct order {
	const struct graph *g;
	struct arena *scratch;
	struct buf text;
	struct str *names; /* per node; .p is NULL until it was needed */
	int64_t *key;      /* per node: magnitude that decides first */
	int64_t *tie;      /* per node: magnitude that decides between equal names */
	uint32_t *rank;    /* per node: place of its name, equal names share one */
};

static enum err_code order_init(struct order *o, struct work *w, struct err *e)
{
	*o = (struct order){ .g = w->g, .scratch = &w->scratch };
	o->names = ARENA_ARRAY(o->scratch, struct str, w->g->n_all);
	return o->names ? OK : FAIL_NOMEM(e);
}

static bool order_failed(const struct order *o)
{
	return buf_failed(&o->text) || arena_failed(o->scratch);
}

static struct str name_of(struct order *o, uint32_t node)
{
	struct str *name = &o->names[node];

	if (name->p)
		return *name;
	buf_clear(&o->text);
	graph_node_name(o->g, &o->g->nodes[node].info, &o->text);
	*name = arena_str(o->scratch, buf_str(&o->text));
	if (!name->p)
		*name = STR("");
	return *name;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Larger first. */
static int compare_down(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

/* As the printed names compare, which begin with the address unless it is 0. */
static int compare_names(struct order *o, uint32_t a, uint32_t b)
{
	const struct node_info *x = &o->g->nodes[a].info, *y = &o->g->nodes[b].info;

	if (x->address != y->address && x->address != 0 && y->address != 0)
		return compare_u64(x->address, y->address);
	return str_cmp(name_of(o, a), name_of(o, b));
}

static void add_info(const struct order *o, const struct node_info *info, struct buf *out)
{
	const struct profile *p = o->g->profile;

	buf_add_str(out, profile_str(p, info->name));
	buf_char(out, ' ');
	buf_add_str(out, profile_str(p, info->orig_name));
	buf_printf(out, " %" PRIu64 " ", info->address);
	buf_add_str(out, info->file);
	buf_printf(out, " %" PRId64 " %" PRId64 " %" PRId64 " ", info->start_line, info->line,
	    info->column);
	buf_add_str(out, profile_str(p, info->objfile));
	buf_char(out, '}');
}

/* All of the info as one text: what tells nodes of equal name and value apart in pprof. */
static int compare_infos(struct order *o, uint32_t a, uint32_t b)
{
	struct buf text = { 0 };
	int order;

	add_info(o, &o->g->nodes[a].info, &text);
	buf_clear(&o->text);
	add_info(o, &o->g->nodes[b].info, &o->text);
	order = buf_failed(&text) ? 0 : str_cmp(buf_str(&text), buf_str(&o->text));
	o->text.failed |= text.failed;
	buf_release(&text);
	return order;
}

static int compare_nodes(const void *left, const void *right, void *ctx)
{
	struct order *o = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = compare_down(o->key[a], o->key[b]);

	if (order == 0)
		order = compare_names(o, a, b);
	if (order == 0)
		order = compare_down(o->tie[a], o->tie[b]);
	if (order == 0)
		order = compare_infos(o, a, b);
	if (order == 0) /* only in call trees, where pprof's order is left to chance */
		order = compare_down(wrap_abs(o->g->nodes[a].cum), wrap_abs(o->g->nodes[b].cum));
	return order ? order : compare_u64(o->g->nodes[a].origin, o->g->nodes[b].origin);
}

static int compare_ids_by_name(const void *left, const void *right, void *ctx)
{
	return compare_names(ctx, *(const uint32_t *)left, *(const uint32_t *)right);
}

/* Many edges weigh the same, so each name is compared once here and not once per edge. */
static bool rank_names(struct order *o)
{
	uint32_t n = o->g->n_all, rank = 0;
	uint32_t *ids = arena_alloc_raw(o->scratch, n, sizeof *ids);

	o->rank = arena_alloc_raw(o->scratch, n, sizeof *o->rank);
	if (!ids || !o->rank)
		return false;
	for (uint32_t i = 0; i < n; i++)
		ids[i] = i;
	if (n > 1)
		qsort_r(ids, n, sizeof *ids, compare_ids_by_name, o);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && compare_names(o, ids[i - 1], ids[i]) != 0)
			rank = i;
		o->rank[ids[i]] = rank;
	}
	return true;
}

static int compare_edges(const void *left, const void *right, void *ctx)
{
	const struct order *o = ctx;
	const struct edge *a = left, *b = right;
	int order = compare_down(wrap_abs(a->weight), wrap_abs(b->weight));

	if (order == 0)
		order = compare_u64(o->rank[a->src], o->rank[b->src]);
	if (order == 0)
		order = compare_u64(o->rank[a->dest], o->rank[b->dest]);
	if (order == 0)
		order = compare_u64(a->src, b->src);
	return order ? order : compare_u64(a->dest, b->dest);
}

static bool fill_keys(struct order *o, enum graph_sort how)
{
	const struct graph *g = o->g;

	o->key = arena_alloc_raw(o->scratch, g->n_nodes, sizeof *o->key);
	o->tie = arena_alloc_raw(o->scratch, g->n_nodes, sizeof *o->tie);
	if (!o->key || !o->tie)
		return false;
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		const struct node *n = &g->nodes[i];
		int64_t key = n->flat;

		if (how == GRAPH_SORT_CUM)
			key = n->cum;
		else if (how == GRAPH_SORT_ENTROPY)
			key = entropy_score(g, n);
		o->key[i] = wrap_abs(key);
		o->tie[i] = wrap_abs(how == GRAPH_SORT_FLAT ? n->cum : n->flat);
	}
	return true;
}

/* Puts the nodes in the order of ids and renames the ends of edges. */
static enum err_code permute(struct work *w, const uint32_t *ids, struct err *e)
{
	struct graph *g = w->g;
	struct node *nodes = arena_alloc_raw(&w->scratch, g->n_nodes, sizeof *nodes);
	uint32_t *place = arena_alloc_raw(&w->scratch, g->n_all, sizeof *place);

	if (!nodes || !place)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < g->n_all; i++)
		place[i] = i;
	for (uint32_t i = 0; i < g->n_nodes; i++) {
		nodes[i] = g->nodes[ids[i]];
		place[ids[i]] = i;
	}
	memcpy(g->nodes, nodes, g->n_nodes * sizeof *nodes);
	for (uint32_t i = 0; w->has_edges && i < g->n_edges; i++) {
		g->edges[i].src = place[g->edges[i].src];
		g->edges[i].dest = place[g->edges[i].dest];
	}
	nodes_number(w);
	return OK;
}

enum err_code sort_nodes(struct work *w, enum graph_sort how, struct err *e)
{
	uint32_t n = w->g->n_nodes;
	struct order o;
	uint32_t *ids;
	bool ok;

	TRY(order_init(&o, w, e));
	ids = arena_alloc_raw(&w->scratch, n, sizeof *ids);
	ok = ids && fill_keys(&o, how);
	for (uint32_t i = 0; ok && i < n; i++)
		ids[i] = i;
	if (ok && n > 1)
		qsort_r(ids, n, sizeof *ids, compare_nodes, &o);
	ok = ok && !order_failed(&o);
	buf_release(&o.text);
	if (!ok)
		return FAIL_NOMEM(e);
	return permute(w, ids, e);
}

enum err_code sort_edges(struct work *w, struct err *e)
{
	struct graph *g = w->g;
	struct order o;
	bool ok;

	if (g->n_edges < 2)
		return edges_link(g, e);
	TRY(order_init(&o, w, e));
	ok = rank_names(&o);
	if (ok)
		qsort_r(g->edges, g->n_edges, sizeof *g->edges, compare_edges, &o);
	ok = ok && !order_failed(&o);
	buf_release(&o.text);
	if (!ok)
		return FAIL_NOMEM(e);
	return edges_link(g, e);
}
