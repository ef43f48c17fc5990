/* Sets of labels by number; see rt_labels.h. Called by api_labels.c, records.c and the encoders. */
#include "runtime/rt_labels.h"

#include <stdatomic.h>
#include <string.h>

#include "core/hash.h"
#include "runtime/rt.h"
#include "runtime/rt_text.h"

#define INDEX_SLOTS 16384u
#define TEXT_BYTES  ((size_t)4 << 20)
#define SET_MARK    STATEFMT_LABELS_MARK

_Static_assert(RT_LABELS_MAX == INDEX_SLOTS / 4 * 3, "the index keeps a quarter free");

struct table {
	_Atomic uint64_t used; /* bytes of text handed out, from 8 on */
	_Atomic uint32_t count;
	_Atomic uint32_t slots[INDEX_SLOTS];
	_Alignas(8) uint8_t text[TEXT_BYTES];
};

static _Atomic(struct table *) labels;

/* A set under construction. */
struct draft {
	struct rt_label pairs[RT_LABELS_PAIRS];
	size_t n;
	bool full;
};

static struct table *table(void)
{
	struct table *t = atomic_load_explicit(&labels, memory_order_acquire);
	struct table *none = NULL;

	if (t)
		return t;
	t = rt_mem_map(sizeof(*t));
	if (!t)
		return NULL;
	atomic_store(&t->used, 8);
	if (atomic_compare_exchange_strong(&labels, &none, t))
		return t;
	rt_mem_unmap(t, sizeof(*t));
	return none;
}

static const struct statefmt_labels *set_at(const struct table *t, rt_label_set set)
{
	return (const struct statefmt_labels *)(const void *)(t->text + (size_t)set * 8);
}

bool rt_labels_exists(rt_label_set set)
{
	const struct table *t = atomic_load_explicit(&labels, memory_order_acquire);
	size_t end = (size_t)set * 8 + sizeof(struct statefmt_labels);

	return set == 0 || (t && end <= atomic_load(&t->used) && set_at(t, set)->mark == SET_MARK);
}

size_t rt_labels_get(rt_label_set set, struct rt_label *out)
{
	const struct table *t = atomic_load_explicit(&labels, memory_order_acquire);
	const struct statefmt_labels *s;
	const char *p;

	if (set == 0 || !rt_labels_exists(set))
		return 0;
	s = set_at(t, set);
	p = s->text;
	for (uint32_t i = 0; i < s->n; i++) {
		out[i].key = str_c(p);
		out[i].value = str_c(p + out[i].key.n + 1);
		p = out[i].value.p + out[i].value.n + 1;
	}
	return s->n;
}

/* Puts one pair where it belongs by its key. */
static void add_pair(struct draft *d, const struct rt_label *pair)
{
	size_t at = d->n;

	while (at > 0 && str_cmp(d->pairs[at - 1].key, pair->key) >= 0)
		at--;
	if (at < d->n && str_eq(d->pairs[at].key, pair->key)) {
		d->pairs[at] = *pair;
		return;
	}
	if (d->n == RT_LABELS_PAIRS) {
		d->full = true;
		return;
	}
	memmove(&d->pairs[at + 1], &d->pairs[at], (d->n - at) * sizeof(*pair));
	d->pairs[at] = *pair;
	d->n++;
}

/* The draft's texts into `text`; their bytes, 0 when they are too many. */
static size_t flatten(const struct draft *d, char text[RT_LABELS_BYTES])
{
	struct fmt_buf b = fmt_buf_of(text, RT_LABELS_BYTES);

	for (size_t i = 0; i < d->n; i++) {
		fmt_str(&b, d->pairs[i].key);
		fmt_char(&b, '\0');
		fmt_str(&b, d->pairs[i].value);
		fmt_char(&b, '\0');
	}
	return b.failed ? 0 : b.n;
}

/* Fresh space with the set in it; 0 when there is none. */
static rt_label_set store(struct table *t, uint32_t hash, const char *text, size_t n, size_t pairs)
{
	size_t bytes = (sizeof(struct statefmt_labels) + n + 7) & ~(size_t)7;
	uint64_t at = atomic_load(&t->used);
	struct statefmt_labels *s;

	do {
		if (at + bytes > TEXT_BYTES)
			return 0;
	} while (!atomic_compare_exchange_weak(&t->used, &at, at + bytes));
	s = (struct statefmt_labels *)(void *)(t->text + at);
	s->hash = hash;
	s->bytes = (uint32_t)n;
	s->n = (uint32_t)pairs;
	memcpy(s->text, text, n);
	s->mark = SET_MARK;
	return (rt_label_set)(at / 8);
}

static bool same(const struct statefmt_labels *s, uint32_t hash, const char *text, size_t n)
{
	return s->hash == hash && s->bytes == n && memcmp(s->text, text, n) == 0;
}

/* The loser of a race uses the winner's; its own space stays unused. */
static rt_label_set intern(struct table *t, const char *text, size_t n, size_t pairs)
{
	uint32_t hash = (uint32_t)hash_bytes(text, n);
	rt_label_set fresh = 0;

	for (uint32_t at = hash;; at++) {
		_Atomic uint32_t *slot = &t->slots[at % INDEX_SLOTS];
		rt_label_set set = atomic_load_explicit(slot, memory_order_acquire);

		if (set == 0 && fresh == 0) {
			if (atomic_load(&t->count) < RT_LABELS_MAX)
				fresh = store(t, hash, text, n, pairs);
			if (fresh == 0)
				return 0;
		}
		if (set == 0 && atomic_compare_exchange_strong(slot, &set, fresh)) {
			atomic_fetch_add(&t->count, 1);
			return fresh;
		}
		if (same(set_at(t, set), hash, text, n))
			return set;
	}
}

rt_label_set rt_labels_with(rt_label_set base, const struct rt_label *add, size_t n)
{
	char text[RT_LABELS_BYTES];
	struct table *t = table();
	rt_label_set set = 0;
	struct draft d;
	size_t bytes;

	if (!t || n == 0)
		return base;
	d.full = false;
	d.n = rt_labels_get(base, d.pairs);
	for (size_t i = 0; i < n; i++)
		add_pair(&d, &add[i]);
	bytes = d.full ? 0 : flatten(&d, text);
	if (bytes)
		set = intern(t, text, bytes, d.n);
	if (set)
		return set;
	rt_stats_add(RT_STAT_LOST_LABELS, 1);
	return base;
}

bool rt_labels_keep(rt_label_set set, struct rt_state *s)
{
	const struct table *t = atomic_load_explicit(&labels, memory_order_acquire);
	size_t at = (size_t)set * 8;
	uint64_t used;
	size_t bytes;

	if (set == 0 || !rt_labels_exists(set))
		return false;
	bytes = sizeof(struct statefmt_labels) + set_at(t, set)->bytes;
	if (!rt_state_need(s, RT_REGION_LABELS, at + bytes))
		return false;
	memcpy(s->base[RT_REGION_LABELS] + at, set_at(t, set), bytes);
	used = atomic_load(&s->head->labels_used);
	while (used < at + bytes &&
	       !atomic_compare_exchange_weak(&s->head->labels_used, &used, at + bytes))
		continue;
	return true;
}

void rt_labels_print(const struct rt_label *pairs, size_t n, struct rt_bytes *out)
{
	rt_text_c(out, "{");
	for (size_t i = 0; i < n; i++) {
		rt_text_c(out, i ? ", " : "");
		rt_text_quoted(out, pairs[i].key);
		rt_text_c(out, ":");
		rt_text_quoted(out, pairs[i].value);
	}
	rt_text_c(out, "}");
}

uint32_t rt_labels_count(void)
{
	const struct table *t = atomic_load_explicit(&labels, memory_order_acquire);

	return t ? atomic_load(&t->count) : 0;
}
