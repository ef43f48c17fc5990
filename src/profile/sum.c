#include "profile/sum.h"

#include "profile/merge.h"
#include "profile/merger.h"
#include "profile/scale.h"

/* Two columns of one name are not for sure common to all: profile_common_types() decides. */
static bool has_name_twice(const struct profile *p)
{
	for (uint32_t i = 0; i < p->n_sample_types; i++)
		for (uint32_t k = 0; k < i; k++)
			if (p->sample_types[i].type == p->sample_types[k].type)
				return true;
	return false;
}

/* True when combining would neither drop nor convert a column. */
static bool fits(const struct profile_sum *s, const struct profile *p)
{
	struct err ignored;

	return p->n_sample_types > 0 && !has_name_twice(p) &&
	       profile_compatible(s->merger ? &s->merged : &s->only, p, &ignored) == OK;
}

static MUST_USE enum err_code add_merged(struct profile_sum *s, struct profile *p, struct err *e)
{
	struct profile *const same[] = { p, p };
	enum err_code code = profile_scale_value_types(same, 2, e); /* as for all together */

	if (code == OK)
		code = merger_add(s->merger, p, e);
	profile_release(p);
	return code;
}

/* The first goes into a merge when the second comes: alone it would be passed through. */
static MUST_USE enum err_code begin_merge(struct profile_sum *s, struct err *e)
{
	struct merger *m = ARENA_NEW(&s->arena, struct merger);

	if (!m)
		return FAIL_NOMEM(e);
	s->merger = m;
	TRY(merger_begin(m, &s->merged, &s->only, e));
	if (s->expected)
		merger_expect(m, &s->only, s->expected);
	return add_merged(s, &s->only, e);
}

static MUST_USE enum err_code add(struct profile_sum *s, struct profile *p, struct err *e)
{
	if (s->n == 0) {
		s->only = *p;
		*p = (struct profile){ 0 };
		return OK;
	}
	if (!s->merger)
		TRY(begin_merge(s, e));
	return add_merged(s, p, e);
}

enum err_code profile_sum_add(struct profile_sum *s, struct profile *p, bool *taken, struct err *e)
{
	enum err_code code;

	*taken = p->n_sample_types > 0 && (s->n == 0 || fits(s, p));
	if (!*taken)
		return OK;
	code = add(s, p, e);
	profile_release(p);
	s->n++;
	return code;
}

static MUST_USE enum err_code end(struct profile_sum *s, struct err *e)
{
	if (!s->merger) {
		s->merged = s->only;
		s->only = (struct profile){ 0 };
		return OK;
	}
	TRY(merger_end(s->merger, e));
	return merger_drop_zeroes(&s->merged, e);
}

enum err_code profile_sum_end(struct profile *out, struct profile_sum *s, struct err *e)
{
	enum err_code code = end(s, e);

	*out = (struct profile){ 0 };
	if (code == OK) {
		*out = s->merged;
		s->merged = (struct profile){ 0 };
	}
	profile_sum_release(s);
	return code;
}

void profile_sum_release(struct profile_sum *s)
{
	if (s->merger)
		merger_release(s->merger);
	profile_release(&s->merged);
	profile_release(&s->only);
	arena_release(&s->arena);
	*s = (struct profile_sum){ 0 };
}
