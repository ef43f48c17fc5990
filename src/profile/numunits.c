/*
 * Units of numeric label keys: one pass over the labels with a table by key, because a profile may
 * have a million samples but has few keys.
 */
#include "profile/numunits.h"

#include <stdlib.h>

#include "base/vec.h"

struct extra_unit {
	str_id key;
	str_id unit;
};

struct key_unit {
	str_id key;
	str_id unit; /* 0: none seen */
};

struct unit_finder {
	const struct profile *p;
	VEC(struct key_unit) keys;
	VEC(struct extra_unit) extra;
	uint32_t *at; /* by string id: index in keys + 1 */
};

static void add_extra(struct unit_finder *f, str_id key, str_id unit)
{
	for (size_t i = 0; i < f->extra.n; i++)
		if (f->extra.p[i].key == key && f->extra.p[i].unit == unit)
			return;
	(void)VEC_PUSH(&f->extra, (struct extra_unit){ key, unit });
}

static void add_label(struct unit_finder *f, const struct label *l)
{
	struct key_unit *k;

	if (f->at[l->key] == 0) {
		if (VEC_PUSH(&f->keys, (struct key_unit){ l->key, l->unit }))
			f->at[l->key] = (uint32_t)f->keys.n;
		return;
	}
	k = &f->keys.p[f->at[l->key] - 1];
	if (k->unit == 0)
		k->unit = l->unit;
	else if (l->unit != 0 && l->unit != k->unit)
		add_extra(f, l->key, l->unit);
}

static struct str inferred_unit(struct str key)
{
	return str_is(key, "alignment") || str_is(key, "request") ? STR("bytes") : key;
}

static int compare_units(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void warn_key(const struct unit_finder *f, const struct key_unit *k, struct buf *messages)
{
	VEC(struct str) units = { 0 };

	for (size_t i = 0; i < f->extra.n; i++)
		if (f->extra.p[i].key == k->key)
			(void)VEC_PUSH(&units, profile_str(f->p, f->extra.p[i].unit));
	if (units.failed)
		messages->failed = true;
	if (units.n) {
		qsort(units.p, units.n, sizeof units.p[0], compare_units);
		buf_printf(messages, "For tag %.*s used unit %.*s, also encountered unit(s) ",
		    STR_ARG(profile_str(f->p, k->key)), STR_ARG(profile_str(f->p, k->unit)));
	}
	for (size_t i = 0; i < units.n; i++) {
		if (i)
			BUF_LIT(messages, ", ");
		buf_add_str(messages, units.p[i]);
	}
	if (units.n)
		buf_char(messages, '\n');
	VEC_RELEASE(&units);
}

static MUST_USE enum err_code publish(struct num_units *out, const struct unit_finder *f,
    struct profile *p, struct buf *messages, struct err *e)
{
	struct num_unit *v = ARENA_ARRAY(&p->arena, struct num_unit, f->keys.n);

	if (!v || f->keys.failed || f->extra.failed)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < f->keys.n; i++) {
		struct str key = profile_str(p, f->keys.p[i].key);

		v[i].key = key;
		v[i].unit =
		    f->keys.p[i].unit ? profile_str(p, f->keys.p[i].unit) : inferred_unit(key);
		if (messages)
			warn_key(f, &f->keys.p[i], messages);
	}
	if (messages && buf_failed(messages))
		return FAIL_NOMEM(e);
	*out = (struct num_units){ v, (uint32_t)f->keys.n };
	return OK;
}

enum err_code num_units_find(
    struct num_units *out, struct profile *p, struct buf *messages, struct err *e)
{
	struct unit_finder f = { .p = p };
	enum err_code rc;
	size_t n = p->samples.label_at ? p->samples.label_at[p->samples.n] : 0;

	*out = (struct num_units){ 0 };
	if (n == 0)
		return OK;
	f.at = ARENA_ARRAY(&p->arena, uint32_t, p->strings.n);
	if (!f.at)
		return FAIL_NOMEM(e);
	for (size_t i = p->samples.label_at[0]; i < n; i++)
		if (p->samples.labels[i].is_num)
			add_label(&f, &p->samples.labels[i]);
	rc = publish(out, &f, p, messages, e);
	VEC_RELEASE(&f.keys);
	VEC_RELEASE(&f.extra);
	return rc;
}

struct str num_units_get(const struct num_units *u, struct str key)
{
	for (uint32_t i = 0; i < u->n; i++)
		if (str_eq(u->v[i].key, key))
			return u->v[i].unit;
	return STR("");
}
