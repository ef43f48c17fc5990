#include "profile/legacy/builder.h"

#include "core/hash.h"
#include "profile/legacy/memmap.h"

enum err_code legacy_init(struct legacy_builder *b, struct profile *out, struct err *e)
{
	*b = (struct legacy_builder){ 0 };
	TRY(profile_init(out, e));
	b->p = out;
	return OK;
}

void legacy_release(struct legacy_builder *b)
{
	if (b->p)
		profile_release(b->p);
	VEC_RELEASE(&b->locations);
	map_release(&b->by_address);
	VEC_RELEASE(&b->values);
	VEC_RELEASE(&b->stacks);
	VEC_RELEASE(&b->stack_ends);
	VEC_RELEASE(&b->block_sizes);
	VEC_RELEASE(&b->mappings);
	VEC_RELEASE(&b->functions);
	VEC_RELEASE(&b->lines);
	*b = (struct legacy_builder){ 0 };
}

void legacy_add_type(struct legacy_builder *b, struct str type, struct str unit)
{
	b->types[b->n_types].type = profile_intern(b->p, type);
	b->types[b->n_types].unit = profile_intern(b->p, unit);
	b->n_types++;
	b->width = b->n_types;
}

void legacy_set_period(struct legacy_builder *b, struct str type, struct str unit, int64_t period)
{
	b->p->period_type.type = profile_intern(b->p, type);
	b->p->period_type.unit = profile_intern(b->p, unit);
	b->p->period = period;
}

static bool location_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct legacy_builder *b = ctx;

	return b->locations.p[index].address == *(const uint64_t *)key;
}

uint32_t legacy_find_location(const struct legacy_builder *b, uint64_t address)
{
	return map_find(&b->by_address, hash_u64(address), location_equal, b, &address);
}

void legacy_add_frame(struct legacy_builder *b, uint64_t address)
{
	uint32_t fresh = (uint32_t)b->locations.n;
	uint32_t at;

	if (b->locations.n >= UINT32_MAX / 2 || b->stacks.n >= UINT32_MAX) {
		b->too_large = true;
		return;
	}
	at = map_intern(&b->by_address, hash_u64(address), location_equal, b, &address, fresh);
	if (at == fresh)
		(void)VEC_PUSH(&b->locations,
		    (struct location){ .address = address, .mapping = PROFILE_NONE });
	(void)VEC_PUSH(&b->stacks, at);
}

void legacy_add_stack(
    struct legacy_builder *b, const struct address_list *list, size_t returns_from)
{
	for (size_t i = 0; i < list->n; i++)
		legacy_add_frame(b, list->p[i] - (i >= returns_from));
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

enum err_code address_list_read(struct address_list *list, struct str s, struct err *e)
{
	size_t at;

	while ((at = str_find(s, STR("0x"))) != STR_NPOS) {
		struct str digits = str_skip(s, at + 2);
		uint64_t address;
		size_t n = 0;

		while (n < digits.n && is_hex(digits.p[n]))
			n++;
		s = str_skip(digits, n);
		if (n == 0)
			continue;
		if (!number_hex(str_head(digits, n), &address))
			return FAIL(e, ERR_FORMAT, "failed to parse as hex 64-bit number: 0x%.*s",
			    STR_ARG(str_head(digits, n)));
		(void)VEC_PUSH(list, address);
	}
	return list->failed ? FAIL_NOMEM(e) : OK;
}

void legacy_end_sample(struct legacy_builder *b, const int64_t *values)
{
	for (uint32_t i = 0; i < b->width; i++)
		(void)VEC_PUSH(&b->values, values[i]);
	(void)VEC_PUSH(&b->stack_ends, (uint32_t)b->stacks.n);
}

static bool builder_failed(const struct legacy_builder *b)
{
	return b->p->arena.failed || b->locations.failed || b->by_address.failed ||
	       b->values.failed || b->stacks.failed || b->stack_ends.failed ||
	       b->block_sizes.failed || b->mappings.failed || b->functions.failed ||
	       b->lines.failed;
}

void legacy_drop_second_frames(
    struct legacy_builder *b, legacy_drops_second *drops, const void *ctx)
{
	uint32_t from = 0;
	uint32_t to = 0;

	if (builder_failed(b))
		return;
	for (size_t i = 0; i < b->stack_ends.n; i++) {
		uint32_t end = b->stack_ends.p[i];
		bool drop = end - from > 1 && drops(b, b->stacks.p + from, ctx);

		for (uint32_t k = from; k < end; k++)
			if (!drop || k != from + 1)
				b->stacks.p[to++] = b->stacks.p[k];
		b->stack_ends.p[i] = to;
		from = end;
	}
	b->stacks.n = to;
}

static bool is_doubled_leaf(
    const struct legacy_builder *b, const uint32_t *stack, const void *unused)
{
	(void)unused;
	return b->locations.p[stack[0]].address == b->locations.p[stack[1]].address + 1;
}

void legacy_drop_doubled_leaves(struct legacy_builder *b)
{
	legacy_drop_second_frames(b, is_doubled_leaf, NULL);
}

/* Locations in the order in which samples use them; the unused ones are dropped. */
static MUST_USE enum err_code number_locations(struct legacy_builder *b, struct err *e)
{
	struct location *to = arena_alloc_raw(&b->p->arena, b->locations.n, sizeof *to);
	uint32_t *moved = ARENA_ARRAY(&b->p->arena, uint32_t, b->locations.n); /* index + 1 */
	uint32_t n = 0;

	if (!to || !moved)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < b->stacks.n; i++) {
		uint32_t old = b->stacks.p[i];

		if (moved[old] == 0) {
			to[n] = b->locations.p[old];
			to[n].id = n + 1;
			moved[old] = ++n;
		}
		b->stacks.p[i] = moved[old] - 1;
	}
	if (n)
		memcpy(b->locations.p, to, n * sizeof *to);
	b->locations.n = n;
	return OK;
}

static MUST_USE enum err_code number_functions(struct legacy_builder *b, struct err *e)
{
	struct function *to = arena_alloc_raw(&b->p->arena, b->functions.n, sizeof *to);
	uint32_t *moved = ARENA_ARRAY(&b->p->arena, uint32_t, b->functions.n); /* index + 1 */
	uint32_t n = 0;

	if (!to || !moved)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < b->locations.n; i++) {
		const struct location *l = &b->locations.p[i];
		uint32_t old;

		if (l->n_lines == 0)
			continue;
		old = b->lines.p[l->first_line].function;
		if (moved[old] == 0) {
			to[n] = b->functions.p[old];
			to[n].id = n + 1;
			moved[old] = ++n;
		}
	}
	/* A line belongs to the one location that made it, which may be gone: then to none. */
	for (size_t i = 0; i < b->lines.n; i++) {
		uint32_t at = moved[b->lines.p[i].function];

		b->lines.p[i].function = at ? at - 1 : PROFILE_NONE;
	}
	if (n)
		memcpy(b->functions.p, to, n * sizeof *to);
	b->functions.n = n;
	return OK;
}

enum err_code legacy_resolve(struct legacy_builder *b, struct err *e)
{
	if (b->too_large)
		return FAIL(e, ERR_LIMIT, "profile has too many stack frames");
	if (builder_failed(b))
		return FAIL_NOMEM(e);
	TRY(number_locations(b, e));
	TRY(number_functions(b, e));
	return memmap_assign(b, e);
}

enum err_code legacy_finish_text(struct legacy_builder *b, struct lines *l, struct err *e)
{
	while (!line_is_map_start(l->line) && lines_next(l))
		;
	TRY(lines_check(l, e));
	TRY(memmap_read(b, l, e));
	return legacy_resolve(b, e);
}

/* Copies a vector into the arena. */
static const void *settle(struct legacy_builder *b, const void *from, size_t n, size_t size)
{
	void *to = arena_alloc_raw(&b->p->arena, n, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

#define SETTLE(b, vec) settle((b), (b)->vec.p, (b)->vec.n, sizeof *(b)->vec.p)

static void settle_stacks(struct legacy_builder *b)
{
	struct samples *s = &b->p->samples;
	uint32_t *at = arena_alloc_raw(&b->p->arena, b->stack_ends.n + 1, sizeof *at);

	s->n = b->stack_ends.n;
	s->values = SETTLE(b, values);
	s->stacks = SETTLE(b, stacks);
	s->stack_at = at;
	if (!at)
		return;
	at[0] = 0;
	if (s->n)
		memcpy(at + 1, b->stack_ends.p, s->n * sizeof *at);
}

static void settle_block_sizes(struct legacy_builder *b)
{
	size_t n = b->block_sizes.n;
	uint32_t *at = arena_alloc_raw(&b->p->arena, n + 1, sizeof *at);
	struct label *labels = ARENA_ARRAY(&b->p->arena, struct label, n);
	str_id key = profile_intern(b->p, STR("bytes"));

	if (!at || !labels)
		return;
	for (size_t i = 0; i < n; i++) {
		at[i] = (uint32_t)i;
		labels[i] =
		    (struct label){ .key = key, .num = b->block_sizes.p[i], .is_num = true };
	}
	at[n] = (uint32_t)n;
	b->p->samples.label_at = at;
	b->p->samples.labels = labels;
}

static void settle_tables(struct legacy_builder *b)
{
	struct profile *p = b->p;
	struct value_type *types = ARENA_ARRAY(&p->arena, struct value_type, b->n_types);

	for (uint32_t i = 0; types && i < b->n_types; i++)
		types[i] = b->types[i];
	p->sample_types = types;
	p->n_sample_types = b->n_types;
	p->mappings = SETTLE(b, mappings);
	p->n_mappings = (uint32_t)b->mappings.n;
	p->locations = SETTLE(b, locations);
	p->n_locations = (uint32_t)b->locations.n;
	p->lines = SETTLE(b, lines);
	p->n_lines = (uint32_t)b->lines.n;
	p->functions = SETTLE(b, functions);
	p->n_functions = (uint32_t)b->functions.n;
}

enum err_code legacy_publish(struct legacy_builder *b, struct err *e)
{
	if (b->n_types == 0 && b->stack_ends.n)
		return FAIL(e, ERR_FORMAT, "missing sample type information");
	settle_tables(b);
	settle_stacks(b);
	if (b->block_sizes.n)
		settle_block_sizes(b);
	if (builder_failed(b))
		return FAIL_NOMEM(e);
	b->p = NULL;
	return OK;
}
