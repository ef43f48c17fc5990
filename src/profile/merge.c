/*
 * One pass over the samples of each source: a sample's frames are translated straight into the end
 * of the result's stack array, hashed there, and either kept or, when the same stack and labels are
 * known, dropped again after its values were added. Locations, functions, mappings and strings are
 * translated when a sample first needs them, which gives their order.
 *
 * What is equal to what follows pprof: see the *_equal functions. One oddity is kept on purpose: of
 * a location's columns only the last line's counts.
 */
#include "profile/merge.h"

#include "base/vec.h"
#include "core/hash.h"
#include "profile/labelsort.h"
#include "profile/merge_header.h"
#include "profile/scale.h"

#define PAGE     ((uint64_t)4096)
#define UNMAPPED UINT32_MAX /* not translated yet */

/* Bytes; the result grows while the sources go, so what they leave must not stay in the heap. */
#define TRIM_ABOVE ((size_t)4 << 20)

struct merger {
	struct profile *out;

	VEC(struct mapping) mappings;
	VEC(struct function) functions;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(uint32_t) stack_at; /* n_samples + 1 */
	VEC(uint32_t) stacks;
	VEC(int64_t) values;
	VEC(uint32_t) label_at; /* n_samples + 1 */
	VEC(struct label) labels;
	uint32_t n_samples;
	struct map mapping_map, function_map, location_map, sample_map;

	/* Of the present source; the arrays live in `scratch`. */
	const struct profile *src;
	struct arena scratch;
	uint32_t *mapping_to;
	uint32_t *function_to;
	uint32_t *location_to;
	str_id *string_to;
	bool failed; /* memory */
};

static void merger_release(struct merger *m)
{
	VEC_RELEASE(&m->mappings);
	VEC_RELEASE(&m->functions);
	VEC_RELEASE(&m->locations);
	VEC_RELEASE(&m->lines);
	VEC_RELEASE(&m->stack_at);
	VEC_RELEASE(&m->stacks);
	VEC_RELEASE(&m->values);
	VEC_RELEASE(&m->label_at);
	VEC_RELEASE(&m->labels);
	map_release(&m->mapping_map);
	map_release(&m->function_map);
	map_release(&m->location_map);
	map_release(&m->sample_map);
	arena_release(&m->scratch);
}

static bool merger_failed(const struct merger *m)
{
	return m->failed || m->out->arena.failed || m->mappings.failed || m->functions.failed ||
	       m->locations.failed || m->lines.failed || m->stack_at.failed || m->stacks.failed ||
	       m->values.failed || m->label_at.failed || m->labels.failed;
}

/*
 * map_intern with the failure noted; an index that callers may use in any case. After a failure
 * the maps are left alone: they may know elements that could not be appended.
 */
static uint32_t lookup(struct merger *m, struct map *map, uint64_t hash, map_equal *equal,
    const void *key, size_t fresh)
{
	uint32_t at =
	    merger_failed(m) ? MAP_NONE : map_intern(map, hash, equal, m, key, (uint32_t)fresh);

	if (at != MAP_NONE)
		return at;
	m->failed = true;
	return 0;
}

static str_id map_string(struct merger *m, str_id id)
{
	if (m->string_to[id] == UNMAPPED)
		m->string_to[id] = profile_intern(m->out, profile_str(m->src, id));
	return m->string_to[id];
}

/* Mappings: equal when size (in pages), offset and build id (else file) are. */

static uint64_t pages_of(const struct mapping *m)
{
	uint64_t size = m->limit - m->start + PAGE - 1;

	return size - size % PAGE;
}

static str_id name_of(const struct mapping *m)
{
	return m->build_id ? m->build_id : m->file;
}

static bool mapping_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct mapping *a = &m->mappings.p[index], *b = key;

	return pages_of(a) == pages_of(b) && a->offset == b->offset && name_of(a) == name_of(b);
}

static uint32_t map_mapping(struct merger *m, uint32_t index)
{
	struct mapping copy;
	uint64_t hash;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->mapping_to[index] != UNMAPPED)
		return m->mapping_to[index];
	copy = m->src->mappings[index];
	copy.id = m->mappings.n + 1;
	copy.file = map_string(m, copy.file);
	copy.build_id = map_string(m, copy.build_id);
	copy.kernel_reloc = map_string(m, copy.kernel_reloc);
	hash = hash_mix(hash_mix(pages_of(&copy), copy.offset), name_of(&copy));
	index = m->mapping_to[index] =
	    lookup(m, &m->mapping_map, hash, mapping_equal, &copy, m->mappings.n);
	if (index == m->mappings.n)
		VEC_PUSH(&m->mappings, copy);
	return index;
}

/* Functions: equal in everything but the id. */

static bool function_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct function *a = &m->functions.p[index], *b = key;

	return a->start_line == b->start_line && a->name == b->name &&
	       a->system_name == b->system_name && a->filename == b->filename;
}

static uint32_t map_function(struct merger *m, uint32_t index)
{
	struct function copy;
	uint64_t hash;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->function_to[index] != UNMAPPED)
		return m->function_to[index];
	copy = m->src->functions[index];
	copy.id = m->functions.n + 1;
	copy.name = map_string(m, copy.name);
	copy.system_name = map_string(m, copy.system_name);
	copy.filename = map_string(m, copy.filename);
	hash = hash_mix((uint64_t)copy.name << 32 | copy.system_name,
	    hash_mix((uint64_t)copy.start_line, copy.filename));
	index = m->function_to[index] =
	    lookup(m, &m->function_map, hash, function_equal, &copy, m->functions.n);
	if (index == m->functions.n)
		VEC_PUSH(&m->functions, copy);
	return index;
}

/* Locations: equal when place in the mapping, lines and the last line's column are. */

static uint64_t relative_address(const struct merger *m, const struct location *l)
{
	return l->mapping == PROFILE_NONE ? l->address
					  : l->address - m->mappings.p[l->mapping].start;
}

static bool lines_equal(const struct merger *m, uint32_t first, uint32_t second, uint32_t n)
{
	const struct line *a, *b;

	if (n == 0)
		return true;
	a = m->lines.p + first;
	b = m->lines.p + second;
	for (uint32_t i = 0; i < n; i++)
		if (a[i].function != b[i].function || a[i].line != b[i].line)
			return false;
	return a[n - 1].column == b[n - 1].column;
}

static bool location_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct location *a = &m->locations.p[index], *b = key;

	return relative_address(m, a) == relative_address(m, b) && a->mapping == b->mapping &&
	       a->is_folded == b->is_folded && a->n_lines == b->n_lines &&
	       lines_equal(m, a->first_line, b->first_line, a->n_lines);
}

static uint64_t hash_location(const struct merger *m, const struct location *l)
{
	uint64_t hash = hash_mix(relative_address(m, l), (uint64_t)l->mapping << 1 | l->is_folded);

	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct line *line = &m->lines.p[l->first_line + i];

		hash = hash_mix(hash ^ line->function, (uint64_t)line->line);
	}
	return hash;
}

/* Appends the translated lines of a source location; they are cut off again when not needed. */
static bool add_lines(struct merger *m, const struct location *l)
{
	if (!VEC_RESERVE(&m->lines, l->n_lines))
		return false;
	for (uint32_t i = 0; i < l->n_lines; i++) {
		struct line line = location_lines(m->src, l)[i];

		line.function = map_function(m, line.function);
		m->lines.p[m->lines.n++] = line;
	}
	return true;
}

static uint32_t map_location(struct merger *m, uint32_t index)
{
	const struct location *from = &m->src->locations[index];
	struct location copy = *from;
	size_t n_lines = m->lines.n;

	copy.id = m->locations.n + 1;
	copy.mapping = map_mapping(m, from->mapping);
	copy.first_line = (uint32_t)n_lines;
	if (!add_lines(m, from) || merger_failed(m))
		return 0;
	if (copy.mapping != PROFILE_NONE)
		copy.address +=
		    m->mappings.p[copy.mapping].start - m->src->mappings[from->mapping].start;
	index = lookup(
	    m, &m->location_map, hash_location(m, &copy), location_equal, &copy, m->locations.n);
	if (index == m->locations.n)
		VEC_PUSH(&m->locations, copy);
	else
		m->lines.n = n_lines;
	return index;
}

/* Samples: equal when stacks and labels are. */

static bool labels_equal(const struct label *a, const struct label *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].key != b[i].key || a[i].str != b[i].str || a[i].num != b[i].num ||
		    a[i].unit != b[i].unit || a[i].is_num != b[i].is_num)
			return false;
	return true;
}

static bool sample_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	uint32_t stack = m->stack_at.p[index], label = m->label_at.p[index];
	size_t depth = m->stack_at.p[index + 1] - stack;
	size_t n_labels = m->label_at.p[index + 1] - label;
	size_t mine = m->stack_at.p[m->n_samples], my_labels = m->label_at.p[m->n_samples];

	(void)key; /* the new sample lies at the end of the arrays */
	if (depth != m->stacks.n - mine || n_labels != m->labels.n - my_labels)
		return false;
	if (depth &&
	    memcmp(m->stacks.p + stack, m->stacks.p + mine, depth * sizeof *m->stacks.p) != 0)
		return false;
	return n_labels == 0 ||
	       labels_equal(m->labels.p + label, m->labels.p + my_labels, n_labels);
}

static bool add_stack(struct merger *m, size_t i)
{
	size_t depth;
	const uint32_t *stack = sample_stack(m->src, i, &depth);
	uint32_t *to;

	if (!VEC_RESERVE(&m->stacks, depth))
		return false;
	if (depth == 0)
		return true;
	to = m->stacks.p + m->stacks.n;
	m->stacks.n += depth;
	for (size_t k = 0; k < depth; k++) {
		uint32_t at = m->location_to[stack[k]];

		if (at == UNMAPPED)
			at = m->location_to[stack[k]] = map_location(m, stack[k]);
		to[k] = at;
	}
	return !merger_failed(m);
}

static bool label_sorts_before(const void *ctx, const struct label *a, const struct label *b)
{
	(void)ctx;
	return a->is_num != b->is_num ? b->is_num : a->key < b->key;
}

static struct label map_label(struct merger *m, const struct label *from)
{
	struct label l = { .key = map_string(m, from->key), .is_num = from->is_num };

	if (from->is_num) {
		l.num = from->num;
		l.unit = map_string(m, from->unit);
	} else {
		l.str = map_string(m, from->str);
	}
	return l;
}

/* In one order for all samples: text first, then by key; values of one key stay in order. */
static bool add_labels(struct merger *m, size_t i)
{
	size_t n;
	const struct label *labels = sample_labels(m->src, i, &n);
	struct label *to;

	if (n == 0)
		return true;
	if (!VEC_RESERVE(&m->labels, 2 * n)) /* and as much scratch */
		return false;
	to = m->labels.p + m->labels.n;
	m->labels.n += n;
	for (size_t k = 0; k < n; k++)
		to[k] = map_label(m, &labels[k]);
	label_sort(to, n, to + n, label_sorts_before, NULL);
	return !merger_failed(m);
}

static uint64_t hash_sample(const struct merger *m)
{
	size_t stack = m->stack_at.p[m->n_samples], label = m->label_at.p[m->n_samples];
	size_t depth = m->stacks.n - stack;
	uint64_t hash = depth ? hash_bytes(m->stacks.p + stack, depth * sizeof(uint32_t)) : 0;

	for (; label < m->labels.n; label++) {
		const struct label *l = &m->labels.p[label];

		hash = hash_mix(hash ^ l->key, (uint64_t)l->str << 32 | l->unit);
		hash = hash_mix(hash, (uint64_t)l->num);
	}
	return hash;
}

/* Makes what lies at the end of the arrays a new sample. */
static bool keep_sample(struct merger *m, const int64_t *values)
{
	uint32_t n_types = m->out->n_sample_types;

	if (!VEC_RESERVE(&m->values, n_types) || !VEC_PUSH(&m->stack_at, (uint32_t)m->stacks.n) ||
	    !VEC_PUSH(&m->label_at, (uint32_t)m->labels.n))
		return false;
	memcpy(m->values.p + m->values.n, values, n_types * sizeof *values);
	m->values.n += n_types;
	m->n_samples++;
	return true;
}

static void add_values(struct merger *m, uint32_t sample, const int64_t *values)
{
	uint32_t n_types = m->out->n_sample_types;
	int64_t *sum = m->values.p + (size_t)sample * n_types;

	for (uint32_t k = 0; k < n_types; k++)
		sum[k] = (int64_t)((uint64_t)sum[k] + (uint64_t)values[k]);
	m->stacks.n = m->stack_at.p[m->n_samples];
	m->labels.n = m->label_at.p[m->n_samples];
}

static bool all_zero(const int64_t *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (values[i] != 0)
			return false;
	return true;
}

static MUST_USE enum err_code map_sample(struct merger *m, size_t i, struct err *e)
{
	const int64_t *values = sample_values(m->src, i);
	uint32_t at;

	if (all_zero(values, m->out->n_sample_types))
		return OK;
	if (!add_stack(m, i) || !add_labels(m, i))
		return FAIL_NOMEM(e);
	if (m->stacks.n >= UINT32_MAX || m->labels.n >= UINT32_MAX ||
	    m->n_samples >= UINT32_MAX - 1)
		return FAIL(e, ERR_LIMIT, "merged profile is too large");
	at = map_intern(&m->sample_map, hash_sample(m), sample_equal, m, NULL, m->n_samples);
	if (at == MAP_NONE)
		return FAIL_NOMEM(e);
	if (at != m->n_samples)
		add_values(m, at, values);
	else if (!keep_sample(m, values))
		return FAIL_NOMEM(e);
	return OK;
}

/* Empty translation tables for a source. */
static bool set_source(struct merger *m, const struct profile *src)
{
	const struct {
		uint32_t **to;
		uint32_t n;
	} tables[] = {
		{ &m->mapping_to, src->n_mappings },
		{ &m->function_to, src->n_functions },
		{ &m->location_to, src->n_locations },
		{ &m->string_to, src->strings.n },
	};

	m->src = src;
	arena_release(&m->scratch);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		*tables[i].to = arena_alloc_raw(&m->scratch, tables[i].n, sizeof(uint32_t));
		if (!*tables[i].to)
			return false;
		memset(*tables[i].to, 0xff, tables[i].n * sizeof(uint32_t)); /* UNMAPPED */
	}
	return true;
}

static MUST_USE enum err_code add_source(struct merger *m, const struct profile *src, struct err *e)
{
	if (!set_source(m, src))
		return FAIL_NOMEM(e);
	if (m->mappings.n == 0 && src->n_mappings > 0)
		map_mapping(m, 0); /* the first mapping is the main binary and stays first */
	for (size_t i = 0; i < src->samples.n && !cancel_now(src->cancel, i); i++)
		TRY(map_sample(m, i, e));
	TRY(cancel_check(src->cancel, e));
	return merger_failed(m) ? FAIL_NOMEM(e) : OK;
}

/* The result. */

/* Hands a vector's storage to the profile's arena, cut to size. */
#define HAND_OVER(m, v)                                                                            \
	((v).p = vec_trim((v).p, (v).n, sizeof *(v).p), (m)->out->arena.failed |= (v).failed,      \
	    hand_over(&(m)->out->arena, (void **)(void *)&(v).p))

static void *hand_over(struct arena *a, void **p)
{
	void *taken = *p ? arena_adopt(a, *p) : arena_alloc(a, 0); /* never NULL, also when empty */

	*p = NULL;
	return taken;
}

static MUST_USE enum err_code finish(struct merger *m, struct err *e)
{
	struct profile *out = m->out;

	out->n_mappings = (uint32_t)m->mappings.n;
	out->n_functions = (uint32_t)m->functions.n;
	out->n_locations = (uint32_t)m->locations.n;
	out->n_lines = (uint32_t)m->lines.n;
	out->mappings = HAND_OVER(m, m->mappings);
	out->functions = HAND_OVER(m, m->functions);
	out->locations = HAND_OVER(m, m->locations);
	out->lines = HAND_OVER(m, m->lines);
	out->samples.n = m->n_samples;
	out->samples.values = HAND_OVER(m, m->values);
	out->samples.stack_at = HAND_OVER(m, m->stack_at);
	out->samples.stacks = HAND_OVER(m, m->stacks);
	if (m->labels.n > 0) {
		out->samples.label_at = HAND_OVER(m, m->label_at);
		out->samples.labels = HAND_OVER(m, m->labels);
	}
	return merger_failed(m) ? FAIL_NOMEM(e) : OK;
}

static bool has_zero_sample(const struct profile *p)
{
	for (size_t i = 0; i < p->samples.n; i++)
		if (all_zero(sample_values(p, i), p->n_sample_types))
			return true;
	return false;
}

/* `owned`, when given, are the sources themselves: each is released as soon as it has been read. */
static MUST_USE enum err_code merge_all(struct merger *m, const struct profile *const *srcs,
    struct profile *const *owned, size_t n, struct err *e)
{
	TRY(profile_merge_header(m->out, srcs, n, e));
	if (!VEC_PUSH(&m->stack_at, 0) || !VEC_PUSH(&m->label_at, 0))
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; i++) {
		TRY(add_source(m, srcs[i], e));
		if (owned) {
			bool large = owned[i]->arena.total > TRIM_ABOVE;

			profile_release(owned[i]);
			if (large)
				alloc_trim();
		}
	}
	return finish(m, e);
}

static MUST_USE enum err_code merge_into(struct profile *out, const struct profile *const *srcs,
    struct profile *const *owned, size_t n, struct err *e)
{
	struct merger m = { .out = out };
	enum err_code code;

	*out = (struct profile){ 0 };
	if (n == 0)
		return FAIL(e, ERR_USAGE, "no profiles to merge");
	for (size_t i = 1; i < n; i++)
		TRY(profile_compatible(srcs[0], srcs[i], e));
	TRY(profile_init(out, e));
	code = merge_all(&m, srcs, owned, n, e);
	merger_release(&m);
	if (code != OK)
		profile_release(out);
	return code;
}

/* Samples that became zero by adding are dropped, with what only they used, by merging again. */
static MUST_USE enum err_code drop_zeroes(struct profile *p, struct err *e)
{
	struct profile again;
	enum err_code code;

	if (!has_zero_sample(p))
		return OK;
	code = merge_into(&again, (const struct profile *const *)&p, NULL, 1, e);
	profile_release(p);
	*p = again;
	return code;
}

enum err_code profile_merge(
    struct profile *out, const struct profile *const *srcs, size_t n, struct err *e)
{
	TRY(merge_into(out, srcs, NULL, n, e));
	return drop_zeroes(out, e);
}

static MUST_USE enum err_code combine(
    struct profile *out, struct profile *const *srcs, size_t n, struct err *e)
{
	TRY(profile_common_types(srcs, n, e));
	TRY(profile_scale_value_types(srcs, n, e));
	if (n == 1) {
		*out = *srcs[0];
		*srcs[0] = (struct profile){ 0 };
		return OK;
	}
	TRY(merge_into(out, (const struct profile *const *)srcs, srcs, n, e));
	return drop_zeroes(out, e);
}

enum err_code profile_combine(
    struct profile *out, struct profile *const *srcs, size_t n, struct err *e)
{
	enum err_code code;

	*out = (struct profile){ 0 };
	code = combine(out, srcs, n, e);
	for (size_t i = 0; i < n; i++)
		profile_release(srcs[i]);
	return code;
}
