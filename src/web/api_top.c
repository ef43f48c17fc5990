/*
 * The rows of the top table, up to TOP_ROWS of them, each with its values both as numbers (for
 * sorting) and as the text report prints them. Written as text at once: a tree of JSON values of a
 * hundred thousand rows would be larger than the profile.
 *
 *	{"legend":[…], "rows":[[name, inline, flat, cum, flat text, cum text, flat%, sum%, cum%],
 *…]}
 */
#include <inttypes.h>

#include "driver/pipeline.h"
#include "report/labels.h"
#include "report/text.h"
#include "web/web_json.h"
#include "web/web_reply.h"

/* google/pprof's page shows 500; the table here only draws the rows in sight. */
#define TOP_ROWS 100000

static void add_percent(const struct report *r, int64_t v, struct buf *scratch, struct buf *out)
{
	buf_clear(scratch);
	report_percent(r, v, scratch);
	buf_char(out, ',');
	web_json_add(out, str_trim(buf_str(scratch)));
}

static void add_row(const struct report *r, const struct text_item *item, int64_t sum,
    struct buf *scratch, struct buf *out)
{
	buf_char(out, '[');
	web_json_add(out, item->name);
	buf_char(out, ',');
	web_json_add(out, item->inline_label);
	buf_printf(out, ",%" PRId64 ",%" PRId64 ",", item->flat, item->cum);
	web_json_add(out, item->flat_text);
	buf_char(out, ',');
	web_json_add(out, item->cum_text);
	add_percent(r, item->flat, scratch, out);
	add_percent(r, sum, scratch, out);
	add_percent(r, item->cum, scratch, out);
	buf_char(out, ']');
}

static MUST_USE enum err_code write_legend(struct report *r, struct buf *out, struct err *e)
{
	struct labels labels;

	TRY(labels_report(r, &labels, e));
	BUF_LIT(out, "{\"legend\":[");
	for (uint32_t i = 0; i < labels.n; i++) {
		if (i)
			buf_char(out, ',');
		web_json_add(out, labels.lines[i]);
	}
	BUF_LIT(out, "],\"rows\":[");
	return OK;
}

static MUST_USE enum err_code write_rows(struct report *r, struct buf *out, struct err *e)
{
	struct buf scratch = { 0 };
	struct text_item *items;
	uint64_t sum = 0;
	uint32_t n;

	TRY(write_legend(r, out, e));
	TRY(text_items(r, &items, &n, e));
	for (uint32_t i = 0; i < n; i++) {
		sum += (uint64_t)items[i].flat;
		if (i)
			buf_char(out, ',');
		add_row(r, &items[i], (int64_t)sum, &scratch, out);
	}
	BUF_LIT(out, "]}");
	buf_release(&scratch);
	return OK;
}

enum err_code web_api_top(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct view view = { 0 };
	struct report report = { 0 };
	enum err_code code;

	if (request->config.nodecount == -1)
		request->config.nodecount = TOP_ROWS;
	code = pipeline_view(&view, request->driver, command_find(STR("top")), STR(""),
	    &request->config, &request->warnings, e);
	if (code == OK)
		code = web_wanted(request, e);
	if (code == OK)
		code = report_init(&report, &view.profile, &view.options, e);
	if (code == OK)
		code = web_wanted(request, e);
	if (code == OK)
		code = write_rows(&report, &reply->body, e);
	report_release(&report);
	pipeline_release(&view);
	reply->type = "application/json";
	return code;
}
