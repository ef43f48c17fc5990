/*
 * Annotated source with machine code, as the page's Source view draws it:
 *
 *	{"total": text, "sections": [{"function", "file", "error": why the file could not be read,
 *	  "flat", "cum", "percent": texts,
 *	  "lines": [[number, text, flat, cum, flat text, cum text, code]]}]}
 *
 * code: rows of a line's instructions, [address, text, flat, cum, flat text, cum text, place]; the
 * address is "" for a call that was inlined there, and for "⋮", where code was left out. Which
 *lines and instructions belong together is found by report/codelines.h, as for -weblist.
 */
#include <inttypes.h>

#include "driver/pipeline.h"
#include "graph/trimpath.h"
#include "report/codelines.h"
#include "report/source_text.h"
#include "web/web_json.h"
#include "web/web_reply.h"

/* Of files, the heaviest ones. */
#define SOURCE_MAX_FILES 50

struct page {
	struct report *r;
	struct codelines lines;
	struct source_texts texts;
	struct buf *out;
	struct buf scratch;
	bool more; /* rows of code: a comma is due */
};

static void add_value(struct page *page, uint64_t v)
{
	buf_clear(&page->scratch);
	if (v)
		report_value(page->r, (int64_t)v, &page->scratch);
	web_json_add(page->out, buf_str(&page->scratch));
}

/* "flat, cum, flat text, cum text" with a comma behind it. */
static void add_values(struct page *page, uint64_t flat, uint64_t cum)
{
	buf_printf(page->out, "%" PRId64 ",%" PRId64 ",", (int64_t)flat, (int64_t)cum);
	add_value(page, flat);
	buf_char(page->out, ',');
	add_value(page, cum);
	buf_char(page->out, ',');
}

static void add_place(struct page *page, struct str file, int64_t line)
{
	buf_clear(&page->scratch);
	if (file.n) {
		buf_add_str(&page->scratch, graph_base_path(file));
		buf_printf(&page->scratch, ":%" PRId64, line);
	}
	web_json_add(page->out, buf_str(&page->scratch));
}

static void begin_row(struct page *page)
{
	buf_printf(page->out, "%s[", page->more ? "," : "");
	page->more = true;
}

/* A row that is no instruction. */
static void add_remark(struct page *page, struct str text, struct str file, int64_t line)
{
	begin_row(page);
	BUF_LIT(page->out, "\"\",");
	web_json_add(page->out, text);
	BUF_LIT(page->out, ",0,0,\"\",\"\",");
	add_place(page, file, line);
	buf_char(page->out, ']');
}

static bool same_call(const struct codelines_call *a, const struct codelines_call *b)
{
	return a->line == b->line && str_eq(a->file, b->file);
}

/* The inlined calls on the way to an instruction that the one before did not have. */
static MUST_USE enum err_code add_calls(struct page *page, const struct codelines_use *use,
    const struct codelines_use *before, struct err *e)
{
	bool same = before != NULL;

	for (uint32_t i = 0; i < use->n_calls; i++) {
		const struct codelines_call *call = &use->calls[i];
		struct source_file *file;
		struct str line = STR("");

		same = same && i < before->n_calls && same_call(call, &before->calls[i]);
		if (same)
			continue;
		TRY(source_texts_get(&page->texts, page->r, call->file, &file, e));
		source_file_line(file, call->line, &line);
		add_remark(page, str_trim(line), call->file, call->line);
	}
	return OK;
}

static void add_instruction(struct page *page, const struct codelines_code *code)
{
	begin_row(page);
	buf_printf(page->out, "\"%" PRIx64 "\",", code->object_address);
	web_json_add(page->out, code->text);
	buf_char(page->out, ',');
	add_values(page, code->flat, code->cum);
	add_place(page, code->file, code->line);
	buf_char(page->out, ']');
}

/* The instructions of one source line; those that are only samples are left out. */
static MUST_USE enum err_code add_code(
    struct page *page, const struct codelines_use *uses, size_t n, struct err *e)
{
	const struct codelines_use *before = NULL;
	uint64_t end = 0;

	page->more = false;
	buf_char(page->out, '[');
	for (size_t i = 0; i < n; i++) {
		const struct codelines_code *code = &page->lines.code.p[uses[i].code];

		if (code->text.n == 0)
			continue;
		if (before && code->address != end)
			add_remark(page, STR("\xe2\x8b\xae"), STR(""), 0);
		TRY(add_calls(page, &uses[i], before, e));
		add_instruction(page, code);
		before = &uses[i];
		end = code->address + code->length;
	}
	buf_char(page->out, ']');
	return OK;
}

/* One source line with its n uses. */
static MUST_USE enum err_code add_line(struct page *page, int64_t number, struct str text,
    const struct codelines_use *uses, size_t n, struct err *e)
{
	uint64_t flat = 0, cum = 0;

	for (size_t i = 0; i < n; i++) {
		flat += page->lines.code.p[uses[i].code].flat;
		cum += page->lines.code.p[uses[i].code].cum;
	}
	buf_printf(page->out, "[%" PRId64 ",", number);
	web_json_add(page->out, text);
	buf_char(page->out, ',');
	add_values(page, flat, cum);
	TRY(add_code(page, uses, n, e));
	buf_char(page->out, ']');
	return OK;
}

/* Lines whose text is not known are only shown when something was sampled there. */
static bool line_text(const struct source_file *file, int64_t line, size_t uses, struct str *text)
{
	if (source_file_line(file, line, text))
		return true;
	*text = line == 0 ? STR("(instructions of unknown lines)") : STR("");
	return uses > 0;
}

static MUST_USE enum err_code add_lines(
    struct page *page, const struct codelines_block *block, struct err *e)
{
	const struct codelines_use *use = page->lines.uses.p + block->first_use;
	const struct codelines_use *const end = use + block->n_uses;
	bool first = true;

	for (int64_t line = block->begin; line < block->end; line++) {
		struct source_file *file;
		struct str text;
		size_t n = 0;

		while (use + n < end && use[n].line == line)
			n++;
		TRY(source_texts_get(&page->texts, page->r, block->file, &file, e));
		if (!line_text(file, line, n, &text))
			continue;
		if (!first)
			buf_char(page->out, ',');
		first = false;
		TRY(add_line(page, line, text, use, n, e));
		use += n;
	}
	return OK;
}

static MUST_USE enum err_code add_block(
    struct page *page, const struct codelines_block *block, struct err *e)
{
	struct source_file *file;
	struct buf *out = page->out;

	TRY(source_texts_get(&page->texts, page->r, block->file, &file, e));
	BUF_LIT(out, "{\"function\":");
	web_json_add(out, block->function);
	BUF_LIT(out, ",\"file\":");
	web_json_add(out, block->file);
	BUF_LIT(out, ",\"error\":");
	web_json_add(out, file->error);
	BUF_LIT(out, ",\"flat\":");
	add_value(page, block->flat);
	BUF_LIT(out, ",\"cum\":");
	add_value(page, block->cum);
	BUF_LIT(out, ",\"percent\":");
	buf_clear(&page->scratch);
	report_percent(page->r, (int64_t)block->cum, &page->scratch);
	web_json_add(out, str_trim(buf_str(&page->scratch)));
	BUF_LIT(out, ",\"lines\":[");
	TRY(add_lines(page, block, e));
	BUF_LIT(out, "]}");
	return OK;
}

static MUST_USE enum err_code add_page(struct page *page, struct err *e)
{
	bool first = true;

	TRY(codelines_make(&page->lines, page->r, e));
	BUF_LIT(page->out, "{\"total\":");
	add_value(page, (uint64_t)page->r->options->total);
	BUF_LIT(page->out, ",\"sections\":[");
	for (size_t i = 0; i < page->lines.blocks.n; i++) {
		if (page->lines.blocks.p[i].cum == 0)
			continue;
		if (!first)
			buf_char(page->out, ',');
		first = false;
		TRY(add_block(page, &page->lines.blocks.p[i], e));
	}
	BUF_LIT(page->out, "]}");
	return OK;
}

static MUST_USE enum err_code write_source(
    struct web_request *request, const struct view *view, struct buf *out, struct err *e)
{
	struct page page = { .out = out };
	struct report report;
	enum err_code code;

	TRY(report_init(&report, &view->profile, &view->options, e));
	page.r = &report;
	pthread_mutex_lock(&request->loaded->source_lock);
	code = add_page(&page, e);
	pthread_mutex_unlock(&request->loaded->source_lock);
	if (code == OK && (arena_failed(&report.arena) || buf_failed(&page.scratch)))
		code = FAIL_NOMEM(e);
	codelines_release(&page.lines);
	source_texts_release(&page.texts);
	buf_release(&page.scratch);
	report_release(&report);
	return code;
}

enum err_code web_api_source(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct view view = { 0 };
	enum err_code code = pipeline_view(&view, request->driver, command_find(STR("weblist")),
	    request->arguments.f, &request->config, &request->warnings, e);

	if (code == OK)
		code = web_wanted(request, e);
	if (code == OK) {
		view.options.max_sections = SOURCE_MAX_FILES;
		code = write_source(request, &view, &reply->body, e);
	}
	pipeline_release(&view);
	reply->type = "application/json";
	return code;
}
