/*
 * -callgrind: the graph as kcachegrind reads it. Called through the table of report.c. Names are
 * numbered at their first use and files and functions are only told when they change, so the text
 * depends on the order of the nodes; addresses are told relative to the node before the current
 * one, also in calls, as pprof does.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/unit.h"
#include "report/writers.h"

/* Texts that are written once with their number and afterwards as the number. */
struct numbered {
	VEC(struct str) texts;
	struct map map;
};

/* A file and function, for the few of which several distinct functions share the name. */
struct group {
	struct str file;
	str_id name;
	uint32_t n_members;
};

/* A function: all nodes of it have the same member. */
struct member {
	uint32_t group;
	str_id orig_name, objfile;
	int64_t start_line;
	int64_t column;  /* of a node without address and line, which pprof takes for a function */
	uint32_t parent; /* call tree: functions under different callers are different */
	uint32_t number; /* within the group */
};

struct callgrind {
	struct report *r;
	struct buf *out;
	struct numbered objfiles, files, names;
	VEC(struct group) groups;
	VEC(struct member) members;
	struct map group_map, member_map;
	uint32_t *member; /* per node: its function */
	bool failed;
};

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct str *)ctx)[index], *(const struct str *)key);
}

/* "(1) name" the first time, then "(1)"; nothing for an empty name. */
static void add_name(struct callgrind *c, struct numbered *n, struct str key, struct str text)
{
	uint32_t fresh = (uint32_t)n->texts.n;
	uint32_t at = MAP_NONE;

	buf_add_str(c->out, key);
	if (text.n > 0 && VEC_RESERVE(&n->texts, 1))
		at = map_intern(
		    &n->map, hash_bytes(text.p, text.n), same_text, n->texts.p, &text, fresh);
	if (at != MAP_NONE) {
		buf_printf(c->out, "(%" PRIu32 ")", at + 1);
		if (at == fresh) {
			n->texts.p[n->texts.n++] = text;
			buf_char(c->out, ' ');
			buf_add_str(c->out, text);
		}
	} else if (text.n > 0) {
		c->failed = true;
	}
	buf_char(c->out, '\n');
}

static bool same_group(const void *ctx, uint32_t index, const void *key)
{
	const struct group *a = (const struct group *)ctx + index;
	const struct group *b = key;

	return a->name == b->name && str_eq(a->file, b->file);
}

static bool same_member(const void *ctx, uint32_t index, const void *key)
{
	const struct member *a = (const struct member *)ctx + index;
	const struct member *b = key;

	return a->group == b->group && a->orig_name == b->orig_name && a->objfile == b->objfile &&
	       a->start_line == b->start_line && a->column == b->column && a->parent == b->parent;
}

static uint32_t group_of(struct callgrind *c, const struct node_info *info)
{
	struct group key = { .file = info->file, .name = info->name };
	uint64_t hash = hash_mix(hash_bytes(key.file.p, key.file.n), key.name);
	uint32_t fresh = (uint32_t)c->groups.n, at;

	if (!VEC_RESERVE(&c->groups, 1))
		return MAP_NONE;
	at = map_intern(&c->group_map, hash, same_group, c->groups.p, &key, fresh);
	if (at == fresh)
		c->groups.p[c->groups.n++] = key;
	return at;
}

static uint32_t member_of(struct callgrind *c, const struct node *n)
{
	const struct node_info *info = &n->info;
	bool tree = c->r->options->call_tree;
	struct member key = {
		.group = group_of(c, info),
		.orig_name = info->orig_name,
		.objfile = info->objfile,
		.start_line = info->start_line,
		.column = info->address == 0 && info->line == 0 ? info->column : 0,
		.parent = tree && n->n_in > 0 ? c->r->graph.edges[n->in[0]].src : GRAPH_NONE,
	};
	uint64_t hash = hash_mix((uint64_t)key.group << 32 | key.parent, key.objfile);
	uint32_t fresh = (uint32_t)c->members.n, at;

	if (key.group == MAP_NONE || !VEC_RESERVE(&c->members, 1))
		return MAP_NONE;
	at = map_intern(&c->member_map, hash, same_member, c->members.p, &key, fresh);
	if (at == fresh) {
		key.number = ++c->groups.p[key.group].n_members;
		c->members.p[c->members.n++] = key;
	}
	return at;
}

/* Numbers the functions in report order. */
static bool find_members(struct callgrind *c)
{
	const struct graph *g = &c->r->graph;

	c->member = arena_alloc_raw(&c->r->arena, g->n_nodes, sizeof *c->member);
	if (!c->member)
		return false;
	for (uint32_t i = 0; i < g->n_nodes; i++)
		if ((c->member[i] = member_of(c, &g->nodes[i])) == MAP_NONE)
			return false;
	return true;
}

/* The callee's name, with " [1/2]" when another function of that file has the same. */
static void add_callee(struct callgrind *c, uint32_t node)
{
	const struct graph *g = &c->r->graph;
	struct str name = profile_str(g->profile, g->nodes[node].info.name);
	const struct member *m;

	if (node >= g->n_nodes) { /* hidden: pprof knows no name for it */
		BUF_LIT(c->out, "cfn=\n");
		return;
	}
	m = &c->members.p[c->member[node]];
	if (c->groups.p[m->group].n_members > 1)
		name = arena_printf(&c->r->arena, "%.*s [%" PRIu32 "/%" PRIu32 "]", STR_ARG(name),
		    m->number, c->groups.p[m->group].n_members);
	add_name(c, &c->names, STR("cfn="), name);
}

/* "0x1f", or "+3" when that is shorter, or "*" for the same address. */
static void add_address(struct callgrind *c, const struct node *before, uint64_t address)
{
	char absolute[24], relative[24];
	int n = snprintf(absolute, sizeof absolute, "%#" PRIx64, address), k;

	if (address == 0) /* C leaves out the prefix of zero */
		n = snprintf(absolute, sizeof absolute, "0x0");
	if (before && before->info.address == address) {
		buf_char(c->out, '*');
		return;
	}
	if (before) {
		k = snprintf(relative, sizeof relative, "%+" PRId64,
		    (int64_t)(address - before->info.address));
		if (k < n) {
			buf_add(c->out, relative, (size_t)k);
			return;
		}
	}
	buf_add(c->out, absolute, (size_t)n);
}

/* v in whole numbers of the report's unit. */
static int64_t scaled(const struct callgrind *c, int64_t v)
{
	struct str unit;
	double d = unit_scale(v, c->r->options->sample_unit, c->r->unit, &unit);

	return d >= -0x1p63 && d < 0x1p63 ? (int64_t)d : INT64_MIN;
}

static void add_call(struct callgrind *c, const struct node *before, const struct edge *e)
{
	const struct node *callee = &c->r->graph.nodes[e->dest];

	add_name(c, &c->files, STR("cfl="), callee->info.file);
	add_callee(c, e->dest);
	BUF_LIT(c->out, "calls=0 ");
	add_address(c, before, callee->info.address);
	buf_printf(
	    c->out, " %" PRId64 "\n* * %" PRId64 "\n", callee->info.line, scaled(c, e->weight));
}

static bool same_place(const struct node *a, const struct node *b)
{
	return a->info.objfile == b->info.objfile && str_eq(a->info.file, b->info.file) &&
	       a->info.name == b->info.name;
}

static void add_node(struct callgrind *c, const struct node *before, const struct node *n)
{
	const struct graph *g = &c->r->graph;

	if (!before || !same_place(before, n)) {
		buf_char(c->out, '\n');
		add_name(c, &c->objfiles, STR("ob="), profile_str(g->profile, n->info.objfile));
		add_name(c, &c->files, STR("fl="), n->info.file);
		add_name(c, &c->names, STR("fn="), profile_str(g->profile, n->info.name));
	}
	add_address(c, before, n->info.address);
	buf_printf(c->out, " %" PRId64 " %" PRId64 "\n", n->info.line,
	    scaled(c, graph_value(n->flat, n->flat_div)));
	for (uint32_t i = 0; i < n->n_out; i++)
		add_call(c, before, &g->edges[n->out[i]]);
}

static void numbered_release(struct numbered *n)
{
	VEC_RELEASE(&n->texts);
	map_release(&n->map);
}

static void callgrind_release(struct callgrind *c)
{
	numbered_release(&c->objfiles);
	numbered_release(&c->files);
	numbered_release(&c->names);
	VEC_RELEASE(&c->groups);
	VEC_RELEASE(&c->members);
	map_release(&c->group_map);
	map_release(&c->member_map);
}

enum err_code report_write_callgrind(struct report *r, struct buf *out, struct err *e)
{
	const struct graph *g = &r->graph;
	struct callgrind c = { .r = r, .out = out };
	bool ok;

	BUF_LIT(out, "positions: instr line\nevents: ");
	buf_add_str(out, r->options->sample_type);
	buf_char(out, '(');
	buf_add_str(out, r->unit);
	BUF_LIT(out, ")\n");
	ok = find_members(&c);
	for (uint32_t i = 0; ok && i < g->n_nodes; i++)
		add_node(&c, i > 0 ? &g->nodes[i - 1] : NULL, &g->nodes[i]);
	ok = ok && !c.failed && !arena_failed(&r->arena);
	callgrind_release(&c);
	return ok ? OK : FAIL_NOMEM(e);
}
