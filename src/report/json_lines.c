/*
 * -json of the annotated listings (list, weblist, disasm): the printed lines. Their columns are
 * fixed, and their heads ("ROUTINE ====") tell which function a line is of.
 */
#include "report/json_text.h"
#include "report/writers.h"

static MUST_USE enum err_code write_lines(
    struct report *r, report_writer *write, const char *name, struct buf *out, struct err *e)
{
	struct buf text = { 0 };
	enum err_code code = write(r, &text, e);
	struct str rest = buf_str(&text), line;
	bool first = true;

	if (code == OK && buf_failed(&text))
		code = FAIL_NOMEM(e);
	if (code == OK) {
		json_head(r, str_c(name), out);
		json_name("lines", false, out);
		buf_char(out, '[');
		while (rest.n > 0 && str_split(&rest, '\n', &line)) {
			buf_add_str(out, first ? STR("\n") : STR(",\n"));
			json_text(line, out);
			first = false;
		}
		BUF_LIT(out, "]}\n");
	}
	buf_release(&text);
	return code;
}

enum err_code report_write_json_list(struct report *r, struct buf *out, struct err *e)
{
	return write_lines(r, report_write_list, "list", out, e);
}

enum err_code report_write_json_disasm(struct report *r, struct buf *out, struct err *e)
{
	return write_lines(r, report_write_disasm, "disasm", out, e);
}
