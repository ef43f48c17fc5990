/*
 * The flame graph's data as bytes: the merged, trimmed call tree in columns. Little endian:
 *
 *	u32 "PFL1" · u32 size of the text · u32 n nodes · u32 0
 *	text: JSON {total, unit, type, legend, hidden, sources: [{name, file, pkg, inlined}]},
 *padded with spaces to a multiple of 8 f64 value[n] · f64 self[n] · f64 net[n] · i32 parent[n] (-1:
 *root) · i32 source[n]
 *
 * Nodes are in pre-order, children by decreasing value. The reader is ui/src/flame_model.ts.
 */
#include "driver/pipeline.h"
#include "graph/stacks.h"
#include "web/web_json.h"
#include "web/web_reply.h"

#define FLAME_MAGIC 0x314c4650u
/* More boxes than a screen has pixels in a row times a deep stack's rows help nobody. */
#define FLAME_NODES 40000
#define FLAME_SHARE 0.0001

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

static json_t *sources_json(const struct stacks_tree *t)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < t->n_sources; i++) {
		const struct stack_source *s = &t->sources[i];

		json_array_append_new(
		    array, json_pack("{so so so sb}", "name", web_json_str(s->name), "file",
			       web_json_str(s->file), "pkg", web_json_str(s->package), "inlined",
			       s->inlined));
	}
	return array;
}

static enum err_code put_head(
    const struct view *view, const struct stacks_tree *t, struct buf *out, struct err *e)
{
	struct buf legend = { 0 };
	json_t *head;

	report_profile_labels(&view->profile, &view->options, &legend);
	head = json_pack("{sI so so so si so}", "total", (json_int_t)view->options.total, "unit",
	    web_json_str(view->options.sample_unit), "type",
	    web_json_str(view->options.sample_type), "legend", web_json_lines(buf_str(&legend)),
	    "hidden", (int)t->hidden, "sources", sources_json(t));
	buf_release(&legend);
	return web_json_write(head, out, e);
}

static void put_columns(const struct stacks_tree *t, struct buf *out)
{
	const int64_t *const columns[] = { t->value, t->self, t->net };

	for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
		for (uint32_t i = 0; i < t->n; i++)
			put_f64(out, (double)columns[c][i]);
	for (uint32_t i = 0; i < t->n; i++)
		put_u32(out, t->parent[i]);
	for (uint32_t i = 0; i < t->n; i++)
		put_u32(out, t->source[i]);
}

enum err_code web_flame_data(const struct view *view, struct buf *out, struct err *e)
{
	const struct stacks_options options = {
		.value_index = view->options.value_index,
		.max_nodes = FLAME_NODES,
		.min_share = FLAME_SHARE,
		.trim_path = view->options.trim_path,
		.source_path = view->options.source_path,
	};
	struct stacks_tree tree = { 0 };
	struct buf text = { 0 };
	enum err_code code;

	code = stacks_new(&tree, &view->profile, &options, e);
	if (code == OK)
		code = put_head(view, &tree, &text, e);
	if (code == OK) {
		buf_fill(&text, ' ', (8 - text.n % 8) % 8);
		put_u32(out, FLAME_MAGIC);
		put_u32(out, (uint32_t)text.n);
		put_u32(out, tree.n);
		put_u32(out, 0);
		buf_add_str(out, buf_str(&text));
		put_columns(&tree, out);
		if (buf_failed(&text))
			code = FAIL_NOMEM(e);
	}
	buf_release(&text);
	stacks_release(&tree);
	return code;
}

enum err_code web_api_flame(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct view view = { 0 };
	enum err_code code;

	if (!request->config.granularity.n)
		request->config.granularity = STR("filefunctions");
	code = pipeline_view(&view, request->web->driver, command_find(STR("top")), STR(""),
	    &request->config, &request->warnings, e);
	if (code == OK)
		code = web_flame_data(&view, &reply->body, e);
	pipeline_release(&view);
	reply->type = "application/octet-stream";
	return code;
}
