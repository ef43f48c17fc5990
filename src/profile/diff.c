#include "profile/diff.h"

static bool is_replaced(const struct label *l, str_id key)
{
	return !l->is_num && l->key == key;
}

/* Labels of all samples without those that are replaced, plus one each. */
static MUST_USE enum err_code add_to_all(struct profile *p, struct label added, struct err *e)
{
	size_t n = p->samples.n;
	size_t had = p->samples.label_at ? p->samples.label_at[n] : 0;
	uint32_t *label_at = arena_alloc_raw(&p->arena, n + 1, sizeof *label_at);
	struct label *labels;
	uint32_t used = 0;

	if (n + had >= UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many labels");
	labels = arena_alloc_raw(&p->arena, n + had, sizeof *labels);
	if (!label_at || !labels)
		return FAIL_NOMEM(e);
	label_at[0] = 0;
	for (size_t i = 0; i < n; i++) {
		size_t n_old;
		const struct label *old = sample_labels(p, i, &n_old);

		for (size_t k = 0; k < n_old; k++)
			if (!is_replaced(&old[k], added.key))
				labels[used++] = old[k];
		labels[used++] = added;
		label_at[i + 1] = used;
	}
	if (n > 0) {
		p->samples.label_at = label_at;
		p->samples.labels = labels;
	}
	return OK;
}

enum err_code profile_label_all(struct profile *p, struct str key, struct str value, struct err *e)
{
	struct label added = { .key = profile_intern(p, key), .str = profile_intern(p, value) };

	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : add_to_all(p, added, e);
}

bool sample_is_base(const struct profile *p, size_t i)
{
	size_t n;
	const struct label *l = sample_labels(p, i, &n);

	for (; n > 0; n--, l++)
		if (!l->is_num && str_eq(profile_str(p, l->key), PROFILE_BASE_LABEL) &&
		    str_eq(profile_str(p, l->str), STR("true")))
			return true;
	return false;
}
