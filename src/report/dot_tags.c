/*
 * The small boxes under a node of a drawn graph: its heaviest label sets, and the sizes of what
 * was allocated, collapsed into a few ranges. A leaf shows all of its value, other nodes their own
 * share, since below them the callees' boxes tell the rest.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "graph/quote.h"
#include "profile/unit.h"
#include "report/dot.h"

#define MAX_BOXES 4 /* of one kind under one thing */

static int64_t abs_wrap(int64_t v)
{
	return v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
}

/* Larger first. */
static int compare_down(int64_t a, int64_t b)
{
	a = abs_wrap(a);
	b = abs_wrap(b);
	return a > b ? -1 : a < b;
}

static int compare_flat(const void *left, const void *right)
{
	const struct tag *a = left, *b = right;
	int order = compare_down(a->flat, b->flat);

	if (order == 0)
		order = str_cmp(a->plain, b->plain);
	return order ? order : str_cmp(a->name, b->name);
}

static int compare_cum(const void *left, const void *right)
{
	const struct tag *a = left, *b = right;
	int order = compare_down(a->cum, b->cum);

	return order ? order : compare_flat(left, right);
}

/* A set's tags in the order of their weights. */
static struct tag_set sorted(struct dot *d, const struct tag_set *tags, bool flat)
{
	struct tag_set copy = { .n = tags->n };

	copy.v = arena_alloc_raw(&d->r->arena, tags->n, sizeof *copy.v);
	if (!copy.v || tags->n == 0)
		return (struct tag_set){ 0 };
	memcpy(copy.v, tags->v, tags->n * sizeof *copy.v);
	qsort(copy.v, copy.n, sizeof *copy.v, flat ? compare_flat : compare_cum);
	return copy;
}

/* b's value in a's unit. */
static double in_unit(const struct tag *b, const struct tag *a)
{
	struct str unit;

	return unit_scale(b->value, b->unit, a->unit, &unit);
}

static double distance(const struct tag *a, const struct tag *b)
{
	return fabs(in_unit(b, a) - (double)a->value);
}

/* Sizes that share one box. */
struct range {
	const struct tag *first, *min, *max;
	uint32_t n;
	struct tag sum;
};

static int64_t add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void range_add(struct range *r, const struct tag *t)
{
	if (r->n++ == 0) {
		*r = (struct range){ .first = t, .min = t, .max = t, .n = 1, .sum = *t };
		return;
	}
	if (in_unit(t, r->min) < (double)r->min->value)
		r->min = t;
	if (in_unit(t, r->max) > (double)r->max->value)
		r->max = t;
	r->sum.flat = add(r->sum.flat, t->flat);
	r->sum.flat_div = add(r->sum.flat_div, t->flat_div);
	r->sum.cum = add(r->sum.cum, t->cum);
	r->sum.cum_div = add(r->sum.cum_div, t->cum_div);
}

/* The range as a tag, its values with the divisor applied. */
static struct tag range_tag(struct dot *d, const struct range *r)
{
	struct tag t = {
		.flat = graph_value(r->sum.flat, r->sum.flat_div),
		.cum = graph_value(r->sum.cum, r->sum.cum_div),
	};
	struct buf plain = { 0 };

	buf_clear(&d->text);
	unit_label(&plain, r->min->value, r->min->unit);
	if (r->n > 1) {
		BUF_LIT(&plain, "..");
		unit_label(&plain, r->max->value, r->max->unit);
	}
	graph_quote(&d->text, buf_str(&plain));
	t.plain = arena_str(&d->r->arena, buf_str(&plain));
	buf_release(&plain);
	t.name = arena_str(&d->r->arena, buf_str(&d->text));
	return t;
}

/* Each of the lighter tags joins the range whose heaviest tag it is nearest to. */
static struct tag_set collapsed(struct dot *d, const struct tag_set *tags, bool flat)
{
	struct tag_set all = sorted(d, tags, flat);
	struct range ranges[MAX_BOXES] = { 0 };
	struct tag out[MAX_BOXES];

	if (all.n <= MAX_BOXES)
		return all;
	for (uint32_t i = 0; i < all.n; i++) {
		uint32_t best = i < MAX_BOXES ? i : 0;

		for (uint32_t k = 1; i >= MAX_BOXES && k < MAX_BOXES; k++)
			if (distance(&all.v[i], ranges[k].first) <
			    distance(&all.v[i], ranges[best].first))
				best = k;
		range_add(&ranges[best], &all.v[i]);
	}
	for (uint32_t i = 0; i < MAX_BOXES; i++)
		out[i] = range_tag(d, &ranges[i]);
	return sorted(d, &(struct tag_set){ out, MAX_BOXES }, flat);
}

/* A box and the edge from `source` to it. */
static void add_box(
    struct dot *d, struct str source, struct str id, struct str name, int64_t v, bool dotted)
{
	struct str value = dot_value(d, v);

	buf_printf(d->out, "%.*s [label = \"", STR_ARG(id));
	buf_add_str(d->out, name);
	buf_printf(d->out, "\" id=\"%.*s\" fontsize=8 shape=box3d tooltip=\"%.*s\"]\n", STR_ARG(id),
	    STR_ARG(value));
	buf_printf(d->out,
	    "%.*s -> %.*s [label=\" %.*s\" weight=100 tooltip=\"%.*s\" labeltooltip=\"%.*s\"%s]\n",
	    STR_ARG(source), STR_ARG(id), STR_ARG(value), STR_ARG(value), STR_ARG(value),
	    dotted ? " style=\"dotted\"" : "");
}

static bool add_sizes(struct dot *d, const struct tag_set *tags, bool flat, struct str source)
{
	struct tag_set boxes = collapsed(d, tags, flat);
	bool any = false;

	for (uint32_t i = 0; i < boxes.n; i++) {
		const struct tag *t = &boxes.v[i];
		int64_t own = graph_value(t->flat, t->flat_div);
		int64_t all = graph_value(t->cum, t->cum_div);
		bool use_own = flat || own == all;
		struct str id;

		if ((use_own ? own : all) == 0)
			continue;
		id = arena_printf(&d->r->arena, "N%.*s_%" PRIu32, STR_ARG(source), i);
		add_box(d, source, id, t->name, use_own ? own : all, !use_own);
		any = true;
	}
	return any;
}

/* Index of the tag's set of sizes, which the sorted copy does not know. */
static const struct tag_set *sizes_of(const struct node_tags *tags, const struct tag *set)
{
	for (uint32_t i = 0; i < tags->labels.n; i++)
		if (tags->labels.v[i].name.p == set->name.p)
			return &tags->numeric[i];
	return &tags->numeric[tags->labels.n];
}

bool dot_tags(struct dot *d, const struct node *node, uint32_t id)
{
	const struct node_tags *tags;
	bool flat = node->n_out > 0, any = false;
	struct str source = arena_printf(&d->r->arena, "N%" PRIu32, id);
	struct tag_set sets;

	if (node->tags == GRAPH_NONE)
		return false;
	tags = &d->r->graph.tags[node->tags];
	sets = sorted(d, &tags->labels, flat);
	for (uint32_t i = 0; i < sets.n && i < MAX_BOXES; i++) {
		const struct tag *t = &sets.v[i];
		int64_t v =
		    flat ? graph_value(t->flat, t->flat_div) : graph_value(t->cum, t->cum_div);
		struct str box;

		if (v == 0)
			continue;
		box = arena_printf(&d->r->arena, "N%" PRIu32 "_%" PRIu32, id, i);
		add_box(d, source, box, t->name, v, false);
		add_sizes(d, sizes_of(tags, t), flat, box);
		any = true;
	}
	return add_sizes(d, &tags->numeric[tags->labels.n], flat, source) || any;
}
