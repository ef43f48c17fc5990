#include "report/json_fields.h"

#include "base/json_text.h"

/* "name": — with a comma in front unless it is the first of its object. */
void json_name(const char *name, bool first, struct buf *out)
{
	buf_printf(out, "%s\"%s\": ", first ? "" : ", ", name);
}

void json_text_field(const char *name, struct str s, bool first, struct buf *out)
{
	json_name(name, first, out);
	json_text(out, s);
}

void json_number_field(const char *name, int64_t v, bool first, struct buf *out)
{
	json_name(name, first, out);
	buf_i64(out, v);
}

void json_head(const struct report *r, struct str format, struct buf *out)
{
	const struct report_options *o = r->options;

	buf_char(out, '{');
	json_text_field("report", format, true, out);
	json_text_field("sample_type", o->sample_type, false, out);
	json_text_field("unit", o->sample_unit, false, out);
	json_number_field("total", o->total, false, out);
}
