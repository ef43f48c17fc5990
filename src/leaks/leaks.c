/* Analysis of a series as a whole; see leaks.h. */
#include "leaks/leaks.h"

#include <math.h>

#include "leaks/suspects.h"
#include "leaks/project.h"
#include "leaks/trend.h"

/* A leak is found from so many samples on in 19 of 20 cases. */
#define FOUND_FROM 15
/* Fewer samples in all say nothing of a program. */
#define TOO_FEW    12

/* See leaks_is_certain. */
#define CERTAIN_S     60
#define CERTAIN_UP_S  600
#define CERTAIN_WIDTH 0.2

const char *leaks_class_word(enum leaks_class c)
{
	static const char *const words[] = { "FEW SAMPLES", "STATIC", "CHURN", "STABLE", "BOUNDED",
		"SAWTOOTH", "LOAD", "BURST", "PLATEAU", "GROWING, too early", "GROWING", "LEAK" };

	return words[c];
}

const char *leaks_trust_word(enum leaks_trust t)
{
	static const char *const words[] = { "unsure", "suspected", "likely", "strong" };

	return words[t];
}

bool leaks_is_mixed(const struct leaks_report *r, const struct leaks_site *s)
{
	return r->n_moments == 1 && s->v.class == LEAKS_STABLE && s->v.ages.is == LEAKS_STABLE;
}

/* Rates below which FOUND_FROM samples do not come together. */
static double could_hide(const struct leaks_input *in, const struct leaks_report *r, double period)
{
	double span = 0.75 * r->window_s;

	if (in->has_births)
		span = fmax(span, 0.7 * r->uptime_s);
	return span > 0 ? FOUND_FROM * fmax(1, period) / span : (double)INFINITY;
}

/* Less than this, and than this part of all, comes and goes in any process. */
#define NOTEWORTHY       (1 << 20)
#define NOTEWORTHY_SHARE 0.01

bool leaks_is_noteworthy(const struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	return p->has_slope && p->slope.lo > 0 && r->window_s > 0 &&
	       p->slope.lo * r->window_s >= fmax(NOTEWORTHY, NOTEWORTHY_SHARE * (double)p->used);
}

bool leaks_is_unexplained(const struct leaks_report *r)
{
	return leaks_is_noteworthy(r) && r->heap_growth < 0.3 * r->projection.slope.value;
}

/* Memory that is touched bit by bit shows in the process, and not in how many blocks there are. */
static bool fills_a_block(const struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	for (size_t i = 0; leaks_is_noteworthy(r) && i < r->n_others; i++)
		if (r->others[i].v.is_replaced &&
		    r->others[i].v.live_bytes >= p->slope.lo * r->window_s)
			return true;
	return false;
}

static const char *why_undecided(
    const struct leaks_report *r, const struct leaks_input *in, const struct series *s)
{
	if (in->n_moments == 1 && !in->has_births)
		return "one profile without births cannot show growth: several in time order are "
		       "needed";
	if (!in->has_births && in->n_moments < 4)
		return "without births at least four profiles are needed to tell a leak from a "
		       "cache that fills";
	if (r->n_suspects > 0)
		return "growth was seen whose shape is not decided yet";
	if (fills_a_block(r))
		return "memory grows, maybe into a block that is allocated anew, ever larger";
	if (in->n_moments == 1 && in->has_births)
		for (size_t i = 0; i < r->n_others; i++)
			if (leaks_is_mixed(r, &r->others[i]))
				return "blocks of all ages are alive: whether they get more takes "
				       "several profiles";
	if (s->samples < TOO_FEW && leaks_is_unexplained(r))
		return "memory grows, but hardly any of it is malloc's";
	if (s->samples < TOO_FEW)
		return "too few blocks were sampled";
	if (in->n_moments == 1 && r->uptime_s < 10)
		return "the process has hardly started";
	return NULL;
}

static void measure(struct leaks_report *r, const struct leaks_input *in, const struct series *s)
{
	const struct leaks_moment *first = &in->moments[0];
	const struct leaks_moment *last = &in->moments[in->n_moments - 1];
	double grown = 0;

	r->n_moments = in->n_moments;
	r->window_s = last->at - first->at;
	r->uptime_s = in->has_births ? last->at : 0;
	r->has_births = in->has_births;
	r->has_times = in->has_times;
	r->has_allocs = s->has_allocs;
	r->period = in->p->period;
	r->samples = s->samples;
	r->could_hide = could_hide(in, r, s->period);
	for (size_t i = 0; i < s->n_rows; i++) {
		if (s->rows[i].moment + 1 == in->n_moments)
			grown += s->rows[i].live_bytes;
		if (s->rows[i].moment == 0)
			grown -= s->rows[i].live_bytes;
	}
	r->heap_growth = r->window_s > 0 ? grown / r->window_s : 0;
}

/* A leak that the process's own figures do not show is not called strong. */
static void reconcile(struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	for (size_t i = 0; p->has_slope && i < r->n_suspects; i++) {
		struct leaks_verdict *v = &r->suspects[i].v;

		if (v->trust == LEAKS_STRONG && p->slope.hi < 0.5 * v->rate.lo)
			v->trust = LEAKS_LIKELY;
	}
}

static MUST_USE enum err_code analyze(
    struct leaks_report *r, struct series *s, const struct leaks_input *in, struct err *e)
{
	struct groups sites = { 0 };
	enum err_code code;

	TRY(series_read(s, in, &r->arena, e));
	code = groups_make(&sites, s, e);
	if (code == OK)
		code = suspects_choose(r, &sites, in, e);
	groups_release(&sites);
	return code;
}

enum err_code leaks_analyze(struct leaks_report *out, const struct leaks_input *in, struct err *e)
{
	struct series s;

	*out = (struct leaks_report){ .outcome = LEAKS_NO_LEAK };
	TRY(analyze(out, &s, in, e));
	measure(out, in, &s);
	project_fill(out, in);
	reconcile(out);
	if (out->outcome != LEAKS_IS_LEAK) {
		out->why = why_undecided(out, in, &s);
		out->outcome = out->why ? LEAKS_UNDECIDED : LEAKS_NO_LEAK;
	}
	/* What the heap explains, and is no leak, will not go on. */
	if (out->outcome == LEAKS_NO_LEAK && !leaks_is_unexplained(out))
		out->projection.has_from_memory = false;
	return OK;
}

bool leaks_is_certain(const struct leaks_report *r)
{
	const struct leaks_verdict *v = r->n_suspects ? &r->suspects[0].v : NULL;

	return v && v->class == LEAKS_LEAK && v->trust == LEAKS_STRONG &&
	       v->ages.is == LEAKS_LEAK && r->window_s >= CERTAIN_S &&
	       r->uptime_s >= CERTAIN_UP_S &&
	       v->rate.hi - v->rate.lo < 2 * CERTAIN_WIDTH * v->rate.value;
}

void leaks_report_release(struct leaks_report *r)
{
	arena_release(&r->arena);
	*r = (struct leaks_report){ 0 };
}
