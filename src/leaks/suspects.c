/*
 * From judged sites to suspects; see suspects.h. A line is reported rather than its function, and
 * the stack that most growth came through is shown with it. The function is reported when its lines
 * leave more than a fifth of its growth unexplained, a single stack when its line as a whole hides
 * that it grows.
 */
#include "leaks/suspects.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "leaks/verdict.h"

#define KEEPS       0.8 /* of the growth */
#define MAX_FRAMES  5   /* shown of a stack, from the owner on */
#define MAX_CALLEES 2   /* of the wrappers it called */
#define MAX_OTHERS  8
#define SMALL       0.005 /* of the most bytes: others below are not worth a line */

struct chooser {
	struct leaks_report *r;
	struct groups *sites;
	const struct leaks_input *in;
	struct judged *judged[LEAKS_LEVELS];
	bool *taken; /* by line */
	struct leaks_view view;
	VEC(struct leaks_site) suspects;
	VEC(struct leaks_site) others;
};

static bool is_hot(const struct judged *j)
{
	return j->v.class == LEAKS_LEAK;
}

static bool is_warm(const struct judged *j)
{
	return j->v.class == LEAKS_GROWING || j->v.class == LEAKS_EARLY;
}

static MUST_USE enum err_code judge_level(struct chooser *c, enum leaks_level level, struct err *e)
{
	struct groups *s = c->sites;
	struct judged *all = ARENA_ARRAY(&c->r->arena, struct judged, s->n[level]);
	double *p = ARENA_ARRAY(&c->r->arena, double, s->n[level]);
	struct verdict_cuts cuts;
	size_t n = 0;

	if (!all || !p)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < s->n[level]; i++) {
		if (!groups_view(s, level, i, &c->view))
			return FAIL_NOMEM(e);
		verdict_judge(&c->view, &all[i]);
		if (all[i].has_trend && all[i].trend.flow.born + all[i].trend.flow.died > 0)
			p[n++] = all[i].trend.flow.p;
	}
	cuts = verdict_cuts_of(p, n);
	for (uint32_t i = 0; i < s->n[level]; i++)
		verdict_settle(&all[i], c->in, cuts);
	c->judged[level] = all;
	return OK;
}

/* Growth of one stack, or what is in use of it when there is but one profile. */
static double weight_of(const struct chooser *c, uint32_t stack, bool by_growth)
{
	const struct series *s = c->sites->series;
	double first = 0, last = 0;

	for (uint32_t i = c->sites->row_at[stack]; i < c->sites->row_at[stack + 1]; i++) {
		if (s->rows[i].moment == 0)
			first += s->rows[i].live_bytes;
		if (s->rows[i].moment + 1 == c->in->n_moments)
			last += s->rows[i].live_bytes;
	}
	return by_growth ? fmax(0, last - first) : last;
}

struct branch {
	struct frame frames[OWNERS_DEPTH];
	size_t n, owner;
};

static bool same_frame(const struct frame *a, const struct frame *b)
{
	if (a->function == PROFILE_NONE || b->function == PROFILE_NONE)
		return a->location == b->location;
	return a->function == b->function && a->line == b->line;
}

static void read_branch(const struct chooser *c, uint32_t stack, struct branch *b)
{
	b->n = owners_frames(c->sites->series, stack, b->frames);
	b->owner = owners_find(c->sites->series, b->frames, b->n);
}

static void put_frame(const struct chooser *c, const struct frame *f, bool first, struct buf *out)
{
	const struct series *s = c->sites->series;
	struct str file = owners_file(s, f);

	buf_printf(out, "%s%.*s", first ? "" : " -> ", STR_ARG(owners_name(s, f, &c->r->arena)));
	if (file.n && f->line)
		buf_printf(out, " %.*s:%lld", STR_ARG(file), (long long)f->line);
}

/*
 * The heaviest stack of the site, as far up as it carries most of the weight of all. Returns how
 * many callers that are, and the share of the weight.
 */
static size_t common_callers(const struct chooser *c, enum leaks_level level, uint32_t site,
    const struct branch *top, bool by_growth, double *share)
{
	double weights[MAX_FRAMES] = { 0 }, total = 0;
	struct groups *s = c->sites;
	struct branch other;
	size_t n = 1;

	for (uint32_t i = s->first[level][site]; i < s->first[level][site + 1]; i++) {
		double w = weight_of(c, s->by_site[level][i], by_growth);

		total += w;
		read_branch(c, s->by_site[level][i], &other);
		for (size_t k = 0;
		     k < MAX_FRAMES && top->owner + k < top->n && other.owner + k < other.n; k++) {
			if (!same_frame(
				&top->frames[top->owner + k], &other.frames[other.owner + k]))
				break;
			weights[k] += w;
		}
	}
	/* Callers without names tell nobody anything. */
	while (n < MAX_FRAMES && weights[n] >= KEEPS * total && weights[n] > 0 &&
	       (top->frames[top->owner + n].function != PROFILE_NONE ||
		   top->frames[top->owner].function == PROFILE_NONE))
		n++;
	*share = total > 0 ? weights[n - 1] / total : 0;
	return n;
}

static uint32_t heaviest(
    const struct chooser *c, enum leaks_level level, uint32_t site, bool by_growth, double *weight)
{
	struct groups *s = c->sites;
	uint32_t best = groups_stack(s, level, site);

	*weight = -1;
	for (uint32_t i = s->first[level][site]; i < s->first[level][site + 1]; i++) {
		double w = weight_of(c, s->by_site[level][i], by_growth);

		if (w > *weight) {
			*weight = w;
			best = s->by_site[level][i];
		}
	}
	return best;
}

/* What starts a program or a thread is above each stack, and nobody's concern. */
static size_t without_start(const struct chooser *c, const struct branch *top, size_t callers)
{
	while (callers > 1) {
		const struct frame *f = &top->frames[top->owner + callers - 1];

		if (!owners_is_library(c->sites->series, f) &&
		    !str_is(owners_name(c->sites->series, f, &c->r->arena), "_start"))
			break;
		callers--;
	}
	return callers;
}

/* Frames below the owner: the first that have names. */
static size_t named_callees(const struct branch *top)
{
	size_t n = 0;

	while (n < MAX_CALLEES && n < top->owner &&
	       top->frames[top->owner - n - 1].function != PROFILE_NONE)
		n++;
	return n;
}

static void describe_stack(
    struct chooser *c, enum leaks_level level, uint32_t site, struct leaks_site *out)
{
	bool by_growth = c->in->n_moments > 1;
	struct buf text = { 0 };
	struct branch top;
	double weight;
	size_t callers, callees;
	uint32_t stack = heaviest(c, level, site, by_growth, &weight);

	if (weight <= 0 && by_growth)
		stack = heaviest(c, level, site, by_growth = false, &weight);
	read_branch(c, stack, &top);
	callers = common_callers(c, level, site, &top, by_growth, &out->stack_share);
	callers = without_start(c, &top, callers);
	callees = named_callees(&top);
	for (size_t i = top.owner + callers; i-- > top.owner - callees;)
		put_frame(c, &top.frames[i], i + 1 == top.owner + callers, &text);
	out->stack = arena_str(&c->r->arena, buf_str(&text));
	buf_release(&text);
}

static const double *curve_of(struct chooser *c, enum leaks_level level, uint32_t site)
{
	double *curve = ARENA_ARRAY(&c->r->arena, double, c->in->n_moments);

	if (!curve || !groups_view(c->sites, level, site, &c->view))
		return NULL;
	for (size_t k = 0; k < c->in->n_moments; k++)
		curve[k] = c->view.points[k].live_bytes;
	return curve;
}

static struct leaks_site describe(struct chooser *c, enum leaks_level level, uint32_t site)
{
	const struct series *s = c->sites->series;
	const struct frame *f = &c->sites->owners[groups_stack(c->sites, level, site)];
	struct leaks_site out = { .level = level };

	out.function = arena_str(&c->r->arena, owners_name(s, f, &c->r->arena));
	out.file = arena_str(&c->r->arena, owners_file(s, f));
	out.is_named = f->function != PROFILE_NONE || f->location == PROFILE_NONE;
	out.line = level == LEAKS_FUNCTION ? 0 : f->line;
	out.v = c->judged[level][site].v;
	describe_stack(c, level, site, &out);
	out.curve = curve_of(c, level, site);
	return out;
}

static bool suspect(struct chooser *c, enum leaks_level level, uint32_t site)
{
	return VEC_PUSH(&c->suspects, describe(c, level, site));
}

/* The site of a finer or coarser level that the stacks of this one belong to. */
static uint32_t site_at(
    const struct chooser *c, enum leaks_level to, enum leaks_level from, uint32_t site)
{
	return c->sites->of_stack[to][groups_stack(c->sites, from, site)];
}

static void take_lines_of(struct chooser *c, uint32_t function)
{
	struct groups *s = c->sites;

	for (uint32_t i = s->first[LEAKS_FUNCTION][function];
	     i < s->first[LEAKS_FUNCTION][function + 1]; i++)
		c->taken[s->of_stack[LEAKS_LINE][s->by_site[LEAKS_FUNCTION][i]]] = true;
}

/* Functions that leak, and whose lines do not account for it. */
static void choose_functions(struct chooser *c, double *by_lines)
{
	for (uint32_t i = 0; i < c->sites->n[LEAKS_LINE]; i++) {
		const struct judged *j = &c->judged[LEAKS_LINE][i];

		if (is_hot(j))
			by_lines[site_at(c, LEAKS_FUNCTION, LEAKS_LINE, i)] += j->v.rate.value;
	}
	for (uint32_t i = 0; i < c->sites->n[LEAKS_FUNCTION]; i++) {
		const struct judged *j = &c->judged[LEAKS_FUNCTION][i];

		if (!is_hot(j) || by_lines[i] >= KEEPS * j->v.rate.value)
			continue;
		take_lines_of(c, i);
		suspect(c, LEAKS_FUNCTION, i);
	}
}

static void choose_lines(struct chooser *c)
{
	for (uint32_t i = 0; i < c->sites->n[LEAKS_LINE]; i++) {
		if (c->taken[i] || !is_hot(&c->judged[LEAKS_LINE][i]))
			continue;
		c->taken[i] = true;
		suspect(c, LEAKS_LINE, i);
	}
}

/* Stacks that leak where their line as a whole does not show it. */
static void choose_stacks(struct chooser *c)
{
	for (uint32_t i = 0; i < c->sites->n[LEAKS_STACK]; i++) {
		uint32_t line = c->sites->of_stack[LEAKS_LINE][i];

		if (c->taken[line] || !is_hot(&c->judged[LEAKS_STACK][i]))
			continue;
		suspect(c, LEAKS_STACK, i);
	}
	for (size_t i = 0; i < c->suspects.n; i++)
		c->r->outcome = LEAKS_IS_LEAK;
}

/* What may become a leak is reported beside those that are. */
static void choose_growing(struct chooser *c)
{
	for (uint32_t i = 0; i < c->sites->n[LEAKS_LINE]; i++) {
		if (c->taken[i] || !is_warm(&c->judged[LEAKS_LINE][i]))
			continue;
		c->taken[i] = true;
		suspect(c, LEAKS_LINE, i);
	}
}

static int by_rate(const void *a, const void *b)
{
	const struct leaks_site *x = a, *y = b;

	if ((x->v.class == LEAKS_LEAK) != (y->v.class == LEAKS_LEAK))
		return x->v.class == LEAKS_LEAK ? -1 : 1;
	return x->v.rate.value > y->v.rate.value ? -1 : x->v.rate.value < y->v.rate.value;
}

struct quiet {
	uint32_t line;
	double bytes;
};

static int by_bytes(const void *a, const void *b)
{
	const struct quiet *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

/* The most bytes among what is no suspect. */
static bool choose_others(struct chooser *c)
{
	uint32_t n = 0, lines = c->sites->n[LEAKS_LINE];
	struct quiet *list = ARENA_ARRAY(&c->r->arena, struct quiet, lines);

	for (uint32_t i = 0; list && i < lines; i++) {
		const struct leaks_verdict *v = &c->judged[LEAKS_LINE][i].v;

		if (!c->taken[i] && (v->class != LEAKS_FEW || v->is_replaced))
			list[n++] = (struct quiet){ i, v->most_bytes };
	}
	if (n)
		qsort(list, n, sizeof *list, by_bytes);
	for (uint32_t i = 0; i < n && i < MAX_OTHERS && list[i].bytes >= SMALL * list[0].bytes; i++)
		(void)VEC_PUSH(&c->others, describe(c, LEAKS_LINE, list[i].line));
	return list != NULL;
}

static bool publish(struct chooser *c)
{
	struct leaks_report *r = c->r;

	if (c->suspects.failed || c->others.failed)
		return false;
	if (c->suspects.n)
		qsort(c->suspects.p, c->suspects.n, sizeof *c->suspects.p, by_rate);
	r->n_suspects = c->suspects.n;
	r->n_others = c->others.n;
	r->n_sites = c->sites->n[LEAKS_LINE];
	r->suspects = arena_adopt(&r->arena, c->suspects.p);
	r->others = arena_adopt(&r->arena, c->others.p);
	c->suspects.p = NULL;
	c->others.p = NULL;
	return !arena_failed(&r->arena);
}

static MUST_USE enum err_code choose(struct chooser *c, struct err *e)
{
	double *by_lines;

	for (unsigned level = 0; level < LEAKS_LEVELS; level++)
		TRY(judge_level(c, (enum leaks_level)level, e));
	c->taken = ARENA_ARRAY(&c->r->arena, bool, c->sites->n[LEAKS_LINE]);
	by_lines = ARENA_ARRAY(&c->r->arena, double, c->sites->n[LEAKS_FUNCTION]);
	if (!c->taken || !by_lines)
		return FAIL_NOMEM(e);
	choose_functions(c, by_lines);
	choose_lines(c);
	choose_stacks(c);
	choose_growing(c);
	if (!choose_others(c) || !publish(c))
		return FAIL_NOMEM(e);
	return OK;
}

enum err_code suspects_choose(
    struct leaks_report *r, struct groups *sites, const struct leaks_input *in, struct err *e)
{
	struct chooser c = { .r = r, .sites = sites, .in = in };
	enum err_code code = choose(&c, e);

	leaks_view_release(&c.view);
	VEC_RELEASE(&c.suspects);
	VEC_RELEASE(&c.others);
	return code;
}
