/*
 * The flame graph's data as bytes: the merged, trimmed call tree in columns. Little endian:
 *
 *	u32 "PFL2" · u32 size of the text · u32 n nodes · u32 flags (1: a difference)
 *	text: JSON {total, unit, type, legend, hidden, names, sources: [[name, unique name or "",
 *	      index of file in names, of package, 1 when inlined]]}, padded with spaces to a
 *	      multiple of 8
 *	f64 value[n] · f64 self[n], of a difference also f64 net[n] · f64 self_net[n]
 *	i32 parent[n] (-1: root) · i32 source[n]
 *
 * Nodes are in pre-order, children by decreasing value. The reader is ui/src/flame_model.ts.
 */
#include <inttypes.h>

#include "base/map.h"
#include "core/hash.h"
#include "driver/pipeline.h"
#include "graph/stacks.h"
#include "web/web_json.h"
#include "web/web_reply.h"

#define FLAME_MAGIC      0x324c4650u
#define FLAME_DIFFERENCE 1u
/* More boxes than a screen has pixels in a row times a deep stack's rows help nobody. */
#define FLAME_NODES      100000
#define FLAME_SHARE      0.0001

static void put_u32(struct buf *out, uint32_t v)
{
	const uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24) };

	buf_add(out, bytes, sizeof bytes);
}

static void put_f64(struct buf *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	put_u32(out, (uint32_t)bits);
	put_u32(out, (uint32_t)(bits >> 32));
}

/* The sources that the tree's nodes have, renumbered in order of appearance; and their names. */
struct used {
	uint32_t *number; /* per source of the tree; UINT32_MAX: not used */
	uint32_t *order;  /* the sources that are used */
	uint32_t n;
	struct str *names; /* files and packages */
	uint32_t n_names;
	struct map by_name;
};

static bool same_name(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct str *)ctx)[index], *(const struct str *)key);
}

static uint32_t name_index(struct used *u, struct str name)
{
	uint32_t at = map_intern(
	    &u->by_name, hash_bytes(name.p, name.n), same_name, u->names, &name, u->n_names);

	if (at == u->n_names)
		u->names[u->n_names++] = name;
	return at;
}

static MUST_USE enum err_code find_used(struct used *u, struct stacks_tree *t, struct err *e)
{
	u->number = arena_alloc_raw(&t->arena, t->n_sources, sizeof *u->number);
	u->order = arena_alloc_raw(&t->arena, t->n_sources, sizeof *u->order);
	u->names = arena_alloc_raw(&t->arena, 2 * (size_t)t->n_sources, sizeof *u->names);
	if (!u->number || !u->order || !u->names)
		return FAIL_NOMEM(e);
	memset(u->number, 0xff, t->n_sources * sizeof *u->number);
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t *number = &u->number[t->source[i]];

		if (*number != UINT32_MAX)
			continue;
		u->order[u->n] = t->source[i];
		*number = u->n++;
	}
	return OK;
}

static void put_source(struct used *u, const struct stack_source *s, struct buf *out)
{
	uint32_t file = name_index(u, s->file);
	uint32_t package = name_index(u, s->package);

	if (file == MAP_NONE || package == MAP_NONE)
		out->failed = true;
	buf_char(out, '[');
	web_json_add(out, s->name);
	buf_char(out, ',');
	web_json_add(out, str_eq(s->unique, s->name) ? STR("") : s->unique);
	buf_printf(out, ",%u,%u,%d]", file, package, s->inlined);
}

static void put_sources(struct used *u, const struct stacks_tree *t, struct buf *out)
{
	BUF_LIT(out, "\"sources\":[");
	for (uint32_t i = 0; i < u->n; i++) {
		if (i)
			buf_char(out, ',');
		put_source(u, &t->sources[u->order[i]], out);
	}
	BUF_LIT(out, "],\"names\":[");
	for (uint32_t i = 0; i < u->n_names; i++) {
		if (i)
			buf_char(out, ',');
		web_json_add(out, u->names[i]);
	}
	buf_char(out, ']');
}

static void put_legend(const struct view *view, struct buf *out)
{
	struct buf legend = { 0 };
	struct str rest, line;

	report_profile_labels(&view->profile, &view->options, &legend);
	rest = buf_str(&legend);
	BUF_LIT(out, ",\"legend\":[");
	for (bool first = true; rest.n > 0 && str_split(&rest, '\n', &line); first = false) {
		if (!first)
			buf_char(out, ',');
		web_json_add(out, line);
	}
	BUF_LIT(out, "],");
	buf_release(&legend);
}

static void put_head(
    const struct view *view, const struct stacks_tree *t, struct used *u, struct buf *out)
{
	buf_printf(
	    out, "{\"total\":%" PRId64 ",\"hidden\":%u,\"unit\":", view->options.total, t->hidden);
	web_json_add(out, view->options.sample_unit);
	BUF_LIT(out, ",\"type\":");
	web_json_add(out, view->options.sample_type);
	put_legend(view, out);
	put_sources(u, t, out);
	buf_char(out, '}');
}

static void put_column(const int64_t *column, uint32_t n, struct buf *out)
{
	for (uint32_t i = 0; i < n; i++)
		put_f64(out, (double)column[i]);
}

static void put_columns(const struct stacks_tree *t, const struct used *u, struct buf *out)
{
	put_column(t->value, t->n, out);
	put_column(t->self, t->n, out);
	if (t->has_negative) {
		put_column(t->net, t->n, out);
		put_column(t->self_net, t->n, out);
	}
	for (uint32_t i = 0; i < t->n; i++)
		put_u32(out, t->parent[i]);
	for (uint32_t i = 0; i < t->n; i++)
		put_u32(out, u->number[t->source[i]]);
}

/* Appends one tree. */
static MUST_USE enum err_code put_tree(
    const struct view *view, struct stacks_tree *t, struct buf *out, struct err *e)
{
	struct buf text = { 0 };
	struct used used = { 0 };
	enum err_code code = find_used(&used, t, e);

	if (code == OK) {
		put_head(view, t, &used, &text);
		buf_fill(&text, ' ', (8 - text.n % 8) % 8);
		put_u32(out, FLAME_MAGIC);
		put_u32(out, (uint32_t)text.n);
		put_u32(out, t->n);
		put_u32(out, t->has_negative ? FLAME_DIFFERENCE : 0);
		buf_add_str(out, buf_str(&text));
		put_columns(t, &used, out);
		if (buf_failed(&text))
			code = FAIL_NOMEM(e);
	}
	map_release(&used.by_name);
	buf_release(&text);
	return code;
}

static struct stacks_options tree_options(
    const struct view *view, const struct regex *pivot, bool outward)
{
	return (struct stacks_options){
		.value_index = view->options.value_index,
		.max_nodes = FLAME_NODES,
		.min_share = FLAME_SHARE,
		.trim_path = view->options.trim_path,
		.source_path = view->options.source_path,
		.pivot = pivot,
		.outward = outward,
	};
}

static MUST_USE enum err_code write_tree(
    const struct view *view, const struct stacks_options *options, struct buf *out, struct err *e)
{
	struct stacks_tree tree = { 0 };
	enum err_code code = stacks_new(&tree, &view->profile, options, e);

	if (code == OK)
		code = put_tree(view, &tree, out, e);
	stacks_release(&tree);
	return code;
}

enum err_code web_flame_data(const struct view *view, struct buf *out, struct err *e)
{
	const struct stacks_options options = tree_options(view, NULL, false);

	return write_tree(view, &options, out, e);
}

/* *out stays NULL for an empty pattern. */
static MUST_USE enum err_code compile(
    struct regex **out, const char *what, struct str pattern, struct err *e)
{
	enum err_code code = OK;

	if (pattern.n)
		code = regex_new(out, pattern, e);
	if (code != OK && code != ERR_NOMEM)
		err_prefix(e, "parsing %s regexp", what);
	return code;
}

/* What is asked of a view: its tree, or with q what a search for q finds. */
static MUST_USE enum err_code write_asked(const struct view *view,
    const struct stacks_options *options, const struct regex *search, struct buf *out,
    struct err *e)
{
	struct stacks_found found;

	if (!search)
		return write_tree(view, options, out, e);
	TRY(stacks_sum(&found, &view->profile, options, search, e));
	buf_printf(out, "{\"value\":%" PRId64 ",\"net\":%" PRId64 "}", found.value, found.net);
	return OK;
}

/* The tree of one function when the request names a pivot, else the whole. */
static MUST_USE enum err_code write_requested(struct web_request *request, const struct view *view,
    struct str q, struct buf *out, struct err *e)
{
	const struct web_arguments *a = &request->arguments;
	struct regex *pivot = NULL, *search = NULL;
	enum err_code code = compile(&pivot, "pivot", a->p, e);

	if (code == OK)
		code = compile(&search, "search", q, e);
	if (code == OK) {
		const struct stacks_options options =
		    tree_options(view, pivot, pivot && str_is(a->side, "callers"));

		code = write_asked(view, &options, search, out, e);
	}
	regex_free(pivot);
	regex_free(search);
	return code;
}

static MUST_USE enum err_code answer(
    struct web_request *request, struct web_reply *reply, struct str q, struct err *e)
{
	struct view view = { 0 };
	enum err_code code;

	if (!request->config.granularity.n)
		request->config.granularity = STR("filefunctions");
	code = pipeline_view(&view, request->driver, command_find(STR("top")), STR(""),
	    &request->config, &request->warnings, e);
	if (code == OK)
		code = web_wanted(request, e);
	if (code == OK)
		code = write_requested(request, &view, q, &reply->body, e);
	pipeline_release(&view);
	return code;
}

enum err_code web_api_flame(struct web_request *request, struct web_reply *reply, struct err *e)
{
	reply->type = "application/octet-stream";
	return answer(request, reply, STR(""), e);
}

enum err_code web_api_found(struct web_request *request, struct web_reply *reply, struct err *e)
{
	if (request->arguments.q.n == 0)
		return FAIL(e, ERR_USAGE, "nothing to search for: q is empty");
	reply->type = "application/json";
	return answer(request, reply, request->arguments.q, e);
}
