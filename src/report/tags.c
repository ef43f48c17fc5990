/*
 * -tags: the labels of all samples and what they add up to. Called through the table of report.c;
 * tags_keys also by json.c and the web page.
 *
 * Labels are first summed by their ids (few, cheap to compare), then numbers become text, which
 * may make several of them equal ("1.10kB"): so equal texts are added up after sorting.
 */
#include "report/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/unit.h"
#include "report/columns.h"
#include "report/writers.h"

struct id_sum {
	struct label label; /* without its own unit: the key's unit counts */
	uint64_t sum;       /* modulo 2^64 */
};

struct text_sum {
	struct str key, text;
	uint64_t sum;
};

struct tally {
	VEC(struct id_sum) ids;
	struct map by_id;
	VEC(struct text_sum) texts;
};

static bool same_label(const void *ctx, uint32_t index, const void *key)
{
	const struct label *a = &((const struct id_sum *)ctx)[index].label;
	const struct label *b = key;

	return a->key == b->key && a->is_num == b->is_num && a->str == b->str && a->num == b->num;
}

static void count(struct tally *t, const struct label *label, int64_t value)
{
	const struct label key = { .key = label->key,
		.str = label->is_num ? 0 : label->str,
		.num = label->is_num ? label->num : 0,
		.is_num = label->is_num };
	const uint64_t hash =
	    hash_mix((uint64_t)key.key << 32 | key.str, (uint64_t)key.num << 1 | key.is_num);
	const uint32_t fresh = (uint32_t)t->ids.n;
	uint32_t at;

	if (!VEC_RESERVE(&t->ids, 1))
		return;
	at = map_intern(&t->by_id, hash, same_label, t->ids.p, &key, fresh);
	if (at == MAP_NONE)
		return;
	if (at == fresh)
		t->ids.p[t->ids.n++] = (struct id_sum){ key, 0 };
	t->ids.p[at].sum += (uint64_t)value;
}

/* Values are not divided for mean: the column as it is. */
static void count_samples(struct tally *t, const struct report *r)
{
	const struct profile *p = r->profile;

	for (size_t i = 0; i < p->samples.n; i++) {
		size_t n;
		const struct label *labels = sample_labels(p, i, &n);

		for (size_t k = 0; k < n; k++)
			count(t, &labels[k], report_sample_value(r, i));
	}
}

static void make_texts(struct tally *t, struct report *r)
{
	const struct profile *p = r->profile;
	struct buf number = { 0 };

	for (size_t i = 0; i < t->ids.n; i++) {
		const struct label *label = &t->ids.p[i].label;
		const struct str key = profile_str(p, label->key);
		struct str text = profile_str(p, label->str);

		if (label->is_num) {
			buf_clear(&number);
			unit_scaled_label(&number, label->num,
			    num_units_get(&r->options->num_units, key), r->options->output_unit);
			text = arena_str(&r->arena, buf_str(&number));
		}
		VEC_PUSH(&t->texts, (struct text_sum){ key, text, t->ids.p[i].sum });
	}
	if (buf_failed(&number))
		r->arena.failed = true;
	buf_release(&number);
}

static int by_key_and_text(const void *a, const void *b)
{
	const struct text_sum *x = a, *y = b;
	const int order = str_cmp(x->key, y->key);

	return order != 0 ? order : str_cmp(x->text, y->text);
}

/* As Go's: that of the least number is itself, and sorts last. */
static int64_t magnitude(int64_t v)
{
	return v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
}

static int by_sum(const void *a, const void *b)
{
	const struct tags_value *x = a, *y = b;
	const int64_t sx = magnitude(x->sum), sy = magnitude(y->sum);

	if (sx != sy)
		return sx > sy ? -1 : 1;
	return str_cmp(x->text, y->text);
}

/* Sorted texts become keys with their values; `keys` and `values` have room for all. */
static size_t group_texts(const struct tally *t, struct tags_key *keys, struct tags_value *values)
{
	size_t n_keys = 0;

	for (size_t i = 0; i < t->texts.n; i++) {
		const struct text_sum *s = &t->texts.p[i];
		struct tags_key *key = n_keys ? &keys[n_keys - 1] : NULL;

		if (!key || !str_eq(key->key, s->key)) {
			key = &keys[n_keys++];
			*key = (struct tags_key){ .key = s->key, .values = values };
		}
		if (key->n == 0 || !str_eq(key->values[key->n - 1].text, s->text)) {
			*values++ = (struct tags_value){ s->text, 0 };
			key->n++;
		}
		values[-1].sum = (int64_t)((uint64_t)values[-1].sum + s->sum);
		key->sum = (int64_t)((uint64_t)key->sum + s->sum);
	}
	for (size_t i = 0; i < n_keys; i++)
		qsort(keys[i].values, keys[i].n, sizeof *keys[i].values, by_sum);
	return n_keys;
}

enum err_code tags_keys(struct report *r, struct tags_key **keys, size_t *n, struct err *e)
{
	struct tally t = { 0 };
	struct tags_value *values;
	bool failed;

	count_samples(&t, r);
	make_texts(&t, r);
	if (t.texts.n > 1)
		qsort(t.texts.p, t.texts.n, sizeof *t.texts.p, by_key_and_text);
	*keys = ARENA_ARRAY(&r->arena, struct tags_key, t.texts.n);
	values = ARENA_ARRAY(&r->arena, struct tags_value, t.texts.n);
	failed = t.ids.failed || t.by_id.failed || t.texts.failed || arena_failed(&r->arena);
	*n = failed ? 0 : group_texts(&t, *keys, values);
	VEC_RELEASE(&t.ids);
	VEC_RELEASE(&t.texts);
	map_release(&t.by_id);
	return failed ? FAIL_NOMEM(e) : OK;
}

/* "1.50s (12.00%)"; there are no shares of nothing. */
static void print_share(struct report *r, int64_t sum, struct buf *out)
{
	report_value(r, sum, out);
	if (r->options->total <= 0)
		return;
	BUF_LIT(out, " (");
	report_percent(r, sum, out);
	buf_char(out, ')');
}

static void print_key(struct report *r, const struct tags_key *key, struct buf *out)
{
	buf_add_str(out, key->key);
	BUF_LIT(out, ":\t Total ");
	report_value(r, key->sum, out);
	BUF_LIT(out, " of ");
	report_value(r, r->options->total, out);
	if (r->options->total > 0) {
		BUF_LIT(out, " (");
		report_percent(r, key->sum, out);
		buf_char(out, ')');
	}
	buf_char(out, '\n');
}

static void print_values(struct report *r, const struct tags_key *key, struct buf *out)
{
	for (size_t i = 0; i < key->n; i++) {
		BUF_LIT(out, " \t");
		print_share(r, key->values[i].sum, out);
		BUF_LIT(out, ":\t ");
		buf_add_str(out, key->values[i].text);
		buf_char(out, '\n');
	}
	buf_char(out, '\n');
}

enum err_code report_write_tags(struct report *r, struct buf *out, struct err *e)
{
	struct tags_key *keys;
	size_t n;
	struct buf text = { 0 };

	TRY(tags_keys(r, &keys, &n, e));
	for (size_t i = 0; i < n; i++) {
		print_key(r, &keys[i], &text);
		print_values(r, &keys[i], &text);
	}
	columns_align_right(buf_str(&text), out);
	if (buf_failed(&text))
		r->arena.failed = true;
	buf_release(&text);
	return OK;
}
