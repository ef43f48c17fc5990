/*
 * Profiles as counts of samples; see series.h. A profile says what its samples stand for, not how
 * many there are: a block of s bytes is sampled with the chance p = 1 - e^(-(s + 1) / R), so b
 * bytes come from b p / s samples. For small blocks that is b / R, whatever s.
 */
#include "leaks/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

/* Below so many objects their mean size is too coarse, as they are whole numbers. */
#define ENOUGH_OBJECTS 16

struct columns {
	int live_objects, live_bytes, alloc_objects, alloc_bytes;
	str_id moment, born, bytes;
};

struct stacks {
	const struct profile *p;
	VEC(uint32_t) samples;
	struct map map;
};

static MUST_USE enum err_code find_columns(
    const struct profile *p, struct columns *c, struct err *e)
{
	c->live_objects = profile_sample_type_index(p, STR("inuse_objects"));
	c->live_bytes = profile_sample_type_index(p, STR("inuse_space"));
	c->alloc_objects = profile_sample_type_index(p, STR("alloc_objects"));
	c->alloc_bytes = profile_sample_type_index(p, STR("alloc_space"));
	if (c->live_objects < 0 || c->live_bytes < 0) {
		c->live_objects = profile_sample_type_index(p, STR("objects"));
		c->live_bytes = profile_sample_type_index(p, STR("space"));
	}
	if (c->live_objects < 0 || c->live_bytes < 0)
		return FAIL(e, ERR_UNSUPPORTED,
		    "not a heap profile: it has no values inuse_space and inuse_objects");
	return OK;
}

static str_id find_key(const struct profile *p, struct str key)
{
	for (uint32_t i = 1; i < p->strings.n; i++)
		if (str_eq(p->strings.v[i], key))
			return i;
	return 0;
}

static bool same_stack(const void *ctx, uint32_t index, const void *key)
{
	const struct stacks *s = ctx;
	size_t a, b;
	const uint32_t *x = sample_stack(s->p, s->samples.p[index], &a);
	const uint32_t *y = sample_stack(s->p, *(const size_t *)key, &b);

	return a == b && memcmp(x, y, a * sizeof *x) == 0;
}

static uint32_t stack_of(struct stacks *s, size_t sample)
{
	size_t depth;
	const uint32_t *stack = sample_stack(s->p, sample, &depth);
	uint64_t hash = depth;
	uint32_t at;

	/* What the map names must be in the list. */
	if (!VEC_RESERVE(&s->samples, 1))
		return MAP_NONE;
	for (size_t i = 0; i < depth; i++)
		hash = hash_u64(hash ^ stack[i]);
	at = map_intern(&s->map, hash, same_stack, s, &sample, (uint32_t)s->samples.n);
	if (at == s->samples.n)
		(void)VEC_PUSH(&s->samples, (uint32_t)sample);
	return at;
}

/* How many samples stand for so much. */
static double samples_of(double objects, double bytes, double size, double period)
{
	double n = objects;

	if (objects <= 0 || bytes <= 0)
		return objects > 0 && period <= 1 ? objects : 0;
	if (objects >= ENOUGH_OBJECTS || size <= 0)
		size = bytes / objects;
	if (period > 1)
		n = bytes / size * -expm1(-(size + 1) / period);
	return n < 1 ? 1 : round(n);
}

struct labels {
	uint32_t moment, born;
	double bytes;
	bool has_moment;
};

static struct labels read_labels(const struct profile *p, size_t i, const struct columns *c)
{
	struct labels out = { 0 };
	size_t n;
	const struct label *l = sample_labels(p, i, &n);

	for (size_t j = 0; j < n; j++) {
		uint64_t number;

		if (l[j].is_num && l[j].key == c->born && c->born)
			out.born = l[j].num < 0            ? 0
				   : l[j].num > UINT32_MAX ? UINT32_MAX
							   : (uint32_t)l[j].num;
		else if (l[j].is_num && l[j].key == c->bytes && c->bytes)
			out.bytes = (double)l[j].num;
		else if (!l[j].is_num && l[j].key == c->moment && c->moment &&
			 str_to_u64(profile_str(p, l[j].str), 10, &number) &&
			 number < LEAKS_MAX_MOMENTS) {
			out.moment = (uint32_t)number;
			out.has_moment = true;
		}
	}
	return out;
}

static void read_row(const struct profile *p, size_t i, const struct columns *c, double period,
    struct series_row *row, double size)
{
	const int64_t *v = sample_values(p, i);

	row->live_objects = v[c->live_objects] > 0 ? (double)v[c->live_objects] : 0;
	row->live_bytes = v[c->live_bytes] > 0 ? (double)v[c->live_bytes] : 0;
	row->live_n = samples_of(row->live_objects, row->live_bytes, size, period);
	row->alloc_n = row->live_n;
	if (c->alloc_objects >= 0 && c->alloc_bytes >= 0)
		row->alloc_n = samples_of(
		    (double)v[c->alloc_objects], (double)v[c->alloc_bytes], size, period);
}

static int by_stack(const void *a, const void *b)
{
	const struct series_row *x = a, *y = b;

	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

static MUST_USE enum err_code read_rows(
    struct series *s, struct stacks *stacks, const struct columns *c, struct err *e)
{
	const struct profile *p = s->in->p;
	size_t n = 0;

	s->rows = ARENA_ARRAY(s->arena, struct series_row, p->samples.n);
	if (!s->rows)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < p->samples.n; i++) {
		struct labels l = read_labels(p, i, c);
		struct series_row *row = &s->rows[n];

		if (!l.has_moment || l.moment >= s->in->n_moments)
			continue;
		row->moment = l.moment;
		row->born = l.born;
		row->stack = stack_of(stacks, i);
		read_row(p, i, c, s->period, row, l.bytes);
		if (l.moment + 1 == s->in->n_moments)
			s->samples += row->alloc_n;
		n++;
	}
	s->n_rows = n;
	if (stacks->samples.failed || stacks->map.failed)
		return FAIL_NOMEM(e);
	return OK;
}

static MUST_USE enum err_code keep_stacks(struct series *s, struct stacks *stacks, struct err *e)
{
	uint32_t *kept = ARENA_ARRAY(s->arena, uint32_t, stacks->samples.n);

	if (!kept)
		return FAIL_NOMEM(e);
	if (stacks->samples.n)
		memcpy(kept, stacks->samples.p, stacks->samples.n * sizeof *kept);
	s->stack_sample = kept;
	s->n_stacks = (uint32_t)stacks->samples.n;
	if (s->n_rows)
		qsort(s->rows, s->n_rows, sizeof *s->rows, by_stack);
	return OK;
}

static double period_of(const struct profile *p)
{
	bool is_space = str_is(profile_str(p, p->period_type.type), "space");

	return is_space && p->period > 1 ? (double)p->period : 1;
}

enum err_code series_read(
    struct series *s, const struct leaks_input *in, struct arena *arena, struct err *e)
{
	struct stacks stacks = { .p = in->p };
	struct columns c = { 0 };
	enum err_code code;

	*s = (struct series){ .in = in, .arena = arena, .period = period_of(in->p) };
	if (in->n_moments == 0 || in->n_moments > LEAKS_MAX_MOMENTS)
		return FAIL(e, ERR_LIMIT, "a series has 1 to %d profiles", LEAKS_MAX_MOMENTS);
	TRY(find_columns(in->p, &c, e));
	s->has_allocs = c.alloc_objects >= 0 && c.alloc_bytes >= 0;
	c.moment = find_key(in->p, LEAKS_MOMENT_LABEL);
	c.born = in->has_births ? find_key(in->p, STR("born")) : 0;
	c.bytes = find_key(in->p, STR("bytes"));
	code = read_rows(s, &stacks, &c, e);
	if (code == OK)
		code = keep_stacks(s, &stacks, e);
	VEC_RELEASE(&stacks.samples);
	map_release(&stacks.map);
	return code;
}

static int by_moment(const void *a, const void *b)
{
	const struct series_row *x = a, *y = b;

	if (x->moment != y->moment)
		return x->moment < y->moment ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

static void add_row(struct leaks_view *v, const struct series_row *row)
{
	struct leaks_point *point = &v->points[row->moment];
	struct leaks_cohort *last;

	point->live_n += row->live_n;
	point->live_bytes += row->live_bytes;
	point->live_objects += row->live_objects;
	point->alloc_n += row->alloc_n;
	if (row->live_n <= 0)
		return;
	if (point->n == 0)
		point->first = v->cohorts.n;
	last = point->n ? &v->cohorts.p[v->cohorts.n - 1] : NULL;
	if (last && last->born == row->born) {
		last->n += row->live_n;
		last->bytes += row->live_bytes;
		return;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): VEC_PUSH has room */
	if (VEC_PUSH(&v->cohorts, (struct leaks_cohort){ row->born, row->live_n, row->live_bytes }))
		point->n++;
}

bool leaks_view_fill(
    struct leaks_view *view, const struct series *s, struct series_row *rows, size_t n)
{
	view->series = s;
	view->moments = s->in->moments;
	view->n_moments = s->in->n_moments;
	view->cohorts.n = 0;
	memset(view->points, 0, view->n_moments * sizeof *view->points);
	if (n)
		qsort(rows, n, sizeof *rows, by_moment);
	for (size_t i = 0; i < n; i++)
		add_row(view, &rows[i]);
	return !view->cohorts.failed;
}

void leaks_view_release(struct leaks_view *view)
{
	VEC_RELEASE(&view->cohorts);
}

struct leaks_amount leaks_view_born(
    const struct leaks_view *view, size_t k, uint32_t from, uint32_t to)
{
	const struct leaks_point *point = &view->points[k];
	struct leaks_amount sum = { 0, 0 };

	for (size_t i = 0; i < point->n; i++) {
		const struct leaks_cohort *c = &view->cohorts.p[point->first + i];

		if (c->born >= to)
			break;
		if (c->born < from)
			continue;
		sum.n += c->n;
		sum.bytes += c->bytes;
	}
	return sum;
}
