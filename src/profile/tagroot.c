/*
 * Frames made of labels. A frame is one per key and joined values, so that a million samples with
 * ten values make ten locations; the stacks are rewritten once.
 */
#include "profile/tagroot.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/sieve.h"
#include "profile/unit.h"

struct tag_frame {
	str_id key;
	str_id name;
};

struct tag_keys {
	VEC(str_id) v; /* in the option's order */
	bool matched;
};

/* A label that was the only one of its key in some sample, and its frame. */
struct single_label {
	struct label label;
	uint32_t frame;
};

struct tag_framer {
	struct profile *p;
	struct str unit;
	struct tag_keys root;
	struct tag_keys leaf;
	struct map map;
	VEC(struct tag_frame) frames; /* i is location n_locations + i */
	struct map single_map;
	VEC(struct single_label) singles; /* most samples need no more than a look-up here */
	struct buf name;                  /* of the current frame */
};

static void read_keys(struct tag_framer *f, struct tag_keys *keys, struct str list)
{
	struct str key;

	while (str_split(&list, ',', &key))
		if (key.n)
			(void)VEC_PUSH(&keys->v, profile_intern(f->p, key));
}

static bool has_unit(const struct label *labels, size_t n, str_id key)
{
	for (size_t i = 0; i < n; i++)
		if (labels[i].is_num && labels[i].key == key && labels[i].unit)
			return true;
	return false;
}

/* Numbers of a key without any unit in this sample are printed as they are. */
static void add_value(struct tag_framer *f, const struct label *l, bool with_unit)
{
	if (!l->is_num)
		buf_add_str(&f->name, profile_str(f->p, l->str));
	else if (with_unit)
		unit_scaled_label(&f->name, l->num, profile_str(f->p, l->unit), f->unit);
	else
		unit_scaled_label(&f->name, l->num, STR(""), STR(""));
}

/* Joins the values of the key, texts first. */
static void join_values(struct tag_framer *f, const struct label *labels, size_t n, str_id key)
{
	bool with_unit = has_unit(labels, n, key);
	size_t values = 0;

	buf_clear(&f->name);
	for (int numbers = 0; numbers < 2; numbers++)
		for (size_t i = 0; i < n; i++) {
			if (labels[i].key != key || labels[i].is_num != numbers)
				continue;
			if (values++)
				buf_char(&f->name, ',');
			add_value(f, &labels[i], with_unit);
		}
}

static bool frame_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_framer *f = ctx;
	const struct tag_frame *k = key;

	return f->frames.p[index].key == k->key && f->frames.p[index].name == k->name;
}

static uint32_t intern_frame(struct tag_framer *f, str_id key)
{
	struct tag_frame frame = { key, profile_intern(f->p, buf_str(&f->name)) };
	uint32_t fresh = (uint32_t)f->frames.n;
	uint64_t hash = hash_u64((uint64_t)frame.key << 32 | frame.name);
	uint32_t at = map_intern(&f->map, hash, frame_equal, f, &frame, fresh);

	if (at == fresh)
		(void)VEC_PUSH(&f->frames, frame);
	return f->p->n_locations + at;
}

static bool single_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_framer *f = ctx;
	const struct label *a = &f->singles.p[index].label;
	const struct label *b = key;

	return a->key == b->key && a->is_num == b->is_num && a->str == b->str && a->num == b->num &&
	       a->unit == b->unit;
}

static uint32_t intern_single(struct tag_framer *f, const struct label *l)
{
	uint64_t hash = hash_mix((uint64_t)l->key << 32 | l->str, (uint64_t)l->num ^ l->unit);
	uint32_t fresh = (uint32_t)f->singles.n;
	uint32_t at = map_intern(&f->single_map, hash, single_equal, f, l, fresh);

	if (at == MAP_NONE)
		return 0;
	if (at == fresh) {
		struct single_label single = { *l, 0 };

		join_values(f, l, 1, l->key);
		single.frame = intern_frame(f, l->key);
		if (!VEC_PUSH(&f->singles, single))
			return 0;
	}
	return f->singles.p[at].frame;
}

static uint32_t find_frame(
    struct tag_framer *f, const struct label *labels, size_t n, str_id key, bool *matched)
{
	const struct label *only = NULL;
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (labels[i].key == key) {
			only = &labels[i];
			found++;
		}
	*matched |= found > 0;
	if (found == 1)
		return intern_single(f, only);
	join_values(f, labels, n, key);
	return intern_frame(f, key);
}

/* The last key is nearest to the leaf. */
static uint32_t *put_frames(
    struct tag_framer *f, struct tag_keys *keys, size_t sample, uint32_t *to)
{
	size_t n;
	const struct label *labels = sample_labels(f->p, sample, &n);

	for (size_t i = keys->v.n; i > 0; i--)
		*to++ = find_frame(f, labels, n, keys->v.p[i - 1], &keys->matched);
	return to;
}

static bool framer_failed(const struct tag_framer *f)
{
	return f->map.failed || f->frames.failed || f->single_map.failed || f->singles.failed ||
	       f->name.failed || f->root.v.failed || f->leaf.v.failed || f->p->arena.failed;
}

/* Frames at the root are interned first: their order is that of the new locations. */
static void write_stacks(struct tag_framer *f, struct sieve *s)
{
	for (size_t i = 0; i < f->p->samples.n && !framer_failed(f) && !cancel_now(f->p->cancel, i);
	     i++) {
		size_t depth;
		const uint32_t *stack = sample_stack(f->p, i, &depth);
		uint32_t *to = sieve_stack(s);
		uint32_t *callees = to + f->leaf.v.n;
		const uint32_t *end = put_frames(f, &f->root, i, callees + depth);

		put_frames(f, &f->leaf, i, to);
		if (depth)
			memcpy(callees, stack, depth * sizeof *stack);
		sieve_keep(s, i, (size_t)(end - to));
	}
}

static uint64_t next_location_id(const struct profile *p)
{
	uint64_t largest = 0;

	for (uint32_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].id > largest)
			largest = p->locations[i].id;
	return largest + 1;
}

static uint64_t next_function_id(const struct profile *p)
{
	uint64_t largest = 0;

	for (uint32_t i = 0; i < p->n_functions; i++)
		if (p->functions[i].id > largest)
			largest = p->functions[i].id;
	return largest + 1;
}

/* The old n elements and room for `more`. */
static void *extended(struct arena *a, const void *from, size_t n, size_t more, size_t size)
{
	void *to = arena_alloc_raw(a, n + more, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

/* Every frame becomes a location with one line of a function. */
static MUST_USE enum err_code add_tables(struct tag_framer *f, struct err *e)
{
	struct profile *p = f->p;
	struct arena *a = &p->arena;
	size_t n = f->frames.n;
	struct location *l = extended(a, p->locations, p->n_locations, n, sizeof *l);
	struct function *fn = extended(a, p->functions, p->n_functions, n, sizeof *fn);
	struct line *ln = extended(a, p->lines, p->n_lines, n, sizeof *ln);
	uint64_t location_id = next_location_id(p);
	uint64_t function_id = next_function_id(p);

	if (!l || !fn || !ln)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < n; i++) {
		fn[p->n_functions + i] = (struct function){ .id = function_id + i,
			.name = f->frames.p[i].name,
			.filename = f->frames.p[i].key };
		ln[p->n_lines + i] = (struct line){ .function = p->n_functions + i };
		l[p->n_locations + i] = (struct location){ .id = location_id + i,
			.mapping = PROFILE_NONE,
			.first_line = p->n_lines + i,
			.n_lines = 1 };
	}
	p->locations = l;
	p->functions = fn;
	p->lines = ln;
	p->n_locations += (uint32_t)n;
	p->n_functions += (uint32_t)n;
	p->n_lines += (uint32_t)n;
	return OK;
}

static MUST_USE enum err_code add_frames(struct tag_framer *f, struct err *e)
{
	struct profile *p = f->p;
	uint64_t keys = f->root.v.n + f->leaf.v.n;
	uint64_t frames = samples_frames(&p->samples);
	struct sieve s;

	if (keys == 0)
		return OK;
	if (keys > UINT32_MAX || frames + keys * p->samples.n > UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many stack frames");
	TRY(sieve_init(&s, p, frames + keys * p->samples.n, e));
	write_stacks(f, &s);
	if (framer_failed(f))
		return FAIL_NOMEM(e);
	TRY(cancel_check(p->cancel, e));
	TRY(add_tables(f, e));
	sieve_publish(&s);
	return OK;
}

enum err_code profile_add_tag_frames(struct profile *p, struct str root_keys, struct str leaf_keys,
    struct str output_unit, bool *root_matched, bool *leaf_matched, struct err *e)
{
	struct tag_framer f = { .p = p, .unit = output_unit };
	enum err_code rc;

	read_keys(&f, &f.root, root_keys);
	read_keys(&f, &f.leaf, leaf_keys);
	rc = framer_failed(&f) ? FAIL_NOMEM(e) : add_frames(&f, e);
	*root_matched = f.root.matched;
	*leaf_matched = f.leaf.matched;
	VEC_RELEASE(&f.root.v);
	VEC_RELEASE(&f.leaf.v);
	map_release(&f.map);
	VEC_RELEASE(&f.frames);
	map_release(&f.single_map);
	VEC_RELEASE(&f.singles);
	buf_release(&f.name);
	return rc;
}
