/*
 * Rows of text, tree and tags as JSON, for scripts. Called by report_generate when options->json
 * is set. Values are whole numbers of the sample's unit, divide_by is not applied to them; texts
 * are those of the printed report.
 */
#include "report/json_text.h"
#include "report/labels.h"
#include "report/tags.h"
#include "report/text.h"
#include "report/writers.h"

static enum err_code print_labels(struct report *r, struct buf *out, struct err *e)
{
	struct labels labels;

	TRY(labels_report(r, &labels, e));
	json_name("labels", false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < labels.n; i++) {
		if (i > 0)
			BUF_LIT(out, ", ");
		json_text(labels.lines[i], out);
	}
	buf_char(out, ']');
	return OK;
}

static void print_item(const struct text_item *item, struct buf *out)
{
	json_text_field("name", item->name, true, out);
	json_text_field("inline", item->inline_label, false, out);
	json_number_field("flat", item->flat, false, out);
	json_number_field("cum", item->cum, false, out);
	json_text_field("flat_text", item->flat_text, false, out);
	json_text_field("cum_text", item->cum_text, false, out);
}

/* Callers or callees of a node. */
static void print_edges(struct report *r, const char *name, const uint32_t *edges, uint32_t n,
    bool callers, struct buf *out)
{
	json_name(name, false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		const struct edge *edge = &r->graph.edges[edges[i]];

		buf_add_str(out, i > 0 ? STR(", {") : STR("{"));
		json_text_field(
		    "name", report_node_name(r, callers ? edge->src : edge->dest), true, out);
		json_number_field("value", edge->weight, false, out);
		json_name("inline", false, out);
		buf_add_str(out, edge->inlined ? STR("true}") : STR("false}"));
	}
	buf_char(out, ']');
}

/* Nodes of a peek are those that its symbol matches. */
static enum err_code print_rows(struct report *r, struct buf *out, struct err *e)
{
	const struct regex *symbol = r->options->symbol;
	const bool is_tree = r->options->format == REPORT_TREE;
	struct text_item *items;
	uint32_t n, shown = 0;

	TRY(text_items(r, &items, &n, e));
	json_name("rows", false, out);
	buf_char(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		const struct node *node = &r->graph.nodes[i];

		if (is_tree && symbol && !regex_match(symbol, items[i].name))
			continue;
		buf_add_str(out, shown++ > 0 ? STR(",\n{") : STR("\n{"));
		print_item(&items[i], out);
		if (is_tree) {
			print_edges(r, "callers", node->in, node->n_in, true, out);
			print_edges(r, "callees", node->out, node->n_out, false, out);
		}
		buf_char(out, '}');
	}
	buf_char(out, ']');
	if (is_tree && symbol && shown == 0)
		return FAIL(e, ERR_NOT_FOUND, "no matches found for regexp: %.*s",
		    STR_ARG(r->options->symbol_text));
	return OK;
}

static void print_key(const struct tags_key *key, struct buf *out)
{
	json_text_field("key", key->key, true, out);
	json_number_field("sum", key->sum, false, out);
	json_name("values", false, out);
	buf_char(out, '[');
	for (size_t i = 0; i < key->n; i++) {
		buf_add_str(out, i > 0 ? STR(", {") : STR("{"));
		json_text_field("value", key->values[i].text, true, out);
		json_number_field("sum", key->values[i].sum, false, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static enum err_code print_tags(struct report *r, struct buf *out, struct err *e)
{
	struct tags_key *keys;
	size_t n;

	TRY(tags_keys(r, &keys, &n, e));
	json_name("keys", false, out);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		print_key(&keys[i], out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	return OK;
}

enum err_code report_write_json(struct report *r, struct buf *out, struct err *e)
{
	const enum report_format format = r->options->format;

	json_head(r,
	    format == REPORT_TAGS   ? STR("tags")
	    : format == REPORT_TREE ? STR("tree")
				    : STR("text"),
	    out);
	if (format == REPORT_TAGS) {
		TRY(print_tags(r, out, e));
	} else {
		TRY(print_labels(r, out, e));
		TRY(print_rows(r, out, e));
	}
	BUF_LIT(out, "}\n");
	return OK;
}
