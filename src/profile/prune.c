/*
 * Cutting of stacks at functions. A location is decided once: which of its lines go, and whether a
 * stack ends above or at it.
 */
#include "profile/prune.h"

#include "base/buf.h"
#include "profile/sieve.h"

/* What a location does to a stack that it is found in. */
#define CUTS_ABOVE 1u /* it and everything below goes */
#define CUTS_AT    2u /* everything below goes */

struct pruning {
	struct profile *p;
	struct string_match drop;
	struct string_match keep;
	struct location *locations;
	unsigned char *cuts; /* by location */
};

/* Length of a name that has a "(" of its own at its start, else 0. */
static size_t reserved_length(struct str s)
{
	static const char *const names[] = { "(anonymous namespace)", "operator()" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_starts(s, str_c(names[i])))
			return strlen(names[i]);
	return 0;
}

struct str prune_simple_name(struct str name)
{
	size_t at = 0;

	/* Functions of the PowerPC ABI begin with a dot. */
	if (str_starts(name, STR(".")))
		name = str_skip(name, 1);
	while (at < name.n) {
		size_t n = 0;

		if (name.p[at] == '(' || name.p[at] == 'o')
			n = reserved_length(str_skip(name, at));
		if (n == 0 && name.p[at] == '(')
			return str_head(name, at);
		at += n ? n : 1;
	}
	return name;
}

static MUST_USE enum err_code pruning_init(struct pruning *r, struct profile *p,
    const struct regex *drop, const struct regex *keep, struct err *e)
{
	r->p = p;
	TRY(string_match_init(&r->drop, p, drop, e));
	TRY(string_match_init(&r->keep, p, keep, e));
	r->drop.simplify = r->keep.simplify = prune_simple_name;
	r->locations = arena_alloc_raw(&p->arena, p->n_locations, sizeof *r->locations);
	r->cuts = ARENA_ARRAY(&p->arena, unsigned char, p->n_locations);
	return r->locations && r->cuts ? OK : FAIL_NOMEM(e);
}

static bool prunes(struct pruning *r, const struct line *l)
{
	str_id name = l->function == PROFILE_NONE ? 0 : r->p->functions[l->function].name;

	return name && string_matches(&r->drop, name) && !string_matches(&r->keep, name);
}

static void cut_first_lines(struct location *l, uint32_t n)
{
	l->first_line += n;
	l->n_lines -= n;
}

/* The outermost matching line and all inside it go. */
static void decide_prune(struct pruning *r, uint32_t i)
{
	struct location *l = &r->locations[i];
	const struct line *lines = location_lines(r->p, l);
	uint32_t k = l->n_lines;

	while (k > 0 && !prunes(r, &lines[k - 1]))
		k--;
	if (k == 0)
		return;
	if (k == l->n_lines) {
		r->cuts[i] = CUTS_ABOVE;
		return;
	}
	r->cuts[i] = CUTS_AT;
	cut_first_lines(l, k);
}

/* Lines inside the innermost match go. */
static void decide_prune_from(struct pruning *r, uint32_t i)
{
	struct location *l = &r->locations[i];
	const struct line *lines = location_lines(r->p, l);

	for (uint32_t k = 0; k < l->n_lines; k++) {
		if (!prunes(r, &lines[k]))
			continue;
		r->cuts[i] = CUTS_AT;
		cut_first_lines(l, k);
		return;
	}
}

static void decide(struct pruning *r, void (*one)(struct pruning *, uint32_t))
{
	for (uint32_t i = 0; i < r->p->n_locations; i++) {
		r->locations[i] = r->p->locations[i];
		one(r, i);
	}
}

/* The first frame that stays, when the cut nearest to the root decides, below some other frame. */
static size_t cut_from_root(const struct pruning *r, const uint32_t *stack, size_t depth)
{
	bool found_user = false;

	for (size_t i = depth; i > 0; i--) {
		unsigned cut = r->cuts[stack[i - 1]];

		if (cut && found_user)
			return cut == CUTS_ABOVE ? i : i - 1;
		found_user |= cut == 0;
	}
	return 0;
}

/* The first frame that stays, when the cut nearest to the leaf decides. */
static size_t cut_from_leaf(const struct pruning *r, const uint32_t *stack, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		if (r->cuts[stack[i]])
			return i;
	return 0;
}

static void cut_stacks(struct pruning *r,
    size_t (*first)(const struct pruning *, const uint32_t *, size_t), struct sieve *s)
{
	for (size_t i = 0; i < r->p->samples.n && !cancel_now(r->p->cancel, i); i++) {
		size_t depth;
		const uint32_t *stack = sample_stack(r->p, i, &depth);
		size_t from = first(r, stack, depth);

		if (depth > from)
			memcpy(sieve_stack(s), stack + from, (depth - from) * sizeof *stack);
		sieve_keep(s, i, depth - from);
	}
	sieve_publish(s);
	r->p->locations = r->locations;
}

static bool any_cut(const struct pruning *r)
{
	for (uint32_t i = 0; i < r->p->n_locations; i++)
		if (r->cuts[i])
			return true;
	return false;
}

enum err_code profile_prune(
    struct profile *p, const struct regex *drop, const struct regex *keep, struct err *e)
{
	struct pruning r;
	struct sieve s;

	TRY(pruning_init(&r, p, drop, keep, e));
	decide(&r, decide_prune);
	if (!any_cut(&r))
		return OK;
	TRY(sieve_init(&s, p, samples_frames(&p->samples), e));
	cut_stacks(&r, cut_from_root, &s);
	return cancel_check(p->cancel, e);
}

enum err_code profile_prune_from(struct profile *p, const struct regex *re, struct err *e)
{
	struct pruning r;
	struct sieve s;

	TRY(pruning_init(&r, p, re, NULL, e));
	decide(&r, decide_prune_from);
	if (!any_cut(&r))
		return OK;
	TRY(sieve_init(&s, p, samples_frames(&p->samples), e));
	cut_stacks(&r, cut_from_leaf, &s);
	return cancel_check(p->cancel, e);
}

/* *re stays NULL for an empty expression and for one that does not compile (*bad). */
static MUST_USE enum err_code compile_anchored(
    struct regex **re, struct str expression, bool *bad, struct err *e)
{
	struct buf text = { 0 };
	struct err ignored;
	enum err_code rc;

	if (expression.n == 0)
		return OK;
	BUF_LIT(&text, "^(");
	buf_add_str(&text, expression);
	BUF_LIT(&text, ")$");
	rc = buf_failed(&text) ? ERR_NOMEM : regex_new(re, buf_str(&text), &ignored);
	buf_release(&text);
	if (rc == ERR_NOMEM)
		return FAIL_NOMEM(e);
	*bad |= rc != OK;
	return OK;
}

enum err_code profile_remove_uninteresting(struct profile *p, struct err *e)
{
	struct regex *drop = NULL, *keep = NULL;
	bool bad = false;
	enum err_code rc;

	rc = compile_anchored(&drop, profile_str(p, p->drop_frames), &bad, e);
	if (rc == OK)
		rc = compile_anchored(&keep, profile_str(p, p->keep_frames), &bad, e);
	if (rc == OK && drop && !bad)
		rc = profile_prune(p, drop, keep, e);
	regex_free(drop);
	regex_free(keep);
	return rc;
}
