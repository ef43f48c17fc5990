/* Profiles of threads; see threads_profile.h. Called through the table in profiles.c. */
#include "runtime/threads_profile.h"

#include <string.h>

#include "core/hash.h"
#include "runtime/rt.h"
#include "runtime/rt_text.h"
#include "runtime/textform.h"
#include "runtime/rt_threads.h"
#include "runtime/threads_signal.h"

const struct rt_shape rt_threads_shape = { { { "threads", "count" } }, 1, { "threads", "count" },
	NULL, NULL };
const struct rt_shape rt_goroutine_shape = { { { "goroutine", "count" } }, 1,
	{ "goroutine", "count" }, NULL, NULL };
const struct rt_shape rt_threadcreate_shape = { { { "threadcreate", "count" } }, 1,
	{ "threadcreate", "count" }, NULL, NULL };

/* A thread without an answer has one frame that says so. */
static rt_stack_id own_stack(struct rt_snapshot *s, const struct rt_threads_one *one)
{
	_Alignas(8) uint8_t room[sizeof(struct rt_stack) + (RT_STACK_DEPTH + 1) * sizeof(uint64_t)];
	struct rt_stack *stack = (struct rt_stack *)(void *)room;
	uintptr_t none = RT_PC_NO_ANSWER;
	const uintptr_t *pcs = one->depth ? one->pcs : &none;

	stack->depth = (uint32_t)(one->depth ? one->depth : 1);
	stack->hash = (uint32_t)hash_bytes(pcs, stack->depth * sizeof(*pcs));
	memcpy(stack->pc, pcs, stack->depth * sizeof(*pcs));
	return rt_snapshot_own_stack(s, stack);
}

static const char *answer_word(enum rt_threads_outcome outcome)
{
	static const char *const words[] = { [RT_THREADS_ANSWERED] = "",
		[RT_THREADS_BLOCKED] = "signal blocked",
		[RT_THREADS_SILENT] = "no answer in time",
		[RT_THREADS_REFUSED] = "not asked" };

	return words[outcome];
}

static void describe(struct rt_snapshot *s, struct rt_row *row, const struct rt_threads_one *one)
{
	char tid[24];
	struct fmt_buf b = fmt_buf_of(tid, sizeof(tid));

	fmt_i64(&b, one->tid);
	rt_snapshot_extra(s, row, "name", str_c(one->info.name));
	rt_snapshot_extra(s, row, "tid", fmt_text(&b));
	rt_snapshot_extra(s, row, "state", str_c(rt_taskinfo_state(one->info.state)));
	if (one->info.wchan[0])
		rt_snapshot_extra(s, row, "wchan", str_c(one->info.wchan));
	if (one->outcome != RT_THREADS_ANSWERED)
		rt_snapshot_extra(s, row, "stack", str_c(answer_word(one->outcome)));
}

static void add_thread(void *ctx, const struct rt_threads_one *one)
{
	struct rt_snapshot *s = ctx;
	struct rt_row row = { .record = (uint32_t)s->n, .label_set = one->labels, .values = { 1 } };

	row.stack = own_stack(s, one);
	describe(s, &row, one);
	rt_snapshot_add(s, &row);
}

static bool same_stack(
    const struct rt_snapshot *s, const struct rt_row *row, const struct rt_threads_one *one)
{
	static const uintptr_t none = RT_PC_NO_ANSWER;
	const struct rt_stack *stack = rt_snapshot_stack(s, row);
	size_t depth = one->depth ? one->depth : 1;

	return row->label_set == one->labels && stack->depth == depth &&
	       memcmp(stack->pc, one->depth ? one->pcs : &none, depth * sizeof(uint64_t)) == 0;
}

/* Threads with equal stacks and labels are one row. There are few distinct ones. */
static void add_up(void *ctx, const struct rt_threads_one *one)
{
	struct rt_snapshot *s = ctx;

	for (size_t i = 0; i < s->n && !s->stacks.failed && !s->rows.failed; i++) {
		struct rt_row *row = rt_snapshot_row(s, i);

		if (same_stack(s, row, one)) {
			row->values[0]++;
			return;
		}
	}
	add_thread(s, one);
	if (!s->rows.failed && !s->stacks.failed) {
		struct rt_row *row = rt_snapshot_row(s, s->n - 1);
		uint32_t hash = rt_snapshot_stack(s, row)->hash;

		row->n_extra = 0;
		s->texts.n = 0;
		/* The same in every snapshot, so that differences can be made. */
		row->record = (uint32_t)hash_mix(hash, row->label_set);
	}
}

static bool take(struct rt_snapshot *s, void (*each)(void *, const struct rt_threads_one *))
{
	rt_snapshot_begin(s);
	s->rate = 1;
	if (rt_is_ready() && rt_threads_collect(each, s))
		return rt_snapshot_end(s);
	rt_snapshot_release(s);
	return false;
}

bool rt_threads_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	return take(s, add_thread);
}

bool rt_goroutine_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	if (!take(s, add_up))
		return false;
	rt_snapshot_sort(s);
	return true;
}

size_t rt_threads_count(const struct rt_profile_kind *kind)
{
	(void)kind;
	return rt_threads_number();
}

/* One more thread that this stack has created. */
static void count_stack(struct rt_snapshot *s, rt_stack_id stack)
{
	struct rt_row row = { .record = stack, .stack = stack, .values = { 1 } };

	for (size_t i = 0; i < s->n && !s->rows.failed; i++) {
		if (rt_snapshot_row(s, i)->stack == stack) {
			rt_snapshot_row(s, i)->values[0]++;
			return;
		}
	}
	rt_snapshot_add(s, &row);
}

bool rt_threadcreate_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	struct rt_bytes list = { 0 };
	uintptr_t pc = RT_PC_NO_CREATOR;
	bool good;

	(void)kind;
	rt_snapshot_begin(s);
	s->rate = 1;
	good = rt_is_ready() && rt_threads_list(&list);
	for (size_t i = 0; good && i < list.n / sizeof(int32_t); i++) {
		const struct rt_thread *t =
		    rt_threads_find(((const int32_t *)(const void *)list.p)[i]);
		rt_stack_id stack = t ? t->created_by : 0;

		count_stack(s, stack ? stack : rt_stacktab_id(&pc, 1));
	}
	rt_bytes_release(&list);
	if (good && rt_snapshot_end(s)) {
		rt_snapshot_sort(s);
		return true;
	}
	if (!good)
		rt_snapshot_release(s);
	return false;
}

static struct str find(const struct rt_label *pairs, size_t n, const char *key)
{
	/* From the end: the row's own pairs stand behind those that the program has set. */
	while (n-- > 0)
		if (str_is(pairs[n].key, key))
			return pairs[n].value;
	return (struct str){ "", 0 };
}

/* "thread 4711 [sleeping, futex_wait_queue, "worker"]:" */
static void put_head(struct rt_bytes *out, const char *word, const struct rt_label *pairs, size_t n)
{
	struct str wchan = find(pairs, n, "wchan"), name = find(pairs, n, "name");

	rt_text_c(out, word);
	rt_text_c(out, " ");
	rt_text_str(out, find(pairs, n, "tid"));
	rt_text_c(out, " [");
	rt_text_str(out, find(pairs, n, "state"));
	if (wchan.n) {
		rt_text_c(out, ", ");
		rt_text_str(out, wchan);
	}
	rt_text_c(out, ", ");
	rt_text_quoted(out, name); /* any program may name its threads anything */
	rt_text_c(out, "]:\n");
}

static void put_thread(
    struct rt_bytes *out, const char *word, const struct rt_snapshot *s, const struct rt_row *row)
{
	const struct rt_stack *stack = rt_snapshot_stack(s, row);
	struct rt_label pairs[RT_ROW_LABELS];
	size_t n = rt_snapshot_labels(s, row, pairs);

	put_head(out, word, pairs, n);
	if (n > row->n_extra) {
		rt_text_c(out, "# labels: ");
		rt_labels_print(pairs, n - row->n_extra, out);
		rt_text_c(out, "\n");
	}
	if (find(pairs, n, "stack").n) {
		rt_text_c(out, "\t(no stack: ");
		rt_text_str(out, find(pairs, n, "stack"));
		rt_text_c(out, ")\n");
	}
	for (uint32_t i = 0; i < stack->depth; i++) {
		if (stack->pc[i] == RT_PC_NO_ANSWER)
			continue;
		rt_text_c(out, "\t");
		rt_textform_frame(out, stack->pc[i]);
		rt_text_c(out, "\n");
	}
	rt_text_c(out, "\n");
}

void rt_threads_dump(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out)
{
	bool goroutine = strcmp(kind->name, "goroutine") == 0;

	for (size_t i = 0; i < s->n; i++)
		put_thread(out, goroutine ? "goroutine" : "thread", s, rt_snapshot_row(s, i));
}
