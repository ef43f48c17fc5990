/*
 * Many texts at once into a profile's string table. Called by symbolize/ with what its cache holds.
 * What is hard: a table's map costs more than all else when tens of thousands of names come, and
 * nobody may ask it afterwards. So the map is left behind (profile.c lets it catch up when it is
 * asked), and whether a text is there already is first asked of a few bits.
 */
#include "core/hash.h"
#include "profile/profile.h"

#define BITS_A_STRING 16
#define BITS_MIN      ((size_t)1024)

/* One bit of some for each string of a profile: clear means that a text is not there. */
struct sketch {
	uint64_t *words;
	uint64_t mask; /* of bits; their number is a power of two */
};

/* Of the ends, which differ in most texts that differ. */
static uint64_t rough_hash(struct str s)
{
	uint64_t head = 0, middle = 0, tail = 0;

	if (s.n < 8)
		return hash_bytes(s.p, s.n);
	memcpy(&head, s.p, 8);
	memcpy(&middle, s.p + (s.n - 8) / 2, 8);
	memcpy(&tail, s.p + s.n - 8, 8);
	return hash_mix(hash_mix(head, middle), tail ^ s.n);
}

static bool sketch_init(struct sketch *k, const struct profile *p, struct arena *a)
{
	size_t bits = BITS_MIN;

	while (bits < (size_t)p->strings.n * BITS_A_STRING)
		bits *= 2;
	k->words = ARENA_ARRAY(a, uint64_t, bits / 64);
	k->mask = bits - 1;
	for (uint32_t i = 0; k->words && i < p->strings.n; i++) {
		const uint64_t bit = rough_hash(p->strings.v[i]) & k->mask;

		k->words[bit / 64] |= (uint64_t)1 << bit % 64;
	}
	return k->words;
}

static bool sketch_may_have(const struct sketch *k, struct str s)
{
	const uint64_t bit = rough_hash(s) & k->mask;

	return k->words[bit / 64] >> bit % 64 & 1;
}

/* Ids of those that the profile has; 0 for others and for "". */
static bool find_known(
    struct profile *p, const char *base, const struct text_span *texts, size_t n, str_id *ids)
{
	struct arena a = { 0 };
	struct sketch k;
	const bool ok = sketch_init(&k, p, &a);

	for (size_t i = 0; ok && i < n; i++) {
		const struct str s = { base + texts[i].at, texts[i].n };

		ids[i] = s.n && sketch_may_have(&k, s) ? profile_find_str(p, s) : 0;
	}
	arena_release(&a);
	return ok && !p->arena.failed;
}

bool profile_intern_distinct(
    struct profile *p, const char *base, const struct text_span *texts, size_t n, str_id *ids)
{
	struct strtab *t = &p->strings;

	if (!find_known(p, base, texts, n, ids) || !profile_reserve_texts(p, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (ids[i] || !texts[i].n)
			continue;
		t->v[t->n] = (struct str){ base + texts[i].at, texts[i].n };
		ids[i] = t->n++;
	}
	return true;
}
