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

/*
 * Growth of the site now, of all its lines. What is bounded or quiet leaks at most what could hide.
 */
static struct leaks_range rate_now(
    const struct leaks_report *now, const struct leaks_site *s, bool *is_there)
{
	struct leaks_range sum = { 0, 0, 0 }, none = { 0, 0, now->could_hide };
	bool suspected = false;

	for (size_t i = 0; i < now->n_suspects; i++) {
		if (!same_site(&now->suspects[i], s))
			continue;
		add(&sum, &now->suspects[i].v.rate);
		*is_there = suspected = true;
	}
	for (size_t i = 0; i < now->n_others; i++) {
		const struct leaks_range *r = &now->others[i].v.rate;
		enum leaks_class c = now->others[i].v.class;

		if (!same_site(&now->others[i], s))
			continue;
		*is_there = true;
		if (c != LEAKS_BOUNDED && c != LEAKS_SAWTOOTH && r->hi > none.hi)
			none.hi = r->hi;
	}
	return suspected ? sum : none;
}

/* Of the suspects before, the first of several lines of one function. */
static bool is_first(const struct leaks_report *before, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (before->suspects[i].v.class == LEAKS_LEAK &&
		    same_site(&before->suspects[i], &before->suspects[at]))
			return false;
	return true;
}

void leaks_compare(struct leaks_report *now, const struct leaks_report *before)
{
	struct leaks_before *b = &now->before;

	*b = (struct leaks_before){ .is_there = true };
	for (size_t i = 0; i < before->n_suspects; i++) {
		const struct leaks_site *s = &before->suspects[i];
		struct leaks_range rate;
		bool is_there = false;

		if (s->v.class != LEAKS_LEAK)
			continue;
		if (!b->is_leak)
			b->name = arena_str(&now->arena, s->function);
		b->is_leak = true;
		add(&b->rate, &s->v.rate);
		if (!is_first(before, i))
			continue;
		b->n_sites++;
		rate = rate_now(now, s, &is_there);
		add(&b->now, &rate);
		/* Another build has it at another address. */
		b->is_unnamed |= !s->is_named && !is_there;
	}
	b->is_fixed = b->is_leak && !b->is_unnamed && b->now.hi < FIXED_BELOW * b->rate.value;
	b->is_decided = b->is_fixed || b->now.lo > FIXED_BELOW * b->rate.value;
}

double leaks_less_percent(const struct leaks_before *b)
{
	return b->is_leak && b->rate.value > 0 ? 100 * (1 - b->now.value / b->rate.value)
					       : (double)NAN;
}
