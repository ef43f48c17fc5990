/*
 * The program's memory; see retain_maps.h. Called by retain_child.c. The kernel merges anonymous
 * mappings that touch, so a region may be several things: what is known to lie in it is cut out.
 */
#include "runtime/retain_maps.h"

#include "core/maps.h"
#include "runtime/modules.h"

/* Guards of stacks are smaller than the unused rest of an arena. */
#define GUARD_MAX   ((uintptr_t)64 << 10)
/* A stack whose lower end is not known has no more below its stack pointer. */
#define STACK_MAX   ((uintptr_t)1 << 20)
/* How far the top of one that is not in use is looked for. */
#define DEAD_MAX    ((uintptr_t)64 << 20)
/* Below the stack pointer a function may keep values. */
#define RED_ZONE    128
#define PAGE        ((uintptr_t)4096)
/* Arenas of glibc begin at multiples of this; the rest of the one below is no guard. */
#define ARENA_ALIGN ((uintptr_t)64 << 20)
/* Room for the list of most programs at once. */
#define LIST_BYTES  ((size_t)1 << 20)

size_t retain_maps_count(const struct retain_maps *m)
{
	return m->regions.n / sizeof(struct retain_region);
}

const struct retain_region *retain_maps_at(const struct retain_maps *m, size_t i)
{
	return (const struct retain_region *)(const void *)m->regions.p + i;
}

const struct retain_region *retain_maps_find(const struct retain_maps *m, uintptr_t address)
{
	for (size_t i = 0; i < retain_maps_count(m); i++)
		if (address >= retain_maps_at(m, i)->start && address < retain_maps_at(m, i)->end)
			return retain_maps_at(m, i);
	return NULL;
}

struct retain_range retain_maps_stack(
    const struct retain_maps *m, const struct retain_thread *thread)
{
	const struct retain_region *r = thread->sp ? retain_maps_find(m, thread->sp) : NULL;
	struct retain_range stack = { 0, 0 };

	if (!r)
		return stack;
	stack.start = thread->sp - RED_ZONE > r->start ? thread->sp - RED_ZONE : r->start;
	stack.end = thread->tp > thread->sp && thread->tp < r->end ? thread->tp : r->end;
	return stack;
}

static void take(struct retain_maps *m, uintptr_t start, uintptr_t end)
{
	struct retain_range one = { start, end };

	if (start < end)
		rt_bytes_add(&m->taken, &one, sizeof(one));
}

/* All of a stack, with what is not in use of it and the thread's own struct at its top. */
static void take_stack(struct retain_maps *m, const struct retain_thread *thread)
{
	const struct retain_region *r = thread->sp ? retain_maps_find(m, thread->sp) : NULL;
	struct retain_range stack = retain_maps_stack(m, thread);
	uintptr_t start;

	if (!r || r->is_heap)
		return;
	start = !r->is_guarded && stack.start - r->start > STACK_MAX ? stack.start - STACK_MAX
								     : r->start;
	((struct retain_region *)(uintptr_t)r)->has_thread = true;
	take(m, start, (stack.end + PAGE) & ~(PAGE - 1));
}

static void take_known(struct retain_maps *m, const struct retain_input *in)
{
	for (size_t i = 0; i < in->n_modules; i++)
		for (unsigned k = 0; k < in->modules[i].n_data; k++)
			take(m, in->modules[i].data[k].start,
			    (in->modules[i].data[k].end + PAGE - 1) & ~(PAGE - 1));
	for (size_t i = 0; i < in->n_own; i++)
		take(m, in->own[i].start, (in->own[i].end + PAGE - 1) & ~(PAGE - 1));
	for (size_t i = 0; i < in->n_threads; i++)
		take_stack(m, &in->threads[i]);
}

static void add_region(
    struct retain_maps *m, const struct maps_line *line, const struct maps_line *last)
{
	struct retain_region r = { .start = line->start,
		.end = line->end,
		.is_heap = str_is(line->path, "[heap]"),
		.is_anonymous = line->inode == 0 };

	r.is_guarded = last->end == line->start && !last->readable && !last->writable &&
		       last->end - last->start <= GUARD_MAX && line->start % ARENA_ALIGN != 0;
	rt_bytes_add(&m->regions, &r, sizeof(r));
}

/* Of what has a name only what the kernel or prctl(PR_SET_VMA) calls anonymous memory. */
static bool is_memory(const struct maps_line *line)
{
	return line->readable && line->writable && !line->is_shared &&
	       (line->path.n == 0 || line->inode != 0 || str_is(line->path, "[heap]") ||
		   str_is(line->path, "[stack]") || str_starts(line->path, STR("[anon:")));
}

/*
 * The list as of one moment. Room that grows while it is read is itself a mapping that was listed
 * and is gone: then it is read again, into what is there by now.
 */
static bool read_list(struct rt_bytes *out)
{
	size_t room;

	if (!rt_bytes_room(out, LIST_BYTES))
		return false;
	do {
		room = out->cap;
		out->n = 0;
		if (!rt_modules_read_file("/proc/self/maps", out))
			return false;
	} while (out->cap != room);
	return true;
}

bool retain_maps_read(struct retain_maps *m, const struct retain_input *in)
{
	struct maps_line line, last = { 0 };
	struct rt_bytes whole = { 0 };
	struct str rest, text;

	*m = (struct retain_maps){ 0 };
	if (!read_list(&whole))
		return false;
	take(m, (uintptr_t)whole.p, (uintptr_t)whole.p + whole.cap);
	rest = (struct str){ (const char *)whole.p, whole.n };
	while (str_split(&rest, '\n', &text)) {
		if (!maps_parse_line(text, &line))
			continue;
		if (is_memory(&line))
			add_region(m, &line, &last);
		last = line;
	}
	take_known(m, in);
	return !m->regions.failed && !m->taken.failed;
}

/* The lowest stretch that is taken of [start, end); empty when there is none. */
static struct retain_range first_taken(const struct retain_maps *m, uintptr_t start, uintptr_t end)
{
	const struct retain_range *taken = (const struct retain_range *)(const void *)m->taken.p;
	struct retain_range first = { end, end };

	for (size_t i = 0; i < m->taken.n / sizeof(*taken); i++) {
		uintptr_t lo = taken[i].start > start ? taken[i].start : start;

		if (taken[i].end > start && taken[i].start < end && lo < first.start)
			first = (struct retain_range){ lo, taken[i].end };
	}
	return first;
}

/*
 * The end of a stack whose thread has ended, which the C library keeps for the next one: at its top
 * is the thread's struct, which begins with its own address, twice. r->start when it is no stack.
 */
static uintptr_t end_of_dead_stack(const struct retain_region *r)
{
	for (uintptr_t at = r->start; at + PAGE <= r->end && at - r->start < DEAD_MAX; at += 64) {
		const uintptr_t *head = (const uintptr_t *)at;

		if (head[0] == at && head[2] == at)
			return (at + PAGE) & ~(PAGE - 1);
	}
	return r->start;
}

void retain_maps_pieces(const struct retain_maps *m, const struct retain_region *r,
    void (*piece)(void *ctx, uintptr_t start, uintptr_t end), void *ctx)
{
	uintptr_t at = r->start;

	if (r->is_guarded && !r->has_thread)
		at = end_of_dead_stack(r);
	while (at < r->end) {
		struct retain_range cut = first_taken(m, at, r->end);

		if (at < cut.start)
			piece(ctx, at, cut.start);
		at = cut.end > at ? cut.end : r->end;
	}
}
