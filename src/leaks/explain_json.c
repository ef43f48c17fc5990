/* A report as JSON; see explain.h. What is unknown is null. */
#include <math.h>

#include "base/json_text.h"
#include "leaks/explain_site.h"

static void put_key(struct buf *out, const char *key, bool first)
{
	buf_printf(out, "%s\"%s\": ", first ? "" : ", ", key);
}

static void put_number(struct buf *out, const char *key, double v)
{
	put_key(out, key, false);
	if (!isfinite(v))
		BUF_LIT(out, "null");
	else if (v == round(v) && fabs(v) < 1e15)
		buf_printf(out, "%.0f", v);
	else
		buf_printf(out, "%.6g", v);
}

static void put_text(struct buf *out, const char *key, struct str v, bool first)
{
	put_key(out, key, first);
	json_text(out, v);
}

static void put_bool(struct buf *out, const char *key, bool v)
{
	put_key(out, key, false);
	buf_printf(out, "%s", v ? "true" : "false");
}

static void put_range(struct buf *out, const char *key, const struct leaks_range *r, bool known)
{
	put_key(out, key, false);
	if (!known) {
		BUF_LIT(out, "null");
		return;
	}
	BUF_LIT(out, "{\"value\": ");
	buf_printf(out, "%.6g", r->value);
	put_number(out, "lo", r->lo);
	put_number(out, "hi", r->hi);
	buf_char(out, '}');
}

static void put_list(struct buf *out, const char *key, const double *v, size_t n)
{
	put_key(out, key, false);
	buf_char(out, '[');
	for (size_t i = 0; v && i < n; i++)
		buf_printf(out, "%s%.6g", i ? ", " : "", v[i]);
	buf_char(out, ']');
}

static void put_ages(struct buf *out, const struct leaks_ages *a)
{
	put_list(out, "survivors", a->n, 4);
	put_list(out, "survivors_seconds", a->seconds, 4);
	put_number(out, "oldest_seconds", a->oldest_s);
}

static void put_evidence(struct buf *out, const struct leaks_verdict *v)
{
	put_number(out, "p", v->p);
	put_number(out, "born", v->born);
	put_number(out, "died", v->died);
	put_number(out, "older_than_seconds", v->min_age_s);
	put_list(out, "thirds", v->thirds, v->has_thirds ? 3 : 0);
	put_bool(out, "last_third_growing", v->is_last_third_growing);
	put_number(out, "live_bytes", v->live_bytes);
	put_number(out, "live_objects", v->live_objects);
	put_number(out, "live_samples", v->live_samples);
	put_number(out, "least_bytes", v->least_bytes);
	put_number(out, "most_bytes", v->most_bytes);
	put_bool(out, "replaced", v->is_replaced);
	put_number(out, "period_seconds", v->period_s > 0 ? v->period_s : (double)NAN);
}

/* The sentences of the text that do not follow from the numbers. */
static void put_advice(struct buf *out, const struct leaks_report *r,
    const struct explain_options *o, const struct leaks_site *s)
{
	const struct leaks_projection *p = &r->projection;
	struct buf text = { 0 };
	bool leaks = s->v.class == LEAKS_LEAK, share = p->has_slope && p->slope.value > 0;

	put_number(out, "share", leaks && share ? s->v.rate.value / p->slope.value : (double)NAN);
	explain_caveat(&text, r, s);
	put_text(out, "caveat", buf_str(&text), false);
	buf_clear(&text);
	if (leaks)
		explain_next(&text, o, s);
	else
		explain_need(&text, r, s);
	put_text(out, leaks ? "next" : "needs", buf_str(&text), false);
	buf_release(&text);
}

static void put_site(struct buf *out, const struct leaks_report *r, const struct explain_options *o,
    const struct leaks_site *s, bool suspect)
{
	static const char *const levels[] = { "stack", "line", "function" };

	buf_char(out, '{');
	put_text(out, "verdict", str_c(explain_word(r, s)), true);
	put_text(out, "trust", str_c(leaks_trust_word(s->v.trust)), false);
	put_text(out, "level", str_c(levels[s->level]), false);
	put_text(out, "function", s->function, false);
	put_text(out, "file", s->file, false);
	put_number(out, "line", (double)s->line);
	put_text(out, "stack", s->stack, false);
	put_number(out, "stack_share", s->stack_share);
	put_text(out, "holder", s->holder, false);
	put_number(out, "holder_samples", s->holder_samples);
	put_text(out, "other_holder", s->other_holder, false);
	put_number(out, "other_holder_samples", s->other_holder_samples);
	put_number(out, "held_samples", s->held_samples);
	put_range(out, "rate", &s->v.rate, true);
	put_evidence(out, &s->v);
	if (suspect)
		put_advice(out, r, o, s);
	if (r->has_births)
		put_ages(out, &s->v.ages);
	put_list(out, "curve", s->curve, r->n_moments);
	buf_char(out, '}');
}

static void put_sites(struct buf *out, const struct leaks_report *r,
    const struct explain_options *o, const struct leaks_site *sites, size_t n)
{
	bool suspects = sites == r->suspects;

	put_key(out,
	    suspects                 ? "suspects"
	    : explain_sees_growth(r) ? "not_leaks"
				     : "in_use",
	    false);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s", i ? ",\n" : "\n");
		put_site(out, r, o, &sites[i], suspects);
	}
	buf_char(out, ']');
}

static void put_projection(struct buf *out, const struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	put_number(out, "memory", p->used > 0 ? (double)p->used : (double)NAN);
	put_number(out, "limit", p->limit > 0 ? (double)p->limit : (double)NAN);
	put_range(out, "leaks_slope", &p->leaks, p->leaks.value > 0);
	put_text(out, "limit_of", str_c(p->limit_of), false);
	put_range(out, "memory_slope", &p->slope, p->has_slope);
	put_range(out, "seconds_to_limit", &p->from_memory, p->has_from_memory);
	put_range(out, "seconds_to_limit_by_sites", &p->from_sites, p->has_from_sites);
	put_number(out, "explained", p->explained);
	put_number(out, "heap_slope", r->window_s > 0 ? r->heap_growth : (double)NAN);
}

static void put_before(struct buf *out, const struct leaks_before *b)
{
	if (!b->is_there)
		return;
	put_key(out, "before", false);
	buf_char(out, '{');
	put_text(out, "site", b->name, true);
	put_number(out, "sites", (double)b->n_sites);
	put_range(out, "rate", &b->rate, b->is_leak);
	put_range(out, "rate_now", &b->now, b->is_leak);
	put_number(out, "less_percent", leaks_less_percent(b));
	put_bool(out, "decided", b->is_decided);
	put_bool(out, "fixed", b->is_fixed);
	buf_char(out, '}');
}

void explain_json(const struct leaks_report *r, const struct explain_options *o, struct buf *out)
{
	const char *outcome = r->outcome == LEAKS_IS_LEAK     ? "leak"
			      : r->outcome == LEAKS_UNDECIDED ? "undecided"
							      : "no leak";

	buf_char(out, '{');
	put_text(out, "outcome", str_c(outcome), true);
	put_text(out, "why", str_c(r->why ? r->why : ""), false);
	put_text(out, "source", o->source, false);
	put_text(out, "notes", o->notes, false);
	put_number(out, "profiles", (double)r->n_moments);
	put_number(out, "window_seconds", r->window_s);
	put_number(out, "uptime_seconds", r->uptime_s > 0 ? r->uptime_s : (double)NAN);
	put_bool(out, "births", r->has_births);
	put_bool(out, "times", r->has_times);
	put_number(out, "sampling_bytes", (double)r->period);
	put_number(out, "could_hide", r->could_hide);
	put_number(out, "sites", (double)r->n_sites);
	put_text(out, "no_holder", r->no_holder, false);
	put_projection(out, r);
	put_before(out, &r->before);
	put_sites(out, r, o, r->suspects, r->n_suspects);
	put_sites(out, r, o, r->others, r->n_others);
	BUF_LIT(out, "}\n");
}
