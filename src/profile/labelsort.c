#include "profile/labelsort.h"

#include <string.h>

#define RUN ((size_t)16) /* sorted by insertion; longer runs are merged */

static void sort_run(struct label *l, size_t n, label_before *before, const void *ctx)
{
	for (size_t i = 1; i < n; i++) {
		struct label moved = l[i];
		size_t at = i;

		for (; at > 0 && before(ctx, &moved, &l[at - 1]); at--)
			l[at] = l[at - 1];
		l[at] = moved;
	}
}

/* Merges from[0..mid) and from[mid..n) into `to`. */
static void merge_runs(struct label *to, const struct label *from, size_t mid, size_t n,
    label_before *before, const void *ctx)
{
	size_t a = 0, b = mid;

	for (size_t i = 0; i < n; i++) {
		bool second = a == mid || (b < n && before(ctx, &from[b], &from[a]));

		to[i] = second ? from[b++] : from[a++];
	}
}

void label_sort(
    struct label *labels, size_t n, struct label *scratch, label_before *before, const void *ctx)
{
	struct label *from = labels, *to = scratch, *swap;

	for (size_t i = 0; i < n; i += RUN)
		sort_run(labels + i, n - i < RUN ? n - i : RUN, before, ctx);
	for (size_t run = RUN; run < n; run *= 2) {
		for (size_t i = 0; i < n; i += 2 * run) {
			size_t len = n - i < 2 * run ? n - i : 2 * run;

			merge_runs(to + i, from + i, len < run ? len : run, len, before, ctx);
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != labels)
		memcpy(labels, from, n * sizeof *labels);
}
