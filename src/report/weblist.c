/*
 * -weblist: source of the functions that the symbol matches, each line with its values; a line
 * that has machine code unfolds to show it (an HTML <details>, which needs no script). Called
 * through the table of report.c and by the web face.
 */
#include "report/weblist.h"

#include <inttypes.h>

#include "graph/trimpath.h"
#include "report/html.h"
#include "report/labels.h"
#include "report/codelines.h"
#include "report/source_text.h"
#include "report/writers.h"

#define WEBLIST_CALL_INDENT 4

const char weblist_style[] =
    ".source{font:13px/1.35 monospace;white-space:pre;tab-size:8;overflow-x:auto}\n"
    ".source .no{color:#888}\n"
    ".source .rest{color:#666}\n"
    ".source .hot{color:#000}\n"
    ".source summary{list-style:none;cursor:pointer}\n"
    ".source summary::-webkit-details-marker{display:none}\n"
    ".source summary:hover,.source summary:focus-visible{background:#eef}\n"
    ".source .asm{color:#060;box-shadow:inset 3px 0 #bdb}\n"
    ".source .text{display:inline-block;min-width:80ch}\n"
    ".source .call{color:#00a}\n"
    ".source .at{color:#888}\n"
    ".file{color:#666;margin:0 0 .5em}\n";

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>Annotated source</title>\n<style>\n"
    "body{font-family:sans-serif;margin:1em 2em}\n"
    ".legend{font-size:13px;line-height:1.4}\n"
    "h2{margin:1.2em 0 0;font-size:16px}\n";

static const char page_body[] =
    "</style>\n</head>\n<body>\n"
    "<p><button type=\"button\" id=\"all\">Show all code</button></p>\n";

static const char page_tail[] =
    "<script>\n"
    "const all = document.getElementById(\"all\");\n"
    "let open = false;\n"
    "all.addEventListener(\"click\", () => {\n"
    "  open = !open;\n"
    "  for (const line of document.querySelectorAll(\".source details\")) line.open = open;\n"
    "  all.textContent = open ? \"Hide all code\" : \"Show all code\";\n"
    "});\n"
    "</script>\n</body>\n</html>\n";

struct page {
	struct report *r;
	struct codelines lines;
	struct source_texts texts;
	struct buf *out;
};

/* The column in which a line's text begins; tabs reach to the next multiple of eight. */
static size_t indentation(struct str line)
{
	size_t column = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == ' ')
			column++;
		else if (line.p[i] == '\t')
			column += 8 - column % 8;
		else
			break;
	}
	return column;
}

static void print_values(const struct page *page, uint64_t flat, uint64_t cum)
{
	report_value_or_dot(page->r, (int64_t)flat, 10, page->out);
	buf_char(page->out, ' ');
	report_value_or_dot(page->r, (int64_t)cum, 10, page->out);
}

static void print_place(struct page *page, struct str file, int64_t line)
{
	if (file.n == 0)
		return;
	BUF_LIT(page->out, "<span class=\"at\">");
	html_text(graph_base_path(file), page->out);
	buf_printf(page->out, ":%" PRId64 "</span>", line);
}

/* The call that was inlined, in its own source line. */
static enum err_code print_call(
    struct page *page, const struct codelines_call *call, size_t indent, struct err *e)
{
	struct source_file *file;
	struct str line = STR("");

	TRY(source_texts_get(&page->texts, page->r, call->file, &file, e));
	source_file_line(file, call->line, &line);
	buf_fill(page->out, ' ', 43);
	BUF_LIT(page->out, "<span class=\"text call\">");
	buf_fill(page->out, ' ', indent);
	html_text(str_trim(line), page->out);
	BUF_LIT(page->out, "</span> ");
	print_place(page, call->file, call->line);
	buf_char(page->out, '\n');
	return OK;
}

static bool same_call(const struct codelines_call *a, const struct codelines_call *b)
{
	return a->line == b->line && str_eq(a->file, b->file);
}

/* Calls that the instruction before had too are not told again. */
static enum err_code print_calls(struct page *page, const struct codelines_use *use,
    const struct codelines_use *before, size_t indent, struct err *e)
{
	bool same = before != NULL;

	for (uint32_t i = 0; i < use->n_calls; i++) {
		same = same && i < before->n_calls && same_call(&use->calls[i], &before->calls[i]);
		if (!same)
			TRY(print_call(
			    page, &use->calls[i], indent + (size_t)i * WEBLIST_CALL_INDENT, e));
	}
	return OK;
}

static void print_code(struct page *page, const struct codelines_code *code, size_t indent)
{
	struct buf *out = page->out;

	buf_fill(out, ' ', 9);
	print_values(page, code->flat, code->cum);
	buf_printf(out, " %10" PRIx64 ": <span class=\"text\">", code->object_address);
	buf_fill(out, ' ', indent);
	html_text(code->text, out);
	BUF_LIT(out, "</span> ");
	print_place(page, code->file, code->line);
	buf_char(out, '\n');
}

/* The instructions of one source line; those that are only samples are left out. */
static enum err_code print_asm(
    struct page *page, const struct codelines_use *uses, size_t n, size_t indent, struct err *e)
{
	const struct codelines_use *before = NULL;
	uint64_t end = 0;

	for (size_t i = 0; i < n; i++) {
		const struct codelines_code *code = &page->lines.code.p[uses[i].code];

		if (code->text.n == 0)
			continue;
		if (before && code->address != end)
			BUF_LIT(page->out, "                     \xe2\x8b\xae\n");
		TRY(print_calls(page, &uses[i], before, indent, e));
		print_code(page, code, indent + WEBLIST_CALL_INDENT * (size_t)uses[i].n_calls);
		before = &uses[i];
		end = code->address + code->length;
	}
	return OK;
}

static void print_source(
    struct page *page, int64_t number, struct str text, uint64_t flat, uint64_t cum)
{
	buf_printf(page->out, "<span class=\"no\">%6" PRId64 "</span>   <span class=\"%s\">",
	    number, flat || cum ? "hot" : "rest");
	print_values(page, flat, cum);
	BUF_LIT(page->out, "   ");
	html_text(text, page->out);
	BUF_LIT(page->out, "</span>");
}

/* One source line with its n uses. */
static enum err_code print_line(struct page *page, int64_t number, struct str text,
    const struct codelines_use *uses, size_t n, struct err *e)
{
	uint64_t flat = 0, cum = 0;
	bool has_code = false;

	for (size_t i = 0; i < n; i++) {
		const struct codelines_code *code = &page->lines.code.p[uses[i].code];

		flat += code->flat;
		cum += code->cum;
		has_code = has_code || code->text.n > 0;
	}
	if (!has_code) {
		BUF_LIT(page->out, "<div>");
		print_source(page, number, text, flat, cum);
		BUF_LIT(page->out, "</div>");
		return OK;
	}
	BUF_LIT(page->out, "<details><summary>");
	print_source(page, number, text, flat, cum);
	BUF_LIT(page->out, "</summary><div class=\"asm\">");
	TRY(print_asm(page, uses, n, indentation(text) + WEBLIST_CALL_INDENT, e));
	BUF_LIT(page->out, "</div></details>");
	return OK;
}

static enum err_code print_lines(
    struct page *page, const struct codelines_block *block, struct err *e)
{
	const struct codelines_use *use = page->lines.uses.p + block->first_use;
	const struct codelines_use *const end = use + block->n_uses;
	struct source_file *file;

	for (int64_t line = block->begin; line < block->end; line++) {
		struct str text;
		size_t n = 0;

		while (use + n < end && use[n].line == line)
			n++;
		TRY(source_texts_get(&page->texts, page->r, block->file, &file, e));
		if (!source_file_line(file, line, &text)) {
			if (n == 0)
				continue;
			text = line == 0 ? STR("<instructions with unknown line numbers>")
					 : STR("???");
		}
		TRY(print_line(page, line, text, use, n, e));
		use += n;
	}
	return OK;
}

static enum err_code print_block(
    struct page *page, const struct codelines_block *block, struct err *e)
{
	struct buf *out = page->out;

	if (block->cum == 0)
		return OK;
	BUF_LIT(out, "<section class=\"function\">\n<h2>");
	html_text(block->function, out);
	BUF_LIT(out, "</h2>\n<p class=\"file\">");
	html_text(block->file, out);
	BUF_LIT(out, "</p>\n<div class=\"source\"><div>Total:   ");
	report_value_pad(page->r, (int64_t)block->flat, 10, out);
	buf_char(out, ' ');
	report_value_pad(page->r, (int64_t)block->cum, 10, out);
	BUF_LIT(out, " (flat, cum) ");
	report_percent(page->r, (int64_t)block->cum, out);
	BUF_LIT(out, "</div>");
	TRY(print_lines(page, block, e));
	BUF_LIT(out, "</div>\n</section>\n");
	return OK;
}

static enum err_code print_blocks(struct page *page, struct err *e)
{
	TRY(codelines_make(&page->lines, page->r, e));
	for (size_t i = 0; i < page->lines.blocks.n; i++)
		TRY(print_block(page, &page->lines.blocks.p[i], e));
	return OK;
}

enum err_code weblist_sections(struct report *r, struct buf *out, struct err *e)
{
	struct page page = { .r = r, .out = out };
	const enum err_code code = print_blocks(&page, e);

	codelines_release(&page.lines);
	source_texts_release(&page.texts);
	return code;
}

enum err_code report_write_weblist(struct report *r, struct buf *out, struct err *e)
{
	struct labels labels;

	TRY(labels_profile(r, &labels, e));
	buf_add_str(out, str_c(page_head));
	buf_add_str(out, str_c(weblist_style));
	buf_add_str(out, str_c(page_body));
	BUF_LIT(out, "<div class=\"legend\">");
	for (uint32_t i = 0; i < labels.n; i++) {
		html_text(labels.lines[i], out);
		BUF_LIT(out, "<br>\n");
	}
	BUF_LIT(out, "Total: ");
	report_value(r, r->options->total, out);
	BUF_LIT(out, "</div>\n");
	TRY(weblist_sections(r, out, e));
	buf_add_str(out, str_c(page_tail));
	return OK;
}
