/*
 * The labels of one sample as sorted texts; called by raw.c and traces.c for every sample. Sorting
 * instead of comparing all pairs keeps a sample with a great many labels harmless.
 */
#include "report/samplelabels.h"

#include <stdlib.h>

void sample_labels_release(struct sample_labels_work *w)
{
	VEC_RELEASE(&w->labels);
	VEC_RELEASE(&w->texts);
	VEC_RELEASE(&w->ends);
	buf_release(&w->all);
	*w = (struct sample_labels_work){ 0 };
}

/* By key, then as they come: labels of a sample lie in one array. */
static int by_key(const void *a, const void *b, void *ctx)
{
	const struct label *x = *(const struct label *const *)a;
	const struct label *y = *(const struct label *const *)b;
	const struct profile *p = ctx;
	const int order = str_cmp(profile_str(p, x->key), profile_str(p, y->key));

	if (order != 0)
		return order;
	return x < y ? -1 : x > y;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void collect(
    struct sample_labels_work *w, const struct profile *p, size_t sample, bool numeric)
{
	size_t n;
	const struct label *labels = sample_labels(p, sample, &n);

	union {
		const struct profile *borrowed;
		void *ctx;
	} arg = { p };

	w->labels.n = 0;
	for (size_t i = 0; i < n; i++)
		if (labels[i].is_num == numeric)
			VEC_PUSH(&w->labels, &labels[i]);
	if (w->labels.n > 1)
		qsort_r(w->labels.p, w->labels.n, sizeof(const struct label *), by_key, arg.ctx);
}

static size_t group_end(const struct sample_labels_work *w, const struct profile *p, size_t begin)
{
	const struct str key = profile_str(p, w->labels.p[begin]->key);
	size_t end = begin + 1;

	while (end < w->labels.n && str_eq(profile_str(p, w->labels.p[end]->key), key))
		end++;
	return end;
}

/* Texts are borrowed from `all`, which must not grow any more: so ends first, texts later. */
static void sort_texts(struct sample_labels_work *w)
{
	const char *text = w->all.p;

	w->texts.n = 0;
	for (size_t i = 0; i < w->ends.n; i++) {
		VEC_PUSH(&w->texts, str_range(text, w->all.p + w->ends.p[i]));
		text = w->all.p + w->ends.p[i];
	}
	if (w->texts.n > 1)
		qsort(w->texts.p, w->texts.n, sizeof *w->texts.p, by_text);
}

bool sample_labels_print(struct sample_labels_work *w, const struct profile *p, size_t sample,
    bool numeric, label_group_print *print, void *ctx, struct str separator, struct buf *out)
{
	collect(w, p, sample, numeric);
	buf_clear(&w->all);
	w->ends.n = 0;
	for (size_t i = 0, end; i < w->labels.n; i = end) {
		end = group_end(w, p, i);
		print(p,
		    &(struct label_group){
			profile_str(p, w->labels.p[i]->key), w->labels.p + i, end - i },
		    ctx, &w->all);
		VEC_PUSH(&w->ends, w->all.n);
	}
	if (w->labels.failed || w->ends.failed || buf_failed(&w->all)) {
		w->failed = true;
		return false;
	}
	sort_texts(w);
	w->failed = w->failed || w->texts.failed;
	for (size_t i = 0; i < w->texts.n; i++) {
		if (i > 0)
			buf_add_str(out, separator);
		buf_add_str(out, w->texts.p[i]);
	}
	return w->texts.n > 0;
}
