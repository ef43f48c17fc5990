#include "profile/foreign/assembly.h"

#include "core/hash.h"

enum err_code assembly_init(struct assembly *a, struct profile *out, struct err *e)
{
	*a = (struct assembly){ 0 };
	TRY(profile_init(out, e));
	a->p = out;
	return OK;
}

void assembly_release(struct assembly *a)
{
	if (a->p)
		profile_release(a->p);
	VEC_RELEASE(&a->types);
	VEC_RELEASE(&a->mappings);
	VEC_RELEASE(&a->locations);
	VEC_RELEASE(&a->lines);
	VEC_RELEASE(&a->functions);
	map_release(&a->by_mapping);
	map_release(&a->by_location);
	map_release(&a->by_function);
	VEC_RELEASE(&a->values);
	VEC_RELEASE(&a->stacks);
	VEC_RELEASE(&a->stack_ends);
	VEC_RELEASE(&a->labels);
	VEC_RELEASE(&a->label_ends);
	*a = (struct assembly){ 0 };
}

void assembly_type(struct assembly *a, struct str type, struct str unit)
{
	(void)VEC_PUSH(&a->types,
	    (struct value_type){ profile_intern(a->p, type), profile_intern(a->p, unit) });
	a->width = (uint32_t)a->types.n;
}

static bool mapping_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct mapping *a = &((const struct assembly *)ctx)->mappings.p[index];
	const struct mapping *b = key;

	return a->start == b->start && a->limit == b->limit && a->offset == b->offset &&
	       a->file == b->file && a->build_id == b->build_id;
}

uint32_t assembly_mapping(struct assembly *a, struct mapping m)
{
	uint32_t fresh = (uint32_t)a->mappings.n;
	uint32_t at;

	if (!VEC_RESERVE(&a->mappings, 1))
		return PROFILE_NONE;
	at = map_intern(&a->by_mapping, hash_mix(m.start, hash_mix(m.file, m.offset)),
	    mapping_equal, a, &m, fresh);

	m.id = (uint64_t)fresh + 1;
	if (at == fresh)
		a->mappings.p[a->mappings.n++] = m;
	return at == MAP_NONE ? PROFILE_NONE : at;
}

static void add_frame(struct assembly *a, uint32_t location)
{
	if (location == MAP_NONE)
		return; /* memory is short, as by_… says */
	if (a->stacks.n >= UINT32_MAX || location >= UINT32_MAX / 2)
		a->too_large = true;
	else
		(void)VEC_PUSH(&a->stacks, location);
}

static bool location_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct location *a = &((const struct assembly *)ctx)->locations.p[index];
	const struct location *b = key;

	return a->n_lines == 0 && a->mapping == b->mapping && a->address == b->address;
}

void assembly_address(struct assembly *a, uint32_t mapping, uint64_t address)
{
	uint32_t fresh = (uint32_t)a->locations.n;
	struct location l = { (uint64_t)fresh + 1, address, mapping, 0, 0, false };
	uint32_t at;

	if (!VEC_RESERVE(&a->locations, 1))
		return;
	at = map_intern(&a->by_location, hash_mix(address, mapping), location_equal, a, &l, fresh);
	if (at == fresh)
		a->locations.p[a->locations.n++] = l;
	add_frame(a, at);
}

static bool function_equal(const void *ctx, uint32_t index, const void *key)
{
	return ((const struct assembly *)ctx)->functions.p[index].name == *(const str_id *)key;
}

/* A function, its line and its location have one index, as long as all frames are names. */
void assembly_name(struct assembly *a, uint32_t mapping, struct str name)
{
	uint32_t fresh = (uint32_t)a->functions.n;
	str_id id = profile_intern(a->p, name);
	uint32_t at;

	if (!VEC_RESERVE(&a->functions, 1) || !VEC_RESERVE(&a->lines, 1) ||
	    !VEC_RESERVE(&a->locations, 1))
		return;
	at = map_intern(&a->by_function, hash_u64(id), function_equal, a, &id, fresh);

	if (at == fresh) {
		(void)VEC_PUSH(
		    &a->functions, (struct function){ (uint64_t)fresh + 1, id, id, 0, 0 });
		(void)VEC_PUSH(&a->lines, (struct line){ fresh, 0, 0 });
		(void)VEC_PUSH(&a->locations,
		    (struct location){ (uint64_t)fresh + 1, 0, mapping, fresh, 1, false });
	}
	add_frame(a, at);
}

static void add_label(struct assembly *a, struct label l)
{
	if (a->labels.n >= UINT32_MAX)
		a->too_large = true;
	else
		(void)VEC_PUSH(&a->labels, l);
}

void assembly_label_text(struct assembly *a, struct str key, struct str text)
{
	add_label(a,
	    (struct label){ .key = profile_intern(a->p, key), .str = profile_intern(a->p, text) });
}

void assembly_label_number(struct assembly *a, struct str key, int64_t number)
{
	add_label(
	    a, (struct label){ .key = profile_intern(a->p, key), .num = number, .is_num = true });
}

void assembly_end_sample(struct assembly *a, const int64_t *values)
{
	for (uint32_t i = 0; i < a->width; i++)
		(void)VEC_PUSH(&a->values, values[i]);
	(void)VEC_PUSH(&a->stack_ends, (uint32_t)a->stacks.n);
	(void)VEC_PUSH(&a->label_ends, (uint32_t)a->labels.n);
}

static bool assembly_failed(const struct assembly *a)
{
	return a->p->arena.failed || a->types.failed || a->mappings.failed || a->locations.failed ||
	       a->lines.failed || a->functions.failed || a->by_mapping.failed ||
	       a->by_location.failed || a->by_function.failed || a->values.failed ||
	       a->stacks.failed || a->stack_ends.failed || a->labels.failed || a->label_ends.failed;
}

/* Copies a vector into the arena, behind `first` elements of zero. */
static void *settle(struct assembly *a, const void *from, size_t n, size_t size, size_t first)
{
	char *to = arena_alloc_raw(&a->p->arena, n + first, size);

	if (to && first)
		memset(to, 0, first * size);
	if (to && n)
		memcpy(to + first * size, from, n * size);
	return to;
}

#define SETTLE(a, vec, first) settle((a), (a)->vec.p, (a)->vec.n, sizeof *(a)->vec.p, (first))

enum err_code assembly_publish(struct assembly *a, struct err *e)
{
	struct profile *p = a->p;

	if (assembly_failed(a))
		return FAIL_NOMEM(e);
	if (a->too_large)
		return FAIL(e, ERR_LIMIT, "profile has too many stack frames");
	p->sample_types = SETTLE(a, types, 0);
	p->n_sample_types = (uint32_t)a->types.n;
	p->mappings = SETTLE(a, mappings, 0);
	p->n_mappings = (uint32_t)a->mappings.n;
	p->locations = SETTLE(a, locations, 0);
	p->n_locations = (uint32_t)a->locations.n;
	p->lines = SETTLE(a, lines, 0);
	p->n_lines = (uint32_t)a->lines.n;
	p->functions = SETTLE(a, functions, 0);
	p->n_functions = (uint32_t)a->functions.n;
	p->samples.n = a->stack_ends.n;
	p->samples.values = SETTLE(a, values, 0);
	p->samples.stacks = SETTLE(a, stacks, 0);
	p->samples.stack_at = SETTLE(a, stack_ends, 1);
	if (a->labels.n) {
		p->samples.labels = SETTLE(a, labels, 0);
		p->samples.label_at = SETTLE(a, label_ends, 1);
	}
	if (assembly_failed(a))
		return FAIL_NOMEM(e);
	a->p = NULL;
	return OK;
}
