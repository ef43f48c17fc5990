/*
 * The rows of the top table, up to TOP_ROWS of them, each with its values both as numbers (for
 * sorting) and as the text report prints them.
 */
#include "driver/pipeline.h"
#include "report/labels.h"
#include "report/text.h"
#include "web/web_json.h"
#include "web/web_reply.h"

/* google/pprof's page shows 500; the table here only draws the rows in sight. */
#define TOP_ROWS 100000

static json_t *percent(const struct report *r, int64_t v)
{
	struct buf text = { 0 };
	json_t *value;

	report_percent(r, v, &text);
	value = web_json_str(str_trim(buf_str(&text)));
	buf_release(&text);
	return value;
}

static json_t *row(const struct report *r, const struct text_item *item, int64_t sum)
{
	return json_pack("{so so sI sI so so so so so}", "name", web_json_str(item->name), "inline",
	    web_json_str(item->inline_label), "flat", (json_int_t)item->flat, "cum",
	    (json_int_t)item->cum, "flatText", web_json_str(item->flat_text), "cumText",
	    web_json_str(item->cum_text), "flatPercent", percent(r, item->flat), "sumPercent",
	    percent(r, sum), "cumPercent", percent(r, item->cum));
}

static json_t *legend(const struct labels *labels)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < labels->n; i++)
		json_array_append_new(array, web_json_str(labels->lines[i]));
	return array;
}

static enum err_code write_rows(struct report *r, struct buf *out, struct err *e)
{
	json_t *rows = json_array();
	struct text_item *items;
	struct labels labels;
	enum err_code code;
	int64_t sum = 0;
	uint32_t n;

	code = text_items(r, &items, &n, e);
	if (code == OK)
		code = labels_report(r, &labels, e);
	for (uint32_t i = 0; code == OK && i < n; i++) {
		sum += items[i].flat;
		if (json_array_append_new(rows, row(r, &items[i], sum)) != 0)
			code = FAIL_NOMEM(e);
	}
	if (code != OK) {
		json_decref(rows);
		return code;
	}
	return web_json_write(
	    json_pack("{so so}", "legend", legend(&labels), "rows", rows), out, e);
}

enum err_code web_api_top(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct view view = { 0 };
	struct report report = { 0 };
	enum err_code code;

	if (request->config.nodecount == -1)
		request->config.nodecount = TOP_ROWS;
	code = pipeline_view(&view, request->web->driver, command_find(STR("top")), STR(""),
	    &request->config, &request->warnings, e);
	if (code == OK)
		code = report_init(&report, &view.profile, &view.options, e);
	if (code == OK)
		code = write_rows(&report, &reply->body, e);
	report_release(&report);
	pipeline_release(&view);
	reply->type = "application/json";
	return code;
}
