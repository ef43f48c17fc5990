/*
 * Lock contention: "--- contentionz" of C++ programs, "--- mutex:" and "--- contention:" of Go's
 * debug=1. Lines "name = value" come first, then rows "delay count @ stack" with the delay in
 * cycles when the clock's rate is known. Both are of the sampled events; the period scales them up.
 */
#include "profile/legacy/formats.h"

#include "base/regex.h"

struct contention_reader {
	struct legacy_builder *b;
	struct lines l;
	struct regex *row;
	struct address_list addresses;
	int64_t cycles_per_second;
	struct err *e;
};

static bool is_contention(struct str line)
{
	return str_starts(line, STR("--- contentionz ")) || str_starts(line, STR("--- mutex:")) ||
	       str_starts(line, STR("--- contention:"));
}

/* False for names that this format does not have: then it is Java's, or nothing we know. */
static bool take_attribute(struct contention_reader *r, struct str name, struct str value)
{
	struct profile *p = r->b->p;
	struct err ignored;
	int64_t ms = 0;

	if (str_is(name, "cycles/second"))
		return number_any_base(value, &r->cycles_per_second, &ignored) == OK;
	if (str_is(name, "sampling period"))
		return number_any_base(value, &p->period, &ignored) == OK;
	if (str_is(name, "ms since reset")) {
		if (number_any_base(value, &ms, &ignored) != OK)
			return false;
		p->duration_ns = (int64_t)((uint64_t)ms * 1000 * 1000);
		return true;
	}
	return str_is(name, "discarded samples");
}

/* Leaves the first line that is no attribute as the current one. */
static MUST_USE enum err_code read_attributes(struct contention_reader *r, bool *mine)
{
	*mine = true;
	while (lines_next(&r->l)) {
		struct str line = str_trim(r->l.line);
		size_t eq = str_find_char(line, '=');

		if (line_is_blank(line))
			continue;
		if (str_starts(line, STR("---")) || eq == STR_NPOS)
			break;
		*mine = take_attribute(
		    r, str_trim(str_head(line, eq)), str_trim(str_skip(line, eq + 1)));
		if (!*mine)
			return OK;
	}
	return lines_check(&r->l, r->e);
}

/* As the amd64 processor converts a number that is too large. */
static int64_t truncated(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

static void scale_row(const struct contention_reader *r, int64_t *delay, int64_t *count)
{
	int64_t period = r->b->p->period;

	if (period <= 0)
		return;
	if (r->cycles_per_second > 0) {
		double per_ns = (double)r->cycles_per_second / 1e9;

		*delay = truncated((double)*delay * (double)period / per_ns);
	}
	*count = (int64_t)((uint64_t)*count * (uint64_t)period);
}

static MUST_USE enum err_code split_row(struct contention_reader *r, struct str line,
    const struct str g[4], int64_t *delay, int64_t *count)
{
	enum err_code rc = number_decimal(g[1], delay, r->e);

	if (rc == OK)
		rc = number_decimal(g[2], count, r->e);
	if (rc == OK)
		scale_row(r, delay, count);
	r->addresses.n = 0;
	if (rc == OK)
		rc = address_list_read(&r->addresses, g[3], r->e);
	if (rc == ERR_FORMAT)
		err_prefix(r->e, "malformed sample: %.*s", STR_ARG(line));
	return rc;
}

static MUST_USE enum err_code read_row(struct contention_reader *r, struct str line, bool *mine)
{
	int64_t values[2];
	struct str g[4];

	*mine = regex_find(r->row, line, g, 4);
	if (!*mine)
		return OK;
	TRY(split_row(r, line, g, &values[1], &values[0]));
	legacy_add_stack(r->b, &r->addresses, 0);
	legacy_end_sample(r->b, values);
	return OK;
}

/* Begins with the current line, which ended the attributes. */
static MUST_USE enum err_code read_rows(struct contention_reader *r, bool *mine)
{
	TRY(regex_new_capturing(&r->row, STR("(\\d+) *(\\d+) @([ x0-9a-f]*)"), r->e));
	do {
		struct str line = str_trim(r->l.line);

		if (str_starts(line, STR("---")))
			break;
		if (line_is_blank(line))
			continue;
		TRY(read_row(r, line, mine));
		if (!*mine)
			return OK;
	} while (lines_next(&r->l));
	return lines_check(&r->l, r->e);
}

static MUST_USE enum err_code read_profile(struct contention_reader *r, bool *mine)
{
	*mine = lines_next(&r->l) && is_contention(r->l.line);
	if (!*mine)
		return lines_check(&r->l, r->e);
	legacy_set_period(r->b, STR("contentions"), STR("count"), 1);
	legacy_add_type(r->b, STR("contentions"), STR("count"));
	legacy_add_type(r->b, STR("delay"), STR("nanoseconds"));
	TRY(read_attributes(r, mine));
	if (*mine)
		TRY(read_rows(r, mine));
	if (!*mine)
		return OK;
	TRY(legacy_finish_text(r->b, &r->l, r->e));
	return legacy_publish(r->b, r->e);
}

enum err_code contention_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct contention_reader r = { .b = b, .l = lines_of(bytes), .e = e };
	enum err_code rc = read_profile(&r, mine);

	regex_free(r.row);
	VEC_RELEASE(&r.addresses);
	return rc;
}
