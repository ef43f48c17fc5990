/*
 * gperftools' CPU profile: machine words, of 4 or 8 bytes in either byte order, which is found out
 * by trying. Header 0, 3, kind, period in microseconds, 0; records count, depth, addresses; the
 * record 0, 1, 0 ends it, and text follows: a memory map (kind 0), or names (kind 1, Java).
 */
#include "profile/legacy/formats.h"

#include "profile/legacy/memmap.h"

struct word_format {
	unsigned size;
	bool is_big_endian;
};

struct word_reader {
	struct str rest;
	struct word_format format;
	bool is_short; /* ran out in the middle: words read as 0 from then on */
};

static uint64_t next_word(struct word_reader *r)
{
	const unsigned char *p = (const unsigned char *)r->rest.p;
	uint64_t v = 0;

	if (r->is_short || r->rest.n < r->format.size) {
		r->is_short = true;
		r->rest.n = 0;
		return 0;
	}
	for (unsigned i = 0; i < r->format.size; i++) {
		unsigned at = r->format.is_big_endian ? i : r->format.size - 1 - i;

		v = v << 8 | p[at];
	}
	r->rest = str_skip(r->rest, r->format.size);
	return v;
}

/* Reads the header; *java and *period_us are set when it is one. */
static bool read_header(struct word_reader *r, bool *java, uint64_t *period_us)
{
	uint64_t first = next_word(r);
	uint64_t version = next_word(r);
	uint64_t kind = next_word(r);
	uint64_t padding;

	*period_us = next_word(r);
	padding = next_word(r);
	*java = kind == 1;
	return !r->is_short && first == 0 && version == 3 && kind <= 1 && *period_us > 0 &&
	       padding == 0;
}

static bool find_format(struct str bytes, struct word_reader *r, bool *java, uint64_t *period_us)
{
	static const struct word_format formats[] = {
		{ 4, false },
		{ 4, true },
		{ 8, false },
		{ 8, true },
	};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		*r = (struct word_reader){ bytes, formats[i], false };
		if (read_header(r, java, period_us))
			return true;
	}
	return false;
}

static void add_record(
    struct legacy_builder *b, const struct address_list *stack, uint64_t count, bool java)
{
	uint64_t period = (uint64_t)b->p->period;
	int64_t values[2] = { (int64_t)count, (int64_t)(count * period) };

	legacy_add_stack(b, stack, java ? SIZE_MAX : 1);
	legacy_end_sample(b, values);
}

/* *good is false when a record's depth makes no sense. */
static MUST_USE enum err_code read_records(struct legacy_builder *b, struct word_reader *r,
    struct address_list *stack, bool java, bool *good, struct err *e)
{
	*good = true;
	while (r->rest.n) {
		uint64_t count = next_word(r);
		uint64_t depth = next_word(r);

		/* A quarter of the bytes, whatever the size of a word: as it has always been. */
		*good = !r->is_short && depth <= r->rest.n / 4;
		if (!*good)
			return OK;
		stack->n = 0;
		for (uint64_t i = 0; i < depth; i++)
			(void)VEC_PUSH(stack, next_word(r));
		if (stack->failed)
			return FAIL_NOMEM(e);
		if (count == 0 && depth == 1 && stack->p[0] == 0)
			return OK;
		add_record(b, stack, count, java);
	}
	return OK;
}

static bool is_second_frame(
    const struct legacy_builder *b, const uint32_t *stack, const void *location)
{
	(void)b;
	return stack[1] == *(const uint32_t *)location;
}

/*
 * The location that is the second frame of all but one in 32 samples, or MAP_NONE: then it is the
 * signal handler's. There is at most one, being more than half of them.
 */
static MUST_USE enum err_code find_handler_frame(
    const struct legacy_builder *b, uint32_t *handler, struct err *e)
{
	size_t n = b->stack_ends.n;
	size_t least = n - n / 32;
	uint32_t *seen = ARENA_ARRAY(&b->p->arena, uint32_t, b->locations.n);
	uint32_t from = 0;

	*handler = MAP_NONE;
	if (!seen || b->stack_ends.failed || b->stacks.failed || b->locations.failed)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; from = b->stack_ends.p[i++]) {
		uint32_t second;

		if (b->stack_ends.p[i] - from < 2)
			continue;
		second = b->stacks.p[from + 1];
		if (++seen[second] >= least)
			*handler = second;
	}
	return OK;
}

static MUST_USE enum err_code drop_handler_frames(struct legacy_builder *b, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		uint32_t handler;

		TRY(find_handler_frame(b, &handler, e));
		if (handler == MAP_NONE)
			return OK;
		legacy_drop_second_frames(b, is_second_frame, &handler);
	}
	return OK;
}

static MUST_USE enum err_code finish(
    struct legacy_builder *b, struct str text, bool java, struct err *e)
{
	struct lines l = lines_of(text);

	if (b->too_large)
		return FAIL(e, ERR_LIMIT, "profile has too many stack frames");
	if (java) {
		TRY(java_read_locations(b, text, e));
		return java_finish(b, e);
	}
	TRY(drop_handler_frames(b, e));
	TRY(memmap_read(b, &l, e));
	TRY(legacy_resolve(b, e));
	legacy_drop_doubled_leaves(b);
	return legacy_publish(b, e);
}

enum err_code cpu_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct address_list stack = { 0 };
	struct word_reader r;
	uint64_t period_us;
	enum err_code rc;
	bool java;

	*mine = find_format(bytes, &r, &java, &period_us);
	if (!*mine)
		return OK;
	legacy_set_period(b, STR("cpu"), STR("nanoseconds"), (int64_t)(period_us * 1000));
	legacy_add_type(b, STR("samples"), STR("count"));
	legacy_add_type(b, STR("cpu"), STR("nanoseconds"));
	rc = read_records(b, &r, &stack, java, mine, e);
	VEC_RELEASE(&stack);
	if (rc != OK || !*mine)
		return rc;
	return finish(b, r.rest, java, e);
}
