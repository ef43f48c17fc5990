/*
 * See from_text.h.
 */
#include "from_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/vec.h"

struct parser {
	struct profile *p;
	VEC(struct function) functions;
	VEC(struct line) lines;
	VEC(struct location) locations;
	VEC(struct str) location_texts;
	VEC(struct label) labels;
	VEC(int64_t) values;
	VEC(uint32_t) stack_at;
	VEC(uint32_t) stacks;
	VEC(uint32_t) label_at;
	uint32_t columns;
};

static int64_t number(struct str s)
{
	int64_t v;

	assert_true(str_to_i64(s, &v));
	return v;
}

static uint32_t function_of(struct parser *x, struct str name, struct str file)
{
	struct function f = { .name = profile_intern(x->p, name),
		.filename = profile_intern(x->p, file) };

	f.system_name = f.name;
	for (uint32_t i = 0; i < x->functions.n; i++)
		if (x->functions.p[i].name == f.name && x->functions.p[i].filename == f.filename)
			return i;
	f.id = x->functions.n + 1;
	assert_true(VEC_PUSH(&x->functions, f));
	return (uint32_t)x->functions.n - 1;
}

static void add_line(struct parser *x, struct str frame)
{
	struct str name, place = { 0 }, file = STR(""), rest = frame;
	struct line line = { 0 };

	str_split(&rest, '@', &name);
	if (rest.p) {
		place = rest;
		str_split(&place, ':', &file);
		line.line = place.p ? number(place) : 0;
	}
	line.function = function_of(x, name, file);
	assert_true(VEC_PUSH(&x->lines, line));
}

/* Equal texts are one location; frames are stored innermost first. */
static uint32_t location_of(struct parser *x, struct str text)
{
	struct str parts[8], rest = text;
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->locations.n; i++)
		if (str_eq(x->location_texts.p[i], text))
			return i;
	while (n < 8 && str_split(&rest, '+', &parts[n]))
		n++;
	assert_true(VEC_PUSH(&x->locations, (struct location){ .id = x->locations.n + 1,
						.mapping = PROFILE_NONE,
						.first_line = (uint32_t)x->lines.n,
						.n_lines = n }));
	assert_true(VEC_PUSH(&x->location_texts, text));
	while (n-- > 0)
		add_line(x, parts[n]);
	return (uint32_t)x->locations.n - 1;
}

static void add_stack(struct parser *x, struct str text)
{
	uint32_t ids[256];
	size_t n = 0;
	struct str piece;

	while (text.n > 0 && n < 256 && str_split(&text, ';', &piece))
		ids[n++] = location_of(x, piece);
	while (n-- > 0)
		assert_true(VEC_PUSH(&x->stacks, ids[n]));
	assert_true(VEC_PUSH(&x->stack_at, (uint32_t)x->stacks.n));
}

static void add_values(struct parser *x, struct str text)
{
	struct str piece;

	x->columns = 0;
	while (str_split(&text, ',', &piece)) {
		assert_true(VEC_PUSH(&x->values, number(piece)));
		x->columns++;
	}
}

static void add_label(struct parser *x, struct str text)
{
	struct label label = { 0 };
	struct str key, rest = text;

	label.is_num = str_find_char(text, '#') != STR_NPOS;
	str_split(&rest, label.is_num ? '#' : '=', &key);
	label.key = profile_intern(x->p, key);
	if (label.is_num)
		label.num = number(rest);
	else
		label.str = profile_intern(x->p, rest);
	assert_true(VEC_PUSH(&x->labels, label));
}

static void add_sample(struct parser *x, struct str text)
{
	struct str piece;

	assert_true(str_split(&text, ' ', &piece));
	add_stack(x, piece);
	assert_true(str_split(&text, ' ', &piece));
	add_values(x, piece);
	while (text.p && str_split(&text, ' ', &piece))
		add_label(x, piece);
	assert_true(VEC_PUSH(&x->label_at, (uint32_t)x->labels.n));
}

static void *keep(struct parser *x, void *v, size_t n, size_t size)
{
	void *p = arena_alloc_raw(&x->p->arena, n, size);

	assert_non_null(p);
	if (n > 0)
		memcpy(p, v, n * size);
	vec_free(v);
	return p;
}

#define KEEP(x, vec) keep((x), (x)->vec.p, (x)->vec.n, sizeof *(x)->vec.p)

static void publish(struct parser *x, size_t n)
{
	struct profile *p = x->p;
	struct value_type *types = ARENA_ARRAY(&p->arena, struct value_type, x->columns);

	assert_non_null(types);
	for (uint32_t i = 0; i < x->columns; i++)
		types[i] = (struct value_type){ profile_intern(p, STR("value")),
			profile_intern(p, STR("count")) };
	p->sample_types = types;
	p->n_sample_types = x->columns;
	p->n_functions = (uint32_t)x->functions.n;
	p->n_lines = (uint32_t)x->lines.n;
	p->n_locations = (uint32_t)x->locations.n;
	p->functions = KEEP(x, functions);
	p->lines = KEEP(x, lines);
	p->locations = KEEP(x, locations);
	vec_free(x->location_texts.p);
	p->samples = (struct samples){ .n = n,
		.values = KEEP(x, values),
		.stack_at = KEEP(x, stack_at),
		.stacks = KEEP(x, stacks),
		.label_at = KEEP(x, label_at),
		.labels = KEEP(x, labels) };
}

void from_text(struct profile *p, const char *const *lines, size_t n)
{
	struct parser x = { .p = p, .columns = 1 };
	struct err e;

	assert_int_equal(profile_init(p, &e), OK);
	assert_true(VEC_PUSH(&x.stack_at, 0));
	assert_true(VEC_PUSH(&x.label_at, 0));
	for (size_t i = 0; i < n; i++)
		add_sample(&x, str_c(lines[i]));
	publish(&x, n);
}

static bool has_name(const struct graph *g, uint32_t i, const char *name)
{
	struct buf text = { 0 };
	bool same;

	graph_node_name(g, &g->nodes[i].info, &text);
	same = str_is(buf_str(&text), name);
	buf_release(&text);
	return same;
}

const struct node *find_node(const struct graph *g, const char *name)
{
	for (uint32_t i = 0; i < g->n_nodes; i++)
		if (has_name(g, i, name))
			return &g->nodes[i];
	fail_msg("no node %s in: %s", name, node_names(g));
	return NULL;
}

const struct edge *find_edge(const struct graph *g, const char *src, const char *dest)
{
	for (uint32_t i = 0; i < g->n_edges; i++)
		if (has_name(g, g->edges[i].src, src) && has_name(g, g->edges[i].dest, dest))
			return &g->edges[i];
	return NULL;
}

const char *node_names(const struct graph *g)
{
	static char names[4096];
	struct buf text = { 0 };

	for (uint32_t i = 0; i < g->n_nodes; i++) {
		if (i > 0)
			buf_char(&text, ' ');
		graph_node_name(g, &g->nodes[i].info, &text);
	}
	snprintf(names, sizeof names, "%s", buf_c(&text));
	buf_release(&text);
	return names;
}
