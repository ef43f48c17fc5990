/*
 * Before and after: is what leaked still leaking. Sites are found by function and file, as lines
 * move when code is mended.
 */
#include <math.h>

#include "leaks/leaks.h"

#define FIXED_BELOW 0.1 /* of the old rate, with the upper bound of the new one */

static bool same_site(const struct leaks_site *a, const struct leaks_site *b)
{
	return str_eq(a->function, b->function) && str_eq(a->file, b->file);
}

static void add(struct leaks_range *sum, const struct leaks_range *r)
{
	double down = hypot(sum->value - sum->lo, r->value - r->lo);
	double up = hypot(sum->hi - sum->value, r->hi - r->value);

	sum->value += r->value;
	sum->lo = sum->value - down;
	sum->hi = sum->value + up;
}

/* Growth of the site now. What is bounded or quiet leaks at most what could hide. */
static struct leaks_range rate_now(const struct leaks_report *now, const struct leaks_site *s)
{
	struct leaks_range none = { 0, 0, now->could_hide };

	for (size_t i = 0; i < now->n_suspects; i++)
		if (same_site(&now->suspects[i], s))
			return now->suspects[i].v.rate;
	for (size_t i = 0; i < now->n_others; i++) {
		const struct leaks_range *r = &now->others[i].v.rate;
		enum leaks_class c = now->others[i].v.class;

		if (same_site(&now->others[i], s) && c != LEAKS_BOUNDED && c != LEAKS_SAWTOOTH &&
		    r->hi > none.hi)
			none.hi = r->hi;
	}
	return none;
}

void leaks_compare(struct leaks_report *now, const struct leaks_report *before)
{
	struct leaks_before *b = &now->before;

	*b = (struct leaks_before){ .is_there = true };
	for (size_t i = 0; i < before->n_suspects; i++) {
		const struct leaks_site *s = &before->suspects[i];
		struct leaks_range rate;

		if (s->v.class != LEAKS_LEAK)
			continue;
		if (!b->is_leak)
			b->name = arena_str(&now->arena, s->function);
		b->is_leak = true;
		rate = rate_now(now, s);
		add(&b->rate, &s->v.rate);
		add(&b->now, &rate);
	}
	b->is_fixed = b->is_leak && b->now.hi < FIXED_BELOW * b->rate.value;
	b->is_decided = b->is_fixed || b->now.lo > FIXED_BELOW * b->rate.value;
}
