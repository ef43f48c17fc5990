/*
 * The sum of all stacks that a search finds: the tree that is drawn leaves thin boxes out, and what
 * is searched for may be spread over thousands of them. See stacks.h.
 */
#include "graph/stackwalk.h"

struct summer {
	const struct profile *p;
	const struct stacks_options *o;
	struct stacks_tree tree; /* only its sources are filled */
	struct stack_frames frames;
	struct stackwalk walk;
	struct arena scratch;
	bool *wanted; /* per source */
};

static bool has_wanted(const struct summer *s, struct walker at)
{
	uint32_t source;

	while (stackwalk_next(&s->walk, &at, &source))
		if (s->wanted[source])
			return true;
	return false;
}

static void add_all(const struct summer *s, struct stacks_found *out)
{
	for (uint32_t i = 0; i < s->p->samples.n && !cancel_now(s->p->cancel, i); i++) {
		uint64_t v = (uint64_t)sample_values(s->p, i)[s->o->value_index];
		struct walker at;

		if (v == 0 || !stackwalk_start(&s->walk, i, &at) || !has_wanted(s, at))
			continue;
		out->net = (int64_t)((uint64_t)out->net + v);
		out->value = (int64_t)((uint64_t)out->value + ((int64_t)v < 0 ? 0 - v : v));
	}
}

static MUST_USE enum err_code run(
    struct summer *s, const struct regex *match, struct stacks_found *out, struct err *e)
{
	if (s->p->samples.n >= UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many samples");
	TRY(stacksources_collect(&s->tree, &s->frames, s->p, s->o, &s->scratch, e));
	s->walk = (struct stackwalk){ s->p, &s->frames, NULL, s->o->outward };
	s->wanted = stacksources_match(&s->tree, match, &s->scratch);
	if (s->o->pivot)
		s->walk.pivots = stacksources_match(&s->tree, s->o->pivot, &s->scratch);
	if (arena_failed(&s->scratch))
		return FAIL_NOMEM(e);
	add_all(s, out);
	return cancel_check(s->p->cancel, e);
}

enum err_code stacks_sum(struct stacks_found *out, const struct profile *p,
    const struct stacks_options *options, const struct regex *match, struct err *e)
{
	struct summer s = { .p = p, .o = options };
	enum err_code code;

	*out = (struct stacks_found){ 0 };
	code = run(&s, match, out, e);
	stacks_release(&s.tree);
	arena_release(&s.scratch);
	return code;
}
