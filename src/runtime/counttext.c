/*
 * debug=1 texts; see counttext.h.
 *
 * Delays are written in "cycles", of which a second has 10^9 here. Go writes its sampling fraction
 * as the mutex profile's "sampling period", by which readers multiply; our numbers are estimates of
 * all events already, so the period is 1.
 */
#include "runtime/counttext.h"

#include <string.h>

#include "runtime/rt_text.h"
#include "runtime/textform.h"

#define MAP_TITLE "--- Memory map: ---\n" /* other titles would be taken for a bad sample */

void rt_counttext_contention(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out)
{
	bool block = strcmp(kind->name, "block") == 0;

	rt_snapshot_sort_by(s, 1);
	rt_text_c(out, block ? "--- contention:\n" : "--- mutex:\n");
	rt_text_c(out, "cycles/second=1000000000\n");
	if (!block)
		rt_text_c(out, "sampling period=1\n");
	for (size_t i = 0; i < s->n; i++) {
		const struct rt_row *row = rt_snapshot_row(s, i);

		rt_text_i64(out, row->values[1]);
		rt_text_c(out, " ");
		rt_text_i64(out, row->values[0]);
		rt_text_c(out, " @");
		rt_textform_stack(out, s, row);
	}
	rt_textform_map(out, MAP_TITLE);
}

void rt_counttext_count(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out)
{
	int64_t total = 0;

	rt_snapshot_sort_by(s, 0);
	for (size_t i = 0; i < s->n; i++)
		total += rt_snapshot_row(s, i)->values[0];
	rt_text_c(out, kind->name);
	rt_text_c(out, " profile: total ");
	rt_text_i64(out, total);
	rt_text_c(out, "\n");
	for (size_t i = 0; i < s->n; i++) {
		rt_text_i64(out, rt_snapshot_row(s, i)->values[0]);
		rt_text_c(out, " @");
		rt_textform_stack(out, s, rt_snapshot_row(s, i));
	}
	rt_textform_map(out, MAP_TITLE);
}
