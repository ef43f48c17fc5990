/*
 * Go's profiles with debug=1 that only count: "goroutine profile: total 7", rows "2 @ 0x1 0x2".
 * The stack in words below each row is a comment; a line of dashes ends the rows.
 */
#include "profile/legacy/formats.h"

#include "base/regex.h"

struct count_reader {
	struct legacy_builder *b;
	struct regex *row;
	struct address_list addresses;
	struct err *e;
};

static MUST_USE enum err_code malformed(struct err *e)
{
	return FAIL(e, ERR_FORMAT, "malformed profile format");
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* "TYPE profile: total N", nothing around it and no space in TYPE. */
static bool read_header(struct str line, struct str *type)
{
	size_t at = str_find(line, STR(" profile: total "));

	if (at == STR_NPOS || at == 0)
		return false;
	*type = str_head(line, at);
	for (size_t i = 0; i < at; i++)
		if (line.p[i] == ' ' ||
		    (line.p[i] >= '\t' && line.p[i] <= '\r' && line.p[i] != '\v'))
			return false;
	return is_number(str_skip(line, at + sizeof " profile: total " - 1));
}

static MUST_USE enum err_code read_row(struct count_reader *r, struct str line)
{
	struct err ignored;
	enum err_code rc;
	struct str g[3];
	int64_t count;

	if (!regex_find(r->row, line, g, 3) || number_any_base(g[1], &count, &ignored) != OK)
		return malformed(r->e);
	r->addresses.n = 0;
	rc = address_list_read(&r->addresses, g[2], &ignored);
	if (rc != OK)
		return rc == ERR_NOMEM ? FAIL_NOMEM(r->e) : malformed(r->e);
	legacy_add_stack(r->b, &r->addresses, 0);
	legacy_end_sample(r->b, &count);
	return OK;
}

static MUST_USE enum err_code read_rows(struct count_reader *r, struct lines *l)
{
	TRY(regex_new_capturing(&r->row, STR("\\A(\\d+) @((?: 0x[0-9a-f]+)+)\\z"), r->e));
	while (lines_next(l)) {
		if (line_is_blank(l->line))
			continue;
		if (str_starts(l->line, STR("---")))
			break;
		TRY(read_row(r, l->line));
	}
	TRY(lines_check(l, r->e));
	TRY(legacy_finish_text(r->b, l, r->e));
	return legacy_publish(r->b, r->e);
}

enum err_code gocount_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct count_reader r = { .b = b, .e = e };
	struct lines l = lines_of(bytes);
	enum err_code rc;
	struct str type;

	while (lines_next(&l) && line_is_blank(l.line))
		;
	TRY(lines_check(&l, e));
	*mine = read_header(l.line, &type);
	if (!*mine)
		return OK;
	legacy_set_period(b, type, STR("count"), 1);
	legacy_add_type(b, type, STR("count"));
	rc = read_rows(&r, &l);
	regex_free(r.row);
	VEC_RELEASE(&r.addresses);
	return rc;
}
