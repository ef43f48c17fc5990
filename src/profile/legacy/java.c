/*
 * Java's heapz and contentionz as text, and the names at the end of every Java profile. Rows have
 * the value before the count, stacks are made of made-up addresses, and lines below the rows say
 * what function each address is.
 */
#include "profile/legacy/formats.h"

#include "base/regex.h"

/* The heap is sampled once in so many bytes. */
#define HEAP_RATE 524288

struct java_reader {
	struct legacy_builder *b;
	struct str rest;
	bool is_heap; /* else contention */
	struct regex *attribute;
	struct regex *row;
	struct address_list addresses;
	struct err *e;
};

/* The next line that has an end; the last one without is never looked at. */
static bool peek_line(const struct java_reader *r, struct str *line, size_t *n)
{
	size_t end = str_find_char(r->rest, '\n');

	if (end == STR_NPOS)
		return false;
	*line = str_trim(str_head(r->rest, end));
	*n = end + 1;
	return true;
}

static MUST_USE enum err_code attribute_number(
    struct java_reader *r, struct str line, struct str value, int64_t *out)
{
	enum err_code rc = number_any_base(value, out, r->e);

	if (rc != OK)
		err_prefix(r->e, "failed to parse attribute %.*s", STR_ARG(line));
	return rc;
}

static void set_resolution(struct java_reader *r, struct str unit)
{
	r->b->n_types = 0;
	legacy_add_type(r->b, r->is_heap ? STR("inuse_objects") : STR("contentions"), STR("count"));
	legacy_add_type(r->b, r->is_heap ? STR("inuse_space") : STR("delay"), unit);
}

static MUST_USE enum err_code take_attribute(
    struct java_reader *r, struct str line, struct str name, struct str value, bool *mine)
{
	struct profile *p = r->b->p;
	int64_t ms;

	if (str_is(name, "format")) {
		*mine = str_is(value, "java");
	} else if (str_is(name, "resolution")) {
		set_resolution(r, value);
	} else if (!r->is_heap && str_is(name, "sampling period")) {
		legacy_set_period(r->b, STR("contentions"), STR("count"), p->period);
		TRY(attribute_number(r, line, value, &p->period));
	} else if (!r->is_heap && str_is(name, "ms since reset")) {
		TRY(attribute_number(r, line, value, &ms));
		p->duration_ns = (int64_t)((uint64_t)ms * 1000 * 1000);
	} else {
		*mine = false;
	}
	return OK;
}

/* Up to the first line that is no attribute. */
static MUST_USE enum err_code read_attributes(struct java_reader *r, bool *mine)
{
	struct str line;
	size_t n;

	TRY(regex_new_capturing(&r->attribute, STR("([\\w ]+)=([\\w ]+)"), r->e));
	for (; *mine && peek_line(r, &line, &n); r->rest = str_skip(r->rest, n)) {
		struct str g[3];

		if (line.n == 0)
			continue;
		if (!regex_find(r->attribute, line, g, 3))
			return OK;
		TRY(take_attribute(r, line, str_trim(g[1]), str_trim(g[2]), mine));
	}
	return OK;
}

static MUST_USE enum err_code scale_row(
    struct java_reader *r, struct str line, int64_t *count, int64_t *value)
{
	uint64_t period = (uint64_t)r->b->p->period;
	int64_t size = *value;

	if (!r->is_heap) {
		*count = period ? (int64_t)((uint64_t)*count * period) : *count;
		*value = period ? (int64_t)((uint64_t)*value * period) : *value;
		return OK;
	}
	if (*count == 0)
		return FAIL(r->e, ERR_FORMAT, "parsing sample %.*s: second value must be non-zero",
		    STR_ARG(line));
	(void)VEC_PUSH(&r->b->block_sizes, size / *count);
	heap_unsample(count, value, HEAP_RATE);
	return OK;
}

static MUST_USE enum err_code read_row(
    struct java_reader *r, struct str line, const struct str g[4])
{
	int64_t values[2];
	enum err_code rc;

	r->addresses.n = 0;
	rc = address_list_read(&r->addresses, g[3], r->e);
	if (rc == ERR_FORMAT)
		err_prefix(r->e, "malformed sample: %.*s", STR_ARG(line));
	if (rc != OK)
		return rc;
	rc = number_any_base(g[2], &values[0], r->e);
	if (rc == OK)
		rc = number_any_base(g[1], &values[1], r->e);
	if (rc != OK) {
		err_prefix(r->e, "parsing sample %.*s", STR_ARG(line));
		return rc;
	}
	TRY(scale_row(r, line, &values[0], &values[1]));
	legacy_add_stack(r->b, &r->addresses, SIZE_MAX);
	legacy_end_sample(r->b, values);
	return OK;
}

/* Up to the first line that is no row. */
static MUST_USE enum err_code read_rows(struct java_reader *r)
{
	struct str line;
	size_t n;

	TRY(regex_new_capturing(&r->row, STR(" *(\\d+) +(\\d+) +@ +([ x0-9a-f]*)"), r->e));
	r->b->width = 2; /* also when no line told the types */
	for (; peek_line(r, &line, &n); r->rest = str_skip(r->rest, n)) {
		struct str g[4];

		if (line.n == 0)
			continue;
		if (!regex_find(r->row, line, g, 4))
			return OK;
		TRY(read_row(r, line, g));
	}
	return OK;
}

static MUST_USE enum err_code read_profile(struct java_reader *r, bool *mine)
{
	TRY(read_attributes(r, mine));
	if (!*mine)
		return OK;
	TRY(read_rows(r));
	TRY(java_read_locations(r->b, r->rest, r->e));
	return java_finish(r->b, r->e);
}

enum err_code java_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct java_reader r = { .b = b, .rest = bytes, .e = e };
	struct str line = { "", 0 };
	enum err_code rc;
	size_t n = 0;

	*mine = peek_line(&r, &line, &n);
	r.is_heap = str_is(line, "--- heapz 1 ---");
	*mine = *mine && (r.is_heap || str_is(line, "--- contentionz 1 ---"));
	if (!*mine)
		return OK;
	r.rest = str_skip(bytes, n);
	rc = read_profile(&r, mine);
	regex_free(r.attribute);
	regex_free(r.row);
	VEC_RELEASE(&r.addresses);
	return rc;
}
