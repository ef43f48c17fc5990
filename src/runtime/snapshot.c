/* A profile as of one moment; see snapshot.h. Called by profiles.c and rt_routes.c. */
#include "runtime/snapshot.h"

#include <string.h>
#include <time.h>

#include "runtime/records.h"
#include "runtime/rt.h"

int64_t rt_snapshot_objects(uint64_t fixed)
{
	return (int64_t)((fixed + (1u << (RT_OBJECTS_SHIFT - 1))) >> RT_OBJECTS_SHIFT);
}

/* total bytes / total objects, rounded; both are estimates with the same weights. */
static int64_t block_bytes(const struct rt_amounts *a)
{
	double objects = (double)a->objects / (1 << RT_OBJECTS_SHIFT);

	return a->objects ? (int64_t)((double)a->bytes / objects + 0.5) : 0;
}

void rt_snapshot_row_of(uint32_t record, rt_stack_id stack, const struct rt_amounts *alloc,
    const struct rt_amounts *freed, struct rt_row *row)
{
	*row = (struct rt_row){ .record = record, .stack = stack };
	row->values[RT_ALLOC_OBJECTS] = rt_snapshot_objects(alloc->objects);
	row->values[RT_ALLOC_BYTES] = (int64_t)alloc->bytes;
	row->values[RT_INUSE_OBJECTS] = rt_snapshot_objects(alloc->objects - freed->objects);
	row->values[RT_INUSE_BYTES] = (int64_t)(alloc->bytes - freed->bytes);
	row->block_bytes = block_bytes(alloc);
	row->label_bytes = (int64_t)rt_records_first_size(record);
	row->label_set = rt_records_labels(record);
	row->alloc_samples = (int64_t)alloc->samples;
	row->inuse_samples = (int64_t)(alloc->samples - freed->samples);
}

void rt_snapshot_begin(struct rt_snapshot *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*s = (struct rt_snapshot){
		.rate = atomic_load(&rt.heap_rate),
		.rate_changed = atomic_load(&rt.heap_rate_gen) > 1,
		.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
	};
}

void rt_snapshot_add(struct rt_snapshot *s, const struct rt_row *row)
{
	rt_bytes_add(&s->rows, row, sizeof(*row));
	s->n++;
}

bool rt_snapshot_end(struct rt_snapshot *s)
{
	if (!s->rows.failed && !s->stacks.failed && !s->texts.failed)
		return true;
	rt_snapshot_release(s);
	return false;
}

bool rt_snapshot_take(struct rt_snapshot *s)
{
	struct rt_amounts alloc, freed;
	rt_stack_id stack;
	struct rt_row row;

	rt_snapshot_begin(s);
	for (uint32_t i = 0; rt_is_ready() && i < rt_records_count(); i++) {
		if (!rt_records_read(i, &stack, &alloc, &freed) || alloc.samples == 0)
			continue;
		rt_snapshot_row_of(i, stack, &alloc, &freed, &row);
		rt_snapshot_add(s, &row);
	}
	return rt_snapshot_end(s);
}

void rt_snapshot_release(struct rt_snapshot *s)
{
	rt_bytes_release(&s->rows);
	rt_bytes_release(&s->stacks);
	rt_bytes_release(&s->texts);
	rt_bytes_release(&s->frames);
	rt_bytes_release(&s->frame_texts);
	rt_bytes_release(&s->comments);
	s->n = 0;
}

rt_stack_id rt_snapshot_own_stack(struct rt_snapshot *s, const struct rt_stack *stack)
{
	static const uint64_t none; /* number 0 is no stack */
	size_t at;

	if (s->stacks.n == 0)
		rt_bytes_add(&s->stacks, &none, sizeof(none));
	at = s->stacks.n;
	rt_bytes_add(&s->stacks, stack, sizeof(*stack) + stack->depth * sizeof(stack->pc[0]));
	return s->stacks.failed ? 0 : (rt_stack_id)(at / 8);
}

const struct rt_stack *rt_snapshot_stack(const struct rt_snapshot *s, const struct rt_row *row)
{
	if (s->stacks.n == 0)
		return rt_stacktab_get(row->stack);
	return (const struct rt_stack *)(const void *)(s->stacks.p + (size_t)row->stack * 8);
}

static void add_text(struct rt_bytes *to, struct str text)
{
	rt_bytes_add(to, text.p, text.n);
	rt_bytes_add(to, "", 1);
}

uint64_t rt_snapshot_frame(
    struct rt_snapshot *s, struct str name, struct str system_name, struct str file)
{
	uint32_t at = (uint32_t)s->frame_texts.n;
	uint64_t index = s->frames.n / sizeof(at);

	add_text(&s->frame_texts, name);
	add_text(&s->frame_texts, system_name);
	add_text(&s->frame_texts, file);
	rt_bytes_add(&s->frames, &at, sizeof(at));
	s->stacks.failed |= s->frames.failed || s->frame_texts.failed;
	return RT_PC_NAMED | index;
}

bool rt_snapshot_frame_text(const struct rt_snapshot *s, uint64_t pc, struct rt_frame_text *out)
{
	uint64_t index = pc & ~RT_PC_NAMED;
	const char *p;

	if (!(pc & RT_PC_NAMED) || index >= s->frames.n / sizeof(uint32_t))
		return false;
	p = (const char *)s->frame_texts.p + ((const uint32_t *)(const void *)s->frames.p)[index];
	out->name = str_c(p);
	out->system_name = str_c(p + out->name.n + 1);
	out->file = str_c(out->system_name.p + out->system_name.n + 1);
	return true;
}

void rt_snapshot_extra(struct rt_snapshot *s, struct rt_row *row, const char *key, struct str value)
{
	if (row->n_extra == RT_ROW_LABELS - RT_LABELS_PAIRS)
		return;
	if (row->n_extra++ == 0)
		row->extra = (uint32_t)s->texts.n;
	rt_bytes_add(&s->texts, key, strlen(key) + 1);
	rt_bytes_add(&s->texts, value.p, value.n);
	rt_bytes_add(&s->texts, "", 1);
}

size_t rt_snapshot_labels(
    const struct rt_snapshot *s, const struct rt_row *row, struct rt_label *out)
{
	size_t n = rt_labels_get(row->label_set, out);
	const char *p = (const char *)s->texts.p + row->extra;

	for (uint32_t i = 0; i < row->n_extra; i++, n++) {
		out[n].key = str_c(p);
		out[n].value = str_c(p + out[n].key.n + 1);
		p = out[n].value.p + out[n].value.n + 1;
	}
	return n;
}

static bool subtract_row(struct rt_row *row, const struct rt_row *old)
{
	int64_t any = 0;

	for (unsigned v = 0; v < RT_VALUES; v++) {
		row->values[v] -= old->values[v];
		any |= row->values[v];
	}
	row->alloc_samples -= old->alloc_samples;
	row->inuse_samples -= old->inuse_samples;
	return any != 0;
}

static void append_missing(struct rt_snapshot *to, const struct rt_row *old)
{
	struct rt_row row = *old;

	for (unsigned v = 0; v < RT_VALUES; v++)
		row.values[v] = -row.values[v];
	row.alloc_samples = -row.alloc_samples;
	row.inuse_samples = -row.inuse_samples;
	rt_snapshot_add(to, &row);
}

/* Drops later's rows that have not changed. */
static void subtract_common(struct rt_snapshot *later, const struct rt_snapshot *before)
{
	size_t kept = 0;
	size_t old = 0;

	for (size_t i = 0; i < later->n; i++) {
		struct rt_row row = *rt_snapshot_row(later, i);
		bool keep = true;

		while (old < before->n && rt_snapshot_row(before, old)->record < row.record)
			old++;
		if (old < before->n && rt_snapshot_row(before, old)->record == row.record)
			keep = subtract_row(&row, rt_snapshot_row(before, old));
		if (keep)
			*rt_snapshot_row(later, kept++) = row;
	}
	later->n = kept;
	later->rows.n = kept * sizeof(struct rt_row);
}

/* Rows of `before` whose record is not in `all`, negative. */
static void find_missing(
    const struct rt_snapshot *all, const struct rt_snapshot *before, struct rt_snapshot *missing)
{
	size_t i = 0;

	for (size_t old = 0; old < before->n; old++) {
		const struct rt_row *row = rt_snapshot_row(before, old);

		while (i < all->n && rt_snapshot_row(all, i)->record < row->record)
			i++;
		if (i == all->n || rt_snapshot_row(all, i)->record != row->record)
			append_missing(missing, row);
	}
}

bool rt_snapshot_subtract(struct rt_snapshot *later, const struct rt_snapshot *before)
{
	struct rt_snapshot missing = { 0 };
	bool good;

	find_missing(later, before, &missing);
	subtract_common(later, before);
	later->duration_ns = later->time_ns - before->time_ns;
	for (size_t i = 0; i < missing.n && !missing.rows.failed; i++) {
		struct rt_row *row = rt_snapshot_row(&missing, i);

		if (before->stacks.n > 0)
			row->stack = rt_snapshot_own_stack(later, rt_snapshot_stack(before, row));
		rt_snapshot_add(later, row);
	}
	later->rows.failed |= missing.rows.failed;
	good = rt_snapshot_end(later);
	rt_snapshot_release(&missing);
	return good;
}

/* by: a value, or RT_VALUES for the record. Then by record, so that the order is fixed. */
static bool comes_before(const struct rt_row *a, const struct rt_row *b, unsigned by)
{
	if (by < RT_VALUES && a->values[by] != b->values[by])
		return a->values[by] > b->values[by];
	return a->record < b->record;
}

static void sift_down(struct rt_row *rows, size_t at, size_t n, unsigned by)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct rt_row swap = rows[at];

		if (child + 1 < n && comes_before(&rows[child], &rows[child + 1], by))
			child++;
		if (child >= n || !comes_before(&rows[at], &rows[child], by))
			return;
		rows[at] = rows[child];
		rows[child] = swap;
		at = child;
	}
}

/* Heap sort: libc's qsort may call malloc. */
static void sort_rows(struct rt_snapshot *s, unsigned by)
{
	struct rt_row *rows = rt_snapshot_row(s, 0);

	for (size_t i = s->n / 2; i-- > 0;)
		sift_down(rows, i, s->n, by);
	for (size_t end = s->n; end > 1; end--) {
		struct rt_row swap = rows[0];

		rows[0] = rows[end - 1];
		rows[end - 1] = swap;
		sift_down(rows, 0, end - 1, by);
	}
}

void rt_snapshot_sort(struct rt_snapshot *s)
{
	sort_rows(s, RT_VALUES);
}

void rt_snapshot_sort_by(struct rt_snapshot *s, unsigned value)
{
	sort_rows(s, value);
}
