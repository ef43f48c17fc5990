/*
 * Holders as a profile; see retain_profile.h. Called by retain.c. Roots and steps are frames with
 * names: what people read without the program's debug information, and, as the system name, what
 * the tool needs to name them with it. docs/retention.md has the form.
 */
#include "runtime/retain_profile.h"

#include <string.h>

#include "core/fmt.h"
#include "runtime/early.h"
#include "runtime/mapranges.h"
#include "runtime/modules.h"
#include "runtime/records.h"
#include "runtime/retain.h"
#include "runtime/rt.h"
#include "runtime/rt_text.h"
#include "runtime/textform.h"

/* From here on a block is shown as an array. */
#define LARGE 4096

const struct rt_shape rt_retain_shape = {
	{ { "inuse_objects", "count" }, { "inuse_samples", "count" }, { "inuse_space", "bytes" } },
	3, { "space", "bytes" }, "inuse_space", NULL
};

enum { OBJECTS, SAMPLES, BYTES };

struct maker {
	const struct retain_input *in;
	const struct retain_result *out;
	struct rt_snapshot *s;
	struct rt_mappings mappings;
	struct rt_bytes frames; /* uint64_t[] by node: its frame; 0 not made yet */
};

static const struct rt_mapping *mapping_of(const struct maker *m, uint32_t module)
{
	size_t i = module < m->in->n_modules
		       ? rt_mappings_find(&m->mappings, m->in->modules[module].code)
		       : m->mappings.n;

	return i < m->mappings.n ? rt_mappings_at(&m->mappings, i) : NULL;
}

static struct str base_name(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

/* A word of an object: "global server+0x4060". */
static void name_word(const struct maker *m, const struct retain_node *n, const char *kind,
    struct fmt_buf *name, struct fmt_buf *system, struct str *file)
{
	const struct rt_mapping *map = mapping_of(m, n->owner);

	fmt_c(name, kind);
	fmt_c(name, " ");
	fmt_str(name, map ? base_name(map->path) : STR("?"));
	fmt_c(name, "+0x");
	fmt_hex(name, (uint64_t)n->offset, 0);
	fmt_c(system, n->kind == RETAIN_TLS ? "tls 0x" : "global 0x");
	fmt_hex(system, (uint64_t)n->offset, 0);
	if (map && map->build_id[0]) {
		fmt_c(system, " ");
		fmt_c(system, map->build_id);
	}
	*file = map ? map->path : STR("");
}

static void name_thread(const struct maker *m, const struct retain_node *n, const char *what,
    const char *word, struct fmt_buf *name, struct fmt_buf *system)
{
	fmt_c(name, what);
	fmt_c(name, n->owner < m->in->n_threads ? m->in->threads[n->owner].name : "?");
	fmt_c(system, word);
}

/* "->[48 bytes]+16", "->[65536 bytes][*]" */
static void name_step(const struct retain_node *n, struct fmt_buf *name, struct fmt_buf *system)
{
	fmt_c(name, "->[");
	fmt_u64(name, n->size);
	fmt_c(name, " bytes]");
	if (n->mixed || n->size >= LARGE) {
		fmt_c(name, "[*]");
	} else {
		fmt_c(name, n->offset < 0 ? "" : "+");
		fmt_i64(name, n->offset);
	}
	fmt_c(name, n->repeated ? "*" : "");
	fmt_c(system, "step ");
	fmt_i64(system, n->offset);
	fmt_c(system, " ");
	fmt_u64(system, n->size);
	fmt_c(system, n->repeated ? " repeated" : "");
	fmt_c(system, n->mixed ? " mixed" : "");
}

static void name_node(const struct maker *m, const struct retain_node *n, struct fmt_buf *name,
    struct fmt_buf *system, struct str *file)
{
	switch ((enum retain_kind)n->kind) {
	case RETAIN_GLOBAL:
		name_word(m, n, "global", name, system, file);
		return;
	case RETAIN_TLS:
		name_word(m, n, "thread-local", name, system, file);
		return;
	case RETAIN_SPECIFIC:
		name_thread(m, n, "thread-specific data of ", "specific", name, system);
		return;
	case RETAIN_STACK:
		name_thread(m, n, "stack of ", "stack", name, system);
		return;
	case RETAIN_REGISTER:
		name_thread(m, n, "registers of ", "register", name, system);
		return;
	case RETAIN_MAPPED:
		fmt_c(name, "mapped memory that nothing seen points to");
		fmt_c(system, "mapped");
		return;
	case RETAIN_NOWHERE:
		fmt_c(name, "no pointer found: lost or hidden");
		fmt_c(system, "nowhere");
		return;
	case RETAIN_UNKNOWN:
		fmt_c(name, "in no known block");
		fmt_c(system, "unknown");
		return;
	case RETAIN_STEP:
		name_step(n, name, system);
		return;
	case RETAIN_DEEPER:
		fmt_c(name, "->...");
		fmt_c(system, "deeper");
		return;
	}
}

static uint64_t make_frame(struct maker *m, const struct retain_node *n)
{
	char name_room[512], system_room[160];
	struct fmt_buf name = fmt_buf_of(name_room, sizeof(name_room));
	struct fmt_buf system = fmt_buf_of(system_room, sizeof(system_room));
	struct str file = STR("");

	fmt_c(&system, "retained:");
	name_node(m, n, &name, &system, &file);
	return rt_snapshot_frame(m->s, fmt_text(&name), fmt_text(&system), file);
}

static uint64_t frame_of(struct maker *m, uint32_t node)
{
	uint64_t *frame = (uint64_t *)(void *)m->frames.p + node;

	if (!*frame)
		*frame = make_frame(m, &m->out->nodes[node]);
	return *frame;
}

static rt_stack_id make_stack(struct maker *m, uint32_t node, rt_stack_id allocation)
{
	_Alignas(8) uint8_t room[sizeof(struct rt_stack) + (RT_STACK_DEPTH + 1) * sizeof(uint64_t)];
	struct rt_stack *stack = (struct rt_stack *)(void *)room;
	const struct rt_stack *from = rt_stacktab_get(allocation);
	uint32_t holders = 0;

	for (uint32_t i = node; i; i = m->out->nodes[i].parent)
		holders++;
	stack->depth = 0;
	while (stack->depth < from->depth && stack->depth + holders < RT_STACK_DEPTH) {
		stack->pc[stack->depth] = from->pc[stack->depth];
		stack->depth++;
	}
	for (uint32_t i = node; i && stack->depth <= RT_STACK_DEPTH; i = m->out->nodes[i].parent)
		stack->pc[stack->depth++] = frame_of(m, i);
	stack->hash = 0;
	return rt_snapshot_own_stack(m->s, stack);
}

static const char *root_word(enum retain_kind kind)
{
	static const char *const words[] = { [RETAIN_GLOBAL] = "global",
		[RETAIN_TLS] = "thread-local",
		[RETAIN_SPECIFIC] = "thread-specific",
		[RETAIN_STACK] = "stack",
		[RETAIN_REGISTER] = "register",
		[RETAIN_MAPPED] = "mapped",
		[RETAIN_NOWHERE] = "none",
		[RETAIN_UNKNOWN] = "unknown" };

	return kind < RETAIN_STEP ? words[kind] : "unknown";
}

static void add_row(struct maker *m, uint32_t i)
{
	const struct retain_sample *sample = &m->out->samples[i];
	struct rt_amounts alloc, freed;
	struct rt_row row = { .record = i, .label_set = rt_records_labels(sample->record) };
	uint32_t root = sample->node;
	rt_stack_id stack;

	if (!rt_records_read(sample->record, &stack, &alloc, &freed))
		return;
	while (m->out->nodes[root].parent)
		root = m->out->nodes[root].parent;
	row.stack = make_stack(m, sample->node, stack);
	row.values[OBJECTS] = rt_snapshot_objects(sample->objects);
	row.values[SAMPLES] = (int64_t)sample->n;
	row.values[BYTES] = (int64_t)sample->bytes;
	rt_snapshot_extra(
	    m->s, &row, "root", str_c(root_word((enum retain_kind)m->out->nodes[root].kind)));
	rt_snapshot_add(m->s, &row);
}

/* Adds "N TEXT" as a comment, unless N is 0. */
static void comment(struct rt_snapshot *s, uint64_t n, const char *text)
{
	if (n == 0)
		return;
	rt_text_u64(&s->comments, n);
	rt_text_c(&s->comments, " ");
	rt_text_c(&s->comments, text);
	rt_text_c(&s->comments, "\n");
}

/* What was missed: who reads "lost or hidden" must know what could not be looked through. */
static void add_comments(
    const struct retain_input *in, const struct retain_result *out, struct rt_snapshot *s)
{
	comment(s, out->damaged, "places where the heap could not be read");
	comment(s, out->lost_samples, "blocks left out: no room for them or their holders");
	if (!in->from_table)
		return;
	comment(
	    s, out->blocks, "blocks, as noted at their allocation: the allocator's are not known");
	comment(s, rt_early_lost(),
	    "allocations came before the profiler: what only they hold is shown as lost or hidden");
	comment(s, rt_stats_get(RT_STAT_LOST_LIVE) + rt_stats_get(RT_STAT_LOST_NESTED),
	    "allocations could not be noted: what only they hold is shown as lost or hidden");
	comment(s, out->unplaced, "blocks lie in memory that is not looked at");
	if (!rt_mapranges_enabled())
		rt_text_c(&s->comments, "memory that the program maps itself is not looked at\n");
	if (s->rate_changed)
		rt_text_c(&s->comments,
		    "not every allocation was sampled from the start on: what only "
		    "others hold is shown as lost or hidden\n");
}

bool retain_profile(
    const struct retain_input *in, const struct retain_result *out, struct rt_snapshot *s)
{
	struct maker m = { .in = in, .out = out, .s = s };
	bool good;

	rt_snapshot_begin(s);
	add_comments(in, out, s);
	rt_mappings_init(&m.mappings);
	good = rt_bytes_room(&m.frames, RETAIN_NODES * sizeof(uint64_t)) != NULL;
	for (uint32_t i = 0; good && i < out->n_samples; i++)
		add_row(&m, i);
	rt_bytes_release(&m.frames);
	rt_mappings_release(&m.mappings);
	return rt_snapshot_end(s) && good;
}

/* The holder on one line, root first, then the allocation's frames. */
static void text_row(const struct rt_snapshot *s, const struct rt_row *row, struct rt_bytes *out)
{
	const struct rt_stack *stack = rt_snapshot_stack(s, row);
	struct rt_frame_text text;
	uint32_t i = stack->depth;

	rt_text_i64(out, row->values[BYTES]);
	rt_text_c(out, " bytes in ");
	rt_text_i64(out, row->values[OBJECTS]);
	rt_text_c(out, " blocks (");
	rt_text_i64(out, row->values[SAMPLES]);
	rt_text_c(out, " samples): ");
	while (i > 0 && rt_snapshot_frame_text(s, stack->pc[i - 1], &text)) {
		rt_text_str(out, text.name);
		i--;
	}
	rt_text_c(out, "\n");
	for (uint32_t k = 0; k < i; k++) {
		rt_text_c(out, "#\t");
		rt_textform_frame(out, stack->pc[k]);
		rt_text_c(out, "\n");
	}
}

static void text_comments(const struct rt_snapshot *s, struct rt_bytes *out)
{
	struct str rest = { (const char *)s->comments.p, s->comments.n }, line;

	while (str_split(&rest, '\n', &line)) {
		rt_text_c(out, line.n ? "# " : "");
		rt_text_str(out, line);
		rt_text_c(out, line.n ? "\n" : "");
	}
}

void rt_retain_text(struct rt_snapshot *s, struct rt_bytes *out)
{
	rt_snapshot_sort_by(s, BYTES);
	rt_text_c(out, "retained profile: who holds the sampled blocks that are alive\n");
	text_comments(s, out);
	for (size_t i = 0; i < s->n; i++)
		text_row(s, rt_snapshot_row(s, i), out);
}
