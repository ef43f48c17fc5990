/*
 * The labels of one sample as sorted texts, one a key: what raw and traces print under a sample.
 * A key's values stay in the order of the file.
 */
#ifndef REPORT_SAMPLELABELS_H
#define REPORT_SAMPLELABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/vec.h"
#include "profile/profile.h"

/* All labels of a sample with the same key, all of them text or all numbers. */
struct label_group {
	struct str key;
	const struct label *const *labels;
	size_t n;
};

/* Appends the text of a group. */
typedef void label_group_print(
    const struct profile *p, const struct label_group *group, void *ctx, struct buf *out);

/* Memory that is used again for every sample. A zero struct is valid; ask .failed at the end. */
struct sample_labels_work {
	VEC(const struct label *) labels;
	VEC(struct str) texts;
	VEC(size_t) ends; /* of each text in `all` */
	struct buf all;
	bool failed;
};

void sample_labels_release(struct sample_labels_work *w);

/*
 * Appends the texts that `print` makes of the text (or numeric) labels of a sample, in byte order
 * of the texts, `separator` between them. Returns false when there are none.
 */
bool sample_labels_print(struct sample_labels_work *w, const struct profile *p, size_t sample,
    bool numeric, label_group_print *print, void *ctx, struct str separator, struct buf *out);

#endif
