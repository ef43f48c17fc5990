/*
 * debug=1 text; see textform.h. Called through the table in profiles.c.
 *
 * The reader of this form scales counts up by itself, from the rate in the header, so it must be
 * given what was sampled, not our estimates: "heap/N" with N twice the rate. After a change of the
 * rate no single rate fits; then the estimates are written, under a rate of 1, which stands for
 * "do not scale".
 */
#include "runtime/textform.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/modules.h"
#include "runtime/rt.h"
#include "runtime/rt_text.h"

/* Header and record values, in the order that the form has them. */
struct quad {
	int64_t inuse_objects, inuse_bytes, alloc_objects, alloc_bytes;
};

static struct quad row_quad(const struct rt_row *r, bool raw)
{
	if (!raw)
		return (struct quad){ r->values[RT_INUSE_OBJECTS], r->values[RT_INUSE_BYTES],
			r->values[RT_ALLOC_OBJECTS], r->values[RT_ALLOC_BYTES] };
	return (struct quad){ r->inuse_samples, r->inuse_samples * r->block_bytes, r->alloc_samples,
		r->alloc_samples * r->block_bytes };
}

static void put_quad(struct rt_bytes *out, const struct quad *q)
{
	rt_text_i64(out, q->inuse_objects);
	rt_text_c(out, ": ");
	rt_text_i64(out, q->inuse_bytes);
	rt_text_c(out, " [");
	rt_text_i64(out, q->alloc_objects);
	rt_text_c(out, ": ");
	rt_text_i64(out, q->alloc_bytes);
	rt_text_c(out, "] @");
}

const char *rt_textform_symbol(uint64_t pc, uint64_t *start, const char **object)
{
	Dl_info info;

	*start = 0;
	*object = "";
	if (!dladdr((void *)(uintptr_t)pc, &info))
		return "";
	if (info.dli_fname)
		*object = info.dli_fname;
	if (!info.dli_sname)
		return "";
	*start = (uint64_t)(uintptr_t)info.dli_saddr;
	return info.dli_sname;
}

void rt_textform_frame(struct rt_bytes *out, uint64_t pc)
{
	struct str pseudo = rt_stacktab_pseudo_name(pc);
	const char *name, *object;
	uint64_t start;

	if (pseudo.n > 0) {
		rt_text_str(out, pseudo);
		return;
	}
	name = rt_textform_symbol(pc - 1, &start, &object);
	rt_text_hex(out, pc - 1);
	if (*name) {
		rt_text_c(out, "\t");
		rt_text_c(out, name);
		rt_text_c(out, "+");
		rt_text_hex(out, pc - 1 - start);
	}
	if (*object) {
		rt_text_c(out, "\t");
		rt_text_c(out, object);
	}
}

static void put_labels(struct rt_bytes *out, const struct rt_snapshot *s, const struct rt_row *row)
{
	struct rt_label pairs[RT_ROW_LABELS];
	size_t n = rt_snapshot_labels(s, row, pairs);

	if (n == 0)
		return;
	rt_text_c(out, "# labels: ");
	rt_labels_print(pairs, n, out);
	rt_text_c(out, "\n");
}

void rt_textform_stack(struct rt_bytes *out, const struct rt_snapshot *s, const struct rt_row *row)
{
	const struct rt_stack *stack = rt_snapshot_stack(s, row);

	for (uint32_t i = 0; i < stack->depth; i++) {
		if (stack->pc[i] < RT_PC_PSEUDO_END)
			continue;
		rt_text_c(out, " ");
		rt_text_hex(out, stack->pc[i]);
	}
	rt_text_c(out, "\n");
	put_labels(out, s, row);
	for (uint32_t i = 0; i < stack->depth; i++) {
		rt_text_c(out, "#\t");
		rt_textform_frame(out, stack->pc[i]);
		rt_text_c(out, "\n");
	}
	rt_text_c(out, "\n");
}

void rt_textform_map(struct rt_bytes *out, const char *title)
{
	struct rt_mappings maps;

	rt_mappings_init(&maps);
	rt_text_c(out, title);
	rt_bytes_add(out, maps.text.p, maps.text.n);
	rt_mappings_release(&maps);
}

static void put_header(struct rt_bytes *out, const struct rt_snapshot *s, bool raw)
{
	struct quad total = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct quad q = row_quad(rt_snapshot_row(s, i), raw);

		total.inuse_objects += q.inuse_objects;
		total.inuse_bytes += q.inuse_bytes;
		total.alloc_objects += q.alloc_objects;
		total.alloc_bytes += q.alloc_bytes;
	}
	rt_text_c(out, "heap profile: ");
	put_quad(out, &total);
	rt_text_c(out, " heap/");
	rt_text_u64(out, raw ? 2 * s->rate : 2);
	rt_text_c(out, "\n");
}

static void put_process(struct rt_bytes *out)
{
	struct rusage usage;

	rt_text_c(out, "\n# runtime\n");
	rt_text_c(out, "# Samples = ");
	rt_text_u64(out, rt_stats_get(RT_STAT_SAMPLES));
	rt_text_c(out, "\n# Frees = ");
	rt_text_u64(out, rt_stats_get(RT_STAT_SAMPLES_FREED));
	rt_text_c(out, "\n");
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		rt_text_c(out, "# MaxRSS = ");
		rt_text_u64(out, (uint64_t)usage.ru_maxrss * 1024);
		rt_text_c(out, "\n");
	}
}

void rt_textform_heap(struct rt_snapshot *s, struct rt_bytes *out)
{
	bool raw = !s->rate_changed && s->rate > 0;

	rt_snapshot_sort_by(s, RT_INUSE_BYTES); /* as Go sorts them */
	put_header(out, s, raw);
	for (size_t i = 0; i < s->n; i++) {
		const struct rt_row *row = rt_snapshot_row(s, i);
		struct quad q = row_quad(row, raw);

		put_quad(out, &q);
		rt_textform_stack(out, s, row);
	}
	put_process(out);
	rt_textform_map(out, "\nMAPPED_LIBRARIES:\n");
}
