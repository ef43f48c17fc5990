/* Public functions of labels; see include/pprof/pprof.h. */
#include "pprof/pprof.h"
#include "runtime/rt_labels.h"
#include "runtime/rt_threads.h"

pprof_label_set pprof_labels(void)
{
	return rt_labels_current();
}

pprof_label_set pprof_set_labels(pprof_label_set set)
{
	rt_label_set before = rt_labels_current();

	if (rt_labels_exists(set))
		rt_labels_set(set);
	return before;
}

/* In pieces, as there may be more than a set has room for: equal keys count once. */
#define PIECE 8

pprof_label_set pprof_with_labels(const struct pprof_label *labels, size_t n)
{
	rt_label_set before = rt_labels_current(), set = before;
	struct rt_label piece[PIECE];
	size_t used = 0;

	for (size_t i = 0; labels && i < n; i++) {
		if (!labels[i].key || !*labels[i].key || !labels[i].value)
			continue;
		piece[used++] = (struct rt_label){ str_c(labels[i].key), str_c(labels[i].value) };
		if (used == PIECE) {
			set = rt_labels_with(set, piece, used);
			used = 0;
		}
	}
	set = rt_labels_with(set, piece, used);
	rt_labels_set(set);
	return before;
}

void pprof_do(const struct pprof_label *labels, size_t n, void (*run)(void *arg), void *arg)
{
	pprof_label_set before = pprof_with_labels(labels, n);

	run(arg);
	pprof_set_labels(before);
}

const char *pprof_label_value(const char *key)
{
	struct rt_label pairs[RT_LABELS_PAIRS];
	size_t n = rt_labels_get(rt_labels_current(), pairs);

	for (size_t i = 0; key && i < n; i++)
		if (str_is(pairs[i].key, key))
			return pairs[i].value.p;
	return NULL;
}

int pprof_for_labels(int (*each)(void *ctx, const char *key, const char *value), void *ctx)
{
	struct rt_label pairs[RT_LABELS_PAIRS];
	size_t n = rt_labels_get(rt_labels_current(), pairs);
	int stop = 0;

	for (size_t i = 0; i < n && !stop; i++)
		stop = each(ctx, pairs[i].key.p, pairs[i].value.p);
	return stop;
}

void pprof_inherit_labels(int on)
{
	rt_threads_inherit_labels(on != 0);
}
