/*
 * One pass over the samples of each source: a sample's frames are translated straight into the end
 * of the result's stack array, hashed there, and either kept or, when the same stack and labels are
 * known, dropped again after its values were added. The tables are merge_tables.c's part.
 */
#include "profile/merge.h"

#include "base/vec.h"
#include "core/hash.h"
#include "profile/labelsort.h"
#include "profile/merger.h"
#include "profile/scale.h"

/* Samples; the result grows while the sources go, so what they leave must not stay in the heap. */
#define TRIM_ABOVE ((size_t)20000)

/* Samples of a source; what fewer need may as well grow. */
#define EXPECT_FROM ((size_t)10000)

void merger_release(struct merger *m)
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
	arena_release(&m->tables.arena);
	arena_release(&m->previous.arena);
	merge_header_release(&m->header);
}

bool merger_failed(const struct merger *m)
{
	return m->failed || m->out->arena.failed || m->mappings.failed || m->functions.failed ||
	       m->locations.failed || m->lines.failed || m->stack_at.failed || m->stacks.failed ||
	       m->values.failed || m->label_at.failed || m->labels.failed;
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

	(void)key; /* the new sample lies behind the others */
	if (depth != m->next.stack_end - mine || n_labels != m->next.label_end - my_labels)
		return false;
	if (depth &&
	    memcmp(m->stacks.p + stack, m->stacks.p + mine, depth * sizeof *m->stacks.p) != 0)
		return false;
	return n_labels == 0 ||
	       labels_equal(m->labels.p + label, m->labels.p + my_labels, n_labels);
}

/*
 * Stacks are translated and hashed two frames at a time, from registers: what was just stored could
 * not be loaded again before the stores have ended.
 */
static inline uint64_t translate_two(const uint32_t *to, const uint32_t *from)
{
	return to[from[0]] | (uint64_t)to[from[1]] << 32;
}

struct translated {
	uint64_t hash;
	uint64_t seen; /* every bit that is set in one of the words */
};

#define UNMAPPED_BITS 0x8000000080000000ULL /* no index that is translated has these */

/* Eight frames at a time in four parts that do not wait for each other, as hash_bytes() does. */
static struct translated translate_eights(
    const uint32_t *map, const uint32_t *from, size_t n, uint32_t *to)
{
	uint64_t a = n, b = n + HASH_K1, c = n ^ HASH_K1, d = n - HASH_K1, seen = 0;

	for (; n >= 8; n -= 8, from += 8, to += 8) {
		uint64_t words[4];

		for (size_t i = 0; i < 4; i++)
			words[i] = translate_two(map, from + 2 * i);
		memcpy(to, words, sizeof words);
		seen |= words[0] | words[1] | words[2] | words[3];
		a = hash_mix(a, words[0]);
		b = hash_mix(b, words[1]);
		c = hash_mix(c, words[2]);
		d = hash_mix(d, words[3]);
	}
	return (struct translated){ hash_mix(hash_mix(a, b), hash_mix(c, d)), seen };
}

static struct translated translate(
    const uint32_t *map, const uint32_t *from, size_t n, uint32_t *to)
{
	struct translated t = translate_eights(map, from, n, to);

	for (size_t i = n - n % 8; i < n; i++) {
		to[i] = map[from[i]];
		t.seen |= to[i];
		t.hash = hash_mix(t.hash, to[i]);
	}
	return t;
}

static void map_frames(struct merger *m, const uint32_t *stack, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		if (m->tables.locations.to[stack[i]] == MERGER_UNMAPPED)
			(void)merger_location(m, stack[i]);
}

static bool add_stack(struct merger *m, size_t i, uint64_t *hash)
{
	size_t depth;
	const uint32_t *stack = sample_stack(m->src, i, &depth);
	const uint32_t *map = m->tables.locations.to;
	struct translated t;
	uint32_t *to;

	*hash = 0;
	if (!VEC_RESERVE(&m->stacks, depth))
		return false;
	if (depth == 0)
		return true;
	to = m->stacks.p + m->stacks.n;
	m->stacks.n += depth;
	t = translate(map, stack, depth, to);
	if (t.seen & UNMAPPED_BITS) {
		map_frames(m, stack, depth);
		t = translate(map, stack, depth, to);
	}
	*hash = t.hash;
	return !merger_failed(m);
}

static bool label_sorts_before(const void *ctx, const struct label *a, const struct label *b)
{
	(void)ctx;
	return a->is_num != b->is_num ? b->is_num : a->key < b->key;
}

static struct label map_label(struct merger *m, const struct label *from)
{
	struct label l = { .key = merger_string(m, from->key), .is_num = from->is_num };

	if (from->is_num) {
		l.num = from->num;
		l.unit = merger_string(m, from->unit);
	} else {
		l.str = merger_string(m, from->str);
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

/* The labels of the last sample in the arrays, which begin there, on top of its stack's hash. */
static uint64_t hash_labels(const struct merger *m, uint64_t hash, size_t label)
{
	for (; label < m->labels.n; label++) {
		const struct label *l = &m->labels.p[label];

		hash = hash_mix(hash ^ l->key, (uint64_t)l->str << 32 | l->unit);
		hash = hash_mix(hash, (uint64_t)l->num);
	}
	return hash;
}

/* Makes the next sample one of the result. */
static bool keep_next(struct merger *m)
{
	uint32_t n_types = m->out->n_sample_types;

	if (!VEC_RESERVE(&m->values, n_types) ||
	    !VEC_PUSH(&m->stack_at, (uint32_t)m->next.stack_end) ||
	    !VEC_PUSH(&m->label_at, (uint32_t)m->next.label_end))
		return false;
	memcpy(m->values.p + m->values.n, m->next.values, n_types * sizeof *m->values.p);
	m->values.n += n_types;
	m->n_samples++;
	return true;
}

/* Takes elements `begin` to `end` out of a vector; what is behind them moves up. */
#define CUT(v, begin, end)                                                                         \
	do {                                                                                       \
		if ((v)->n > (end))                                                                \
			memmove(                                                                   \
			    (v)->p + (begin), (v)->p + (end), ((v)->n - (end)) * sizeof *(v)->p);  \
		(v)->n -= (end) - (begin);                                                         \
	} while (0)

/* Adds the next sample to one that is equal. */
static void add_next(struct merger *m, uint32_t sample)
{
	uint32_t n_types = m->out->n_sample_types;
	int64_t *sum = m->values.p + (size_t)sample * n_types;

	for (uint32_t k = 0; k < n_types; k++)
		sum[k] = (int64_t)((uint64_t)sum[k] + (uint64_t)m->next.values[k]);
	CUT(&m->stacks, m->stack_at.p[m->n_samples], m->next.stack_end);
	CUT(&m->labels, m->label_at.p[m->n_samples], m->next.label_end);
}

static MUST_USE enum err_code settle_next(struct merger *m, struct err *e)
{
	uint32_t at;

	if (!m->next.values)
		return OK;
	if (m->stacks.n >= UINT32_MAX || m->labels.n >= UINT32_MAX ||
	    m->n_samples >= UINT32_MAX - 1 || m->locations.n >= MERGER_UNMAPPED / 2)
		return FAIL(e, ERR_LIMIT, "merged profile is too large");
	at = map_intern(&m->sample_map, m->next.hash, sample_equal, m, NULL, m->n_samples);
	if (at == MAP_NONE)
		return FAIL_NOMEM(e);
	if (at != m->n_samples)
		add_next(m, at);
	else if (!keep_next(m))
		return FAIL_NOMEM(e);
	m->next.values = NULL;
	return OK;
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
	size_t label = m->labels.n;
	uint64_t hash;

	if (all_zero(values, m->out->n_sample_types))
		return OK;
	if (!add_stack(m, i, &hash) || !add_labels(m, i))
		return FAIL_NOMEM(e);
	hash = hash_labels(m, hash, label);
	__builtin_prefetch(map_place(&m->sample_map, hash));
	TRY(settle_next(m, e));
	m->next = (struct merger_next){ values, hash, m->stacks.n, m->labels.n };
	return OK;
}

enum err_code merger_add(struct merger *m, const struct profile *src, struct err *e)
{
	merge_header_add(&m->header, m->out, src);
	if (!merger_set_source(m, src))
		return FAIL_NOMEM(e);
	if (m->mappings.n == 0 && src->n_mappings > 0)
		merger_mapping(m, 0); /* the first mapping is the main binary and stays first */
	for (size_t i = 0; i < src->samples.n && !cancel_now(src->cancel, i); i++)
		TRY(map_sample(m, i, e));
	TRY(settle_next(m, e));
	TRY(cancel_check(src->cancel, e));
	return merger_failed(m) ? FAIL_NOMEM(e) : OK;
}

/* The result. */

enum err_code merger_begin(
    struct merger *m, struct profile *out, const struct profile *first, struct err *e)
{
	*m = (struct merger){ .out = out };
	TRY(profile_init(out, e));
	TRY(merge_header_begin(out, first, e));
	return VEC_PUSH(&m->stack_at, 0) && VEC_PUSH(&m->label_at, 0) ? OK : FAIL_NOMEM(e);
}

void merger_expect(struct merger *m, const struct profile *like, size_t n)
{
	size_t samples = like->samples.n, frames = like->samples.stack_at[samples];

	n += n / 8 + 1; /* they differ a little */
	if (samples < EXPECT_FROM || n > SIZE_MAX / UINT32_MAX / m->out->n_sample_types)
		return;
	VEC_EXPECT(&m->stacks, frames * n);
	VEC_EXPECT(&m->stack_at, samples * n);
	VEC_EXPECT(&m->values, samples * n * m->out->n_sample_types);
}

enum err_code merger_end(struct merger *m, struct err *e)
{
	struct profile *out = m->out;

	TRY(merge_header_end(&m->header, out, e));
	out->n_mappings = (uint32_t)m->mappings.n;
	out->n_functions = (uint32_t)m->functions.n;
	out->n_locations = (uint32_t)m->locations.n;
	out->n_lines = (uint32_t)m->lines.n;
	out->mappings = VEC_HAND_OVER(&out->arena, m->mappings);
	out->functions = VEC_HAND_OVER(&out->arena, m->functions);
	out->locations = VEC_HAND_OVER(&out->arena, m->locations);
	out->lines = VEC_HAND_OVER(&out->arena, m->lines);
	out->samples.n = m->n_samples;
	out->samples.values = VEC_HAND_OVER(&out->arena, m->values);
	out->samples.stack_at = VEC_HAND_OVER(&out->arena, m->stack_at);
	out->samples.stacks = VEC_HAND_OVER(&out->arena, m->stacks);
	if (m->labels.n > 0) {
		out->samples.label_at = VEC_HAND_OVER(&out->arena, m->label_at);
		out->samples.labels = VEC_HAND_OVER(&out->arena, m->labels);
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
	for (size_t i = 0; i < n; i++) {
		TRY(merger_add(m, srcs[i], e));
		if (owned) {
			bool large = owned[i]->samples.n > TRIM_ABOVE;

			profile_release(owned[i]);
			if (large)
				alloc_trim();
		}
	}
	return merger_end(m, e);
}

static MUST_USE enum err_code merge_into(struct profile *out, const struct profile *const *srcs,
    struct profile *const *owned, size_t n, struct err *e)
{
	struct merger m;
	enum err_code code;

	*out = (struct profile){ 0 };
	if (n == 0)
		return FAIL(e, ERR_USAGE, "no profiles to merge");
	for (size_t i = 1; i < n; i++)
		TRY(profile_compatible(srcs[0], srcs[i], e));
	code = merger_begin(&m, out, srcs[0], e);
	if (code == OK)
		code = merge_all(&m, srcs, owned, n, e);
	merger_release(&m);
	if (code != OK)
		profile_release(out);
	return code;
}

/* Samples that became zero by adding are dropped, with what only they used, by merging again. */
enum err_code merger_drop_zeroes(struct profile *p, struct err *e)
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
	return merger_drop_zeroes(out, e);
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
	return merger_drop_zeroes(out, e);
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
