/*
 * -topproto: the rows of -top as a profile, one sample a node in report order, so that other tools
 * can read what was shown. Called through the table of report.c.
 */
#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/encode.h"
#include "profile/unit.h"
#include "report/writers.h"

/* The profile while it is made; its arrays are complete before they are published. */
struct top {
	struct report *r;
	struct profile p;
	int64_t *values;
	uint32_t *index; /* 0, 1, 2 …: both where a stack begins and which location it has */
	struct location *locations;
	struct line *lines;
	VEC(struct function) functions;
	struct map map;
};

static bool same_function(const void *ctx, uint32_t index, const void *key)
{
	const struct function *a = (const struct function *)ctx + index;
	const struct function *b = key;

	return a->name == b->name && a->system_name == b->system_name &&
	       a->filename == b->filename && a->start_line == b->start_line;
}

static uint32_t function_of(struct top *t, const struct node_info *info)
{
	const struct profile *src = t->r->graph.profile;
	struct function key = {
		.id = t->functions.n + 1,
		.name = profile_intern(&t->p, profile_str(src, info->name)),
		.system_name = profile_intern(&t->p, profile_str(src, info->orig_name)),
		.filename = profile_intern(&t->p, info->file),
		.start_line = info->start_line,
	};
	uint64_t hash = hash_mix((uint64_t)key.name << 32 | key.filename, (uint64_t)key.start_line);
	uint32_t fresh = (uint32_t)t->functions.n, at;

	if (!VEC_RESERVE(&t->functions, 1))
		return MAP_NONE;
	at = map_intern(&t->map, hash, same_function, t->functions.p, &key, fresh);
	if (at == fresh)
		t->functions.p[t->functions.n++] = key;
	return at;
}

/* v in the report's unit, cut to a whole number. */
static int64_t scaled(const struct report *r, int64_t v)
{
	struct str unit;
	double d = unit_scale(v, r->options->sample_unit, r->unit, &unit);

	return d >= -0x1p63 && d < 0x1p63 ? (int64_t)d : INT64_MIN;
}

static bool add_node(struct top *t, uint32_t i)
{
	const struct node *n = &t->r->graph.nodes[i];
	uint32_t function = function_of(t, &n->info);

	if (function == MAP_NONE)
		return false;
	t->lines[i] =
	    (struct line){ .function = function, .line = n->info.line, .column = n->info.column };
	t->locations[i] = (struct location){
		.id = (uint64_t)i + 1,
		.address = n->info.address,
		.mapping = PROFILE_NONE,
		.first_line = i,
		.n_lines = 1,
	};
	t->values[2 * (size_t)i] = scaled(t->r, graph_value(n->cum, n->cum_div));
	t->values[2 * (size_t)i + 1] = scaled(t->r, graph_value(n->flat, n->flat_div));
	return true;
}

static bool alloc_arrays(struct top *t, uint32_t n)
{
	struct arena *a = &t->p.arena;

	t->values = arena_alloc_raw(a, (size_t)n * 2, sizeof *t->values);
	t->index = arena_alloc_raw(a, (size_t)n + 1, sizeof *t->index);
	t->locations = arena_alloc_raw(a, n, sizeof *t->locations);
	t->lines = arena_alloc_raw(a, n, sizeof *t->lines);
	t->p.sample_types = arena_alloc_raw(a, 2, sizeof *t->p.sample_types);
	return !arena_failed(a);
}

static void set_head(struct top *t)
{
	const struct profile *src = t->r->graph.profile;
	struct profile *p = &t->p;
	str_id unit = profile_intern(p, t->r->unit);

	p->n_sample_types = 2;
	p->sample_types[0] = (struct value_type){ profile_intern(p, STR("cum")), unit };
	p->sample_types[1] = (struct value_type){ profile_intern(p, STR("flat")), unit };
	p->time_ns = src->time_ns;
	p->duration_ns = src->duration_ns;
	p->period = src->period;
	p->period_type.type = profile_intern(p, profile_str(src, src->period_type.type));
	p->period_type.unit = profile_intern(p, profile_str(src, src->period_type.unit));
}

static void publish(struct top *t, uint32_t n)
{
	struct profile *p = &t->p;

	for (uint32_t i = 0; i <= n; i++)
		t->index[i] = i;
	p->samples = (struct samples){
		.n = n,
		.values = t->values,
		.stack_at = t->index,
		.stacks = t->index,
	};
	p->locations = t->locations;
	p->n_locations = n;
	p->lines = t->lines;
	p->n_lines = n;
	p->functions = t->functions.p;
	p->n_functions = (uint32_t)t->functions.n;
}

static bool fill(struct top *t)
{
	uint32_t n = t->r->graph.n_nodes;

	if (!alloc_arrays(t, n))
		return false;
	set_head(t);
	for (uint32_t i = 0; i < n; i++)
		if (!add_node(t, i))
			return false;
	publish(t, n);
	return !arena_failed(&t->p.arena);
}

enum err_code report_write_topproto(struct report *r, struct buf *out, struct err *e)
{
	struct top t = { .r = r };
	enum err_code code;

	TRY(profile_init(&t.p, e));
	if (fill(&t))
		code = profile_encode_gzip(&t.p, out, e);
	else
		code = FAIL_NOMEM(e);
	VEC_RELEASE(&t.functions);
	map_release(&t.map);
	profile_release(&t.p);
	return code;
}
