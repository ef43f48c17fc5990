/*
 * Which profiles may be merged, and making them so: the sample types that all of them have.
 * Declared in merge.h.
 */
#include "base/buf.h"
#include "profile/merge.h"

static bool type_equal(
    const struct profile *p, struct value_type a, const struct profile *q, struct value_type b)
{
	return str_eq(profile_str(p, a.type), profile_str(q, b.type)) &&
	       str_eq(profile_str(p, a.unit), profile_str(q, b.unit));
}

/* A value type as Go prints the pointer to it. */
static void add_type(struct buf *b, const struct profile *p, struct value_type t)
{
	BUF_LIT(b, "&{");
	buf_add_str(b, profile_str(p, t.type));
	buf_char(b, ' ');
	buf_add_str(b, profile_str(p, t.unit));
	BUF_LIT(b, " 0 0}");
}

static MUST_USE enum err_code fail_period(
    const struct profile *p, const struct profile *q, struct err *e)
{
	struct buf text = { 0 };

	BUF_LIT(&text, "incompatible period types ");
	add_type(&text, p, p->period_type);
	BUF_LIT(&text, " and ");
	add_type(&text, q, q->period_type);
	err_set(e, ERR_FORMAT, 0, "%s", buf_c(&text));
	buf_release(&text);
	return ERR_FORMAT;
}

/*
 * pprof prints addresses of the types here; their names are more use. The text up to "types" is
 * what scripts can rely on.
 */
static void add_types(struct buf *b, const struct profile *p)
{
	buf_char(b, '[');
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		if (i > 0)
			buf_char(b, ' ');
		add_type(b, p, p->sample_types[i]);
	}
	buf_char(b, ']');
}

static MUST_USE enum err_code fail_types(
    const struct profile *p, const struct profile *q, struct err *e)
{
	struct buf text = { 0 };

	BUF_LIT(&text, "incompatible sample types ");
	add_types(&text, p);
	BUF_LIT(&text, " and ");
	add_types(&text, q);
	err_set(e, ERR_FORMAT, 0, "%s", buf_c(&text));
	buf_release(&text);
	return ERR_FORMAT;
}

enum err_code profile_compatible(const struct profile *p, const struct profile *q, struct err *e)
{
	if (!type_equal(p, p->period_type, q, q->period_type))
		return fail_period(p, q, e);
	if (p->n_sample_types != q->n_sample_types)
		return fail_types(p, q, e);
	for (uint32_t i = 0; i < p->n_sample_types; i++)
		if (!type_equal(p, p->sample_types[i], q, q->sample_types[i]))
			return fail_types(p, q, e);
	return OK;
}

static size_t count_type(struct profile *const *ps, size_t n, struct str name)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < ps[i]->n_sample_types; k++)
			count += str_eq(profile_str(ps[i], ps[i]->sample_types[k].type), name);
	return count;
}

/*
 * columns[i]: the column of the first profile that is the i-th common type. A name counts by its
 * occurrences, as in pprof: one that a profile has twice is common only when the sum is n anyway.
 */
static uint32_t find_common(struct profile *const *ps, size_t n, uint32_t *columns)
{
	uint32_t n_common = 0;

	for (uint32_t k = 0; k < ps[0]->n_sample_types; k++)
		if (count_type(ps, n, profile_str(ps[0], ps[0]->sample_types[k].type)) == n)
			columns[n_common++] = k;
	return n_common;
}

/* The type named first when the default is not among those that stay. */
static str_id keep_default(struct profile *p, const uint32_t *columns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (p->sample_types[columns[i]].type == p->default_sample_type)
			return p->default_sample_type;
	return p->sample_types[columns[0]].type;
}

static bool is_identity(const struct profile *p, const uint32_t *columns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (columns[i] != i)
			return false;
	return n == p->n_sample_types;
}

/* Makes column i of p what is now column columns[i]. */
static MUST_USE enum err_code select_columns(
    struct profile *p, const uint32_t *columns, uint32_t n, struct err *e)
{
	struct value_type *types = arena_alloc_raw(&p->arena, n, sizeof *types);
	int64_t *values = arena_alloc_raw(&p->arena, p->samples.n, n * sizeof *values);

	if (!types || !values)
		return FAIL_NOMEM(e);
	for (uint32_t k = 0; k < n; k++)
		types[k] = p->sample_types[columns[k]];
	for (size_t i = 0; i < p->samples.n; i++)
		for (uint32_t k = 0; k < n; k++)
			values[i * n + k] = sample_values(p, i)[columns[k]];
	p->default_sample_type = keep_default(p, columns, n);
	p->sample_types = types;
	p->n_sample_types = n;
	p->samples.values = values;
	return OK;
}

/* columns: the common types as columns of `first`; scratch: room for n numbers. */
static MUST_USE enum err_code reduce(struct profile *p, const struct profile *first,
    const uint32_t *columns, uint32_t n, uint32_t *scratch, struct err *e)
{
	for (uint32_t i = 0; i < n; i++) {
		struct str name = profile_str(first, first->sample_types[columns[i]].type);
		int at = profile_sample_type_index(p, name);

		if (at < 0)
			return FAIL(e, ERR_FORMAT, "\"%.*s\" sample type is not found in profile",
			    STR_ARG(name));
		scratch[i] = (uint32_t)at;
	}
	return is_identity(p, scratch, n) ? OK : select_columns(p, scratch, n, e);
}

/* The first profile, whose names the others are searched for, is reduced last. */
enum err_code profile_common_types(struct profile *const *ps, size_t n, struct err *e)
{
	struct arena scratch = { 0 };
	uint32_t room = n ? ps[0]->n_sample_types : 0, n_common = 0;
	uint32_t *columns = arena_alloc_raw(&scratch, room, sizeof *columns);
	uint32_t *mine = arena_alloc_raw(&scratch, room, sizeof *mine);
	enum err_code code = OK;

	if (!columns || !mine)
		code = FAIL_NOMEM(e);
	else if (n > 0)
		n_common = find_common(ps, n, columns);
	if (code == OK && n_common == 0)
		code = FAIL(e, ERR_FORMAT, "profiles have empty common sample type list");
	for (size_t i = n; i > 0 && code == OK; i--)
		code = reduce(ps[i - 1], ps[0], columns, n_common, mine, e);
	arena_release(&scratch);
	return code;
}
