#include "profile/scale.h"

#include <math.h>

#include "profile/merge.h"
#include "profile/unit.h"

/* Out of range gives the smallest number, as the conversion does on the machines pprof runs on. */
static int64_t round_to_i64(double v)
{
	v = round(v);
	if (!(v >= -0x1p63 && v < 0x1p63))
		return INT64_MIN;
	return (int64_t)v;
}

/* Writes one scaled row; true when something is left of it. */
static bool scale_row(int64_t *to, const int64_t *from, const double *ratios, uint32_t n)
{
	bool keep = false;

	for (uint32_t k = 0; k < n; k++) {
		to[k] = ratios[k] == 1.0 ? from[k] : round_to_i64((double)from[k] * ratios[k]);
		keep |= to[k] != 0;
	}
	return keep;
}

/* Rows `kept` (ascending) of everything but the values. */
static MUST_USE enum err_code select_rows(
    struct profile *p, const uint32_t *kept, size_t n, struct err *e)
{
	const struct samples *s = &p->samples;
	uint32_t *stack_at = arena_alloc_raw(&p->arena, n + 1, sizeof *stack_at);
	uint32_t *stacks, *label_at = NULL;
	struct label *labels = NULL;
	size_t n_frames = 0, n_labels = 0;

	for (size_t i = 0; i < n; i++) {
		n_frames += s->stack_at[kept[i] + 1] - s->stack_at[kept[i]];
		if (s->label_at)
			n_labels += s->label_at[kept[i] + 1] - s->label_at[kept[i]];
	}
	stacks = arena_alloc_raw(&p->arena, n_frames, sizeof *stacks);
	if (n_labels) {
		label_at = arena_alloc_raw(&p->arena, n + 1, sizeof *label_at);
		labels = arena_alloc_raw(&p->arena, n_labels, sizeof *labels);
	}
	if (arena_failed(&p->arena))
		return FAIL_NOMEM(e);
	stack_at[0] = 0;
	if (label_at)
		label_at[0] = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t from = s->stack_at[kept[i]], len = s->stack_at[kept[i] + 1] - from;

		memcpy(stacks + stack_at[i], s->stacks + from, len * sizeof *stacks);
		stack_at[i + 1] = stack_at[i] + len;
		if (!label_at)
			continue;
		from = s->label_at[kept[i]];
		len = s->label_at[kept[i] + 1] - from;
		memcpy(labels + label_at[i], s->labels + from, len * sizeof *labels);
		label_at[i + 1] = label_at[i] + len;
	}
	p->samples = (struct samples){ .n = n,
		.values = s->values,
		.stack_at = stack_at,
		.stacks = stacks,
		.label_at = label_at,
		.labels = labels };
	return OK;
}

static bool all_one(const double *ratios, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		if (ratios[k] != 1.0)
			return false;
	return true;
}

enum err_code profile_scale_n(struct profile *p, const double *ratios, struct err *e)
{
	uint32_t n_types = p->n_sample_types;
	struct arena scratch = { 0 };
	size_t n = p->samples.n, n_kept = 0;
	enum err_code code = OK;
	uint32_t *kept;
	int64_t *values;

	if (all_one(ratios, n_types))
		return OK;
	values = arena_alloc_raw(&p->arena, n, n_types * sizeof *values);
	kept = arena_alloc_raw(&scratch, n, sizeof *kept);
	if (!values || !kept) {
		arena_release(&scratch);
		return FAIL_NOMEM(e);
	}
	for (size_t i = 0; i < n; i++) {
		kept[n_kept] = (uint32_t)i;
		n_kept +=
		    scale_row(values + n_kept * n_types, sample_values(p, i), ratios, n_types);
	}
	if (n_kept < n)
		code = select_rows(p, kept, n_kept, e);
	if (code == OK)
		p->samples.values = values;
	arena_release(&scratch);
	return code;
}

/* Ratios that profile_scale_n is called with. */
static double *ratios_of(struct arena *scratch, const struct profile *p, double all)
{
	double *ratios = arena_alloc_raw(scratch, p->n_sample_types, sizeof *ratios);

	for (uint32_t k = 0; ratios && k < p->n_sample_types; k++)
		ratios[k] = all;
	return ratios;
}

enum err_code profile_scale(struct profile *p, double ratio, struct err *e)
{
	struct arena scratch = { 0 };
	double *ratios = ratios_of(&scratch, p, ratio);
	enum err_code code = ratios ? profile_scale_n(p, ratios, e) : FAIL_NOMEM(e);

	arena_release(&scratch);
	return code;
}

static int64_t column_sum(const struct profile *p, uint32_t column)
{
	uint64_t sum = 0; /* wraps, as pprof's does */

	for (size_t i = 0; i < p->samples.n; i++)
		sum += (uint64_t)sample_values(p, i)[column];
	return (int64_t)sum;
}

enum err_code profile_normalize(struct profile *p, const struct profile *base, struct err *e)
{
	struct arena scratch = { 0 };
	enum err_code code;
	double *ratios;

	TRY(profile_compatible(p, base, e));
	ratios = ratios_of(&scratch, p, 0);
	for (uint32_t k = 0; ratios && k < p->n_sample_types; k++) {
		int64_t sum = column_sum(p, k);

		if (sum != 0)
			ratios[k] = (double)column_sum(base, k) / (double)sum;
	}
	code = ratios ? profile_scale_n(p, ratios, e) : FAIL_NOMEM(e);
	arena_release(&scratch);
	return code;
}

/* Value types of several profiles. */

/* Column k of p; the period's type for PERIOD. */
#define PERIOD UINT32_MAX

static struct value_type type_at(const struct profile *p, uint32_t k)
{
	return k == PERIOD ? p->period_type : p->sample_types[k];
}

static struct str unit_at(const struct profile *p, uint32_t k)
{
	return profile_str(p, type_at(p, k).unit);
}

static struct str without_s(struct str s)
{
	return str_ends(s, STR("s")) ? str_head(s, s.n - 1) : s;
}

static bool same_kind(const struct profile *p, const struct profile *q, uint32_t k)
{
	struct str a = without_s(profile_str(p, type_at(p, k).type));
	struct str b = without_s(profile_str(q, type_at(q, k).type));
	double ratio;

	if (!str_eq(a, b))
		return false;
	return str_eq(unit_at(p, k), unit_at(q, k)) ||
	       unit_compatible(unit_at(p, k), unit_at(q, k), &ratio);
}

/* *finest: the profile whose unit for k is the smallest. */
static MUST_USE enum err_code find_finest(
    struct profile *const *ps, size_t n, uint32_t k, const struct profile **finest, struct err *e)
{
	struct str unit;

	*finest = ps[0];
	for (size_t i = 1; i < n; i++) {
		const struct profile *p = ps[i];

		if (!same_kind(*finest, p, k)) {
			struct value_type a = type_at(*finest, k), b = type_at(p, k);

			return FAIL(e, ERR_FORMAT,
			    "%s: incompatible types: {%.*s %.*s 0 0} {%.*s %.*s 0 0}",
			    k == PERIOD ? "period type" : "sample types",
			    STR_ARG(profile_str(*finest, a.type)),
			    STR_ARG(profile_str(*finest, a.unit)), STR_ARG(profile_str(p, b.type)),
			    STR_ARG(profile_str(p, b.unit)));
		}
		if (unit_scale(1, unit_at(p, k), unit_at(*finest, k), &unit) < 1)
			*finest = p;
	}
	return OK;
}

static int64_t truncate_to_i64(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

static void convert_period(struct profile *p, const struct profile *finest)
{
	struct str unit;

	p->period = truncate_to_i64(
	    unit_scale(p->period, unit_at(p, PERIOD), unit_at(finest, PERIOD), &unit));
	p->period_type.unit = profile_intern(p, unit_at(finest, PERIOD));
}

/* Columns of p into the units of finest[k]. */
static MUST_USE enum err_code convert_columns(
    struct profile *p, const struct profile *const *finest, double *ratios, struct err *e)
{
	struct value_type *types = arena_alloc_raw(&p->arena, p->n_sample_types, sizeof *types);
	struct str unit;

	if (!types)
		return FAIL_NOMEM(e);
	for (uint32_t k = 0; k < p->n_sample_types; k++) {
		ratios[k] = unit_scale(1, unit_at(p, k), unit_at(finest[k], k), &unit);
		types[k] = p->sample_types[k];
		types[k].unit = profile_intern(p, unit_at(finest[k], k));
	}
	if (arena_failed(&p->arena))
		return FAIL_NOMEM(e);
	TRY(profile_scale_n(p, ratios, e));
	p->sample_types = types;
	return OK;
}

/* A profile that is finest keeps its units, so converting one does not disturb another. */
static MUST_USE enum err_code scale_types(
    struct profile *const *ps, size_t n, struct arena *scratch, struct err *e)
{
	uint32_t n_types = ps[0]->n_sample_types;
	const struct profile **finest = arena_alloc_raw(scratch, n_types, sizeof(void *));
	double *ratios = arena_alloc_raw(scratch, n_types, sizeof *ratios);
	const struct profile *period;

	if (!finest || !ratios)
		return FAIL_NOMEM(e);
	TRY(find_finest(ps, n, PERIOD, &period, e));
	for (size_t i = 1; i < n; i++)
		if (ps[i]->n_sample_types != n_types)
			return FAIL(e, ERR_FORMAT, "inconsistent samples type count: %u != %u",
			    n_types, ps[i]->n_sample_types);
	for (uint32_t k = 0; k < n_types; k++)
		TRY(find_finest(ps, n, k, &finest[k], e));
	for (size_t i = 0; i < n; i++) {
		convert_period(ps[i], period);
		TRY(convert_columns(ps[i], finest, ratios, e));
	}
	return OK;
}

enum err_code profile_scale_value_types(struct profile *const *ps, size_t n, struct err *e)
{
	struct arena scratch = { 0 };
	enum err_code code;

	if (n <= 1)
		return OK;
	code = scale_types(ps, n, &scratch, e);
	arena_release(&scratch);
	return code;
}
