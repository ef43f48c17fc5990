/*
 * A report as text; see explain.h. The order is that of the reader's questions: is it a leak, when
 * does it end, which line, how do you know, what could you be wrong about, what shall I do.
 */
#include "leaks/explain.h"

#include <math.h>

#include "leaks/amounts.h"

/* Indented lines begin with a word in a column of its own. */
static void begin(struct buf *out, const char *word)
{
	buf_printf(out, "    %-11s ", word);
}

static const char *per(const struct leaks_report *r)
{
	return r->has_times ? "/s" : "/profile";
}

static size_t count_leaks(const struct leaks_report *r)
{
	size_t n = 0;

	while (n < r->n_suspects && r->suspects[n].v.class == LEAKS_LEAK)
		n++;
	return n;
}

static void put_name(struct buf *out, const struct leaks_site *s)
{
	buf_printf(out, "%.*s", STR_ARG(s->function));
	if (s->file.n && s->line)
		buf_printf(out, " %.*s:%lld", STR_ARG(s->file), (long long)s->line);
	else if (s->file.n)
		buf_printf(out, " %.*s", STR_ARG(s->file));
}

static void put_series(struct buf *out, const struct leaks_report *r)
{
	buf_printf(out, "%zu profile%s", r->n_moments, r->n_moments == 1 ? "" : "s");
	if (r->has_times && r->window_s > 0) {
		BUF_LIT(out, " over ");
		amount_seconds(out, r->window_s);
	}
	if (r->uptime_s > 0) {
		BUF_LIT(out, ", up ");
		amount_seconds(out, r->uptime_s);
	}
}

static void put_headline(
    struct buf *out, const struct leaks_report *r, const struct explain_options *o)
{
	size_t leaks = count_leaks(r);

	if (leaks) {
		buf_printf(out, "LEAK (%s)   %zu suspect%s",
		    leaks_trust_word(r->suspects[0].v.trust), leaks, leaks == 1 ? "" : "s");
		if (!isnan(r->projection.explained))
			buf_printf(out, " explain%s %.0f%% of the growth of memory",
			    leaks == 1 ? "s" : "", 100 * r->projection.explained);
	} else if (r->outcome == LEAKS_UNDECIDED) {
		buf_printf(out, "UNDECIDED   %s", r->why ? r->why : "");
	} else {
		BUF_LIT(out, "NO LEAK");
	}
	buf_printf(out, "      %.*s, ", STR_ARG(o->source));
	put_series(out, r);
	buf_char(out, '\n');
	if (o->restart.n)
		buf_printf(out, "%.*s\n", STR_ARG(o->restart));
}

/* "54m [48m..61m]" */
static void put_time_left(struct buf *out, const struct leaks_range *left)
{
	amount_seconds(out, left->value);
	BUF_LIT(out, " [");
	amount_seconds(out, left->lo);
	BUF_LIT(out, "..");
	amount_seconds(out, left->hi);
	buf_char(out, ']');
}

static void put_limit(struct buf *out, const struct leaks_projection *p)
{
	BUF_LIT(out, "; limit ");
	amount_bytes(out, (double)p->limit);
	if (!p->has_from_memory && !p->has_from_sites)
		return;
	BUF_LIT(out, " in ");
	put_time_left(out, p->has_from_memory ? &p->from_memory : &p->from_sites);
	if (p->has_from_memory && p->has_from_sites) {
		BUF_LIT(out, " (by the sites alone ");
		put_time_left(out, &p->from_sites);
		buf_char(out, ')');
	}
	if (p->has_from_memory && !isfinite(p->from_memory.hi))
		BUF_LIT(out, "; that it levels off cannot be ruled out");
}

static void put_memory(struct buf *out, const struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	if (p->used <= 0)
		return;
	BUF_LIT(out, "memory ");
	amount_bytes(out, (double)p->used);
	if (p->has_slope) {
		buf_printf(out, ", %s ", p->slope.value < 0 ? "changing" : "growing");
		amount_rate(out, &p->slope, "/s");
	}
	if (p->limit > 0)
		put_limit(out, p);
	buf_char(out, '\n');
}

/* Growth that the heap does not have needs another explanation. */
static void put_reconciliation(struct buf *out, const struct leaks_report *r)
{
	const struct leaks_projection *p = &r->projection;

	if (!p->has_slope || p->slope.lo <= 0 || r->window_s <= 0)
		return;
	if (r->heap_growth < 0.3 * p->slope.value)
		BUF_LIT(out,
		    "            memory grows, what malloc gave out does not: fragmentation, "
		    "memory kept by the allocator, or mmap\n");
	else if (!isnan(p->explained) && p->explained < 0.8)
		buf_printf(out,
		    "            the suspects explain %.0f%% of it: the rest is other growth of "
		    "the "
		    "heap, fragmentation, or mmap\n",
		    100 * p->explained);
}

static void put_share(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	const struct leaks_projection *p = &r->projection;

	if (!p->has_slope || p->slope.value <= 0 || s->v.class != LEAKS_LEAK)
		return;
	begin(out, "share");
	buf_printf(out, "growth here is %.0f%% of the growth of memory\n",
	    100 * s->v.rate.value / p->slope.value);
}

static void put_chance(struct buf *out, double p)
{
	if (p < 1e-9)
		BUF_LIT(out, "(p < 1e-9)");
	else
		buf_printf(out, "(p = %.2g)", p);
}

static void put_births(struct buf *out, const struct leaks_verdict *v)
{
	buf_printf(out, "%.0f sampled blocks born here within ", v->born);
	amount_seconds(out, v->span_s);
	BUF_LIT(out, " are alive and older than ");
	amount_seconds(out, v->min_age_s);
	buf_printf(out, ", %.0f older ones %s freed ", v->died, v->died == 1 ? "was" : "were");
	put_chance(out, v->p);
	buf_char(out, '\n');
}

static void put_ages(struct buf *out, const struct leaks_ages *a)
{
	if (a->total < 1)
		return;
	begin(out, "");
	BUF_LIT(out, "survivors by age:");
	for (unsigned i = 0; i < 4; i++) {
		double from = 0;

		for (unsigned k = 0; k < i; k++)
			from += a->seconds[k];
		buf_printf(out, "%s ", i ? " |" : "");
		amount_seconds(out, from);
		buf_char(out, '-');
		amount_seconds(out, from + a->seconds[i]);
		buf_printf(out, " %.0f", a->n[i]);
	}
	if (a->is == LEAKS_LEAK)
		BUF_LIT(out, "  -> every stretch of time leaves as much behind");
	else if (a->is == LEAKS_BOUNDED)
		BUF_LIT(out, "  -> nothing gets old");
	buf_char(out, '\n');
}

static void put_thirds(struct buf *out, const struct leaks_report *r, const struct leaks_verdict *v)
{
	if (!v->has_thirds)
		return;
	begin(out, "");
	BUF_LIT(out, "by thirds of the time: ");
	for (unsigned i = 0; i < 3; i++) {
		buf_printf(out, "%s", i ? ", " : "");
		amount_bytes(out, v->thirds[i]);
		buf_printf(out, "%s", per(r));
	}
	buf_printf(
	    out, "; last third still growing: %s\n", v->is_last_third_growing ? "yes" : "no");
}

static void put_evidence(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	const struct leaks_verdict *v = &s->v;

	begin(out, "evidence");
	if (!r->has_births) {
		buf_printf(out, "%+.0f samples in use between the first and the last profile ",
		    v->born - v->died);
		put_chance(out, v->p);
		BUF_LIT(out, "; no births in these profiles, so what is young and what is old "
			     "is not told apart: weaker\n");
	} else if (v->is_window) {
		put_births(out, v);
	} else {
		buf_printf(out, "%.0f sampled blocks alive, from one look at their ages alone\n",
		    v->ages.total);
	}
	if (r->has_births)
		put_ages(out, &v->ages);
	if (v->is_window)
		put_thirds(out, r, v);
}

static void put_caveat(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	begin(out, "caveat");
	if (s->v.class != LEAKS_LEAK || !r->has_times) {
		BUF_LIT(out, "a cache that still fills looks the same\n");
		return;
	}
	BUF_LIT(out, "a TTL or a size limit that takes longer than ");
	amount_seconds(out, r->uptime_s > 0 ? r->uptime_s : r->window_s);
	BUF_LIT(out, " to reach would look the same");
	if (s->v.trust == LEAKS_SUSPECTED)
		BUF_LIT(out, "; one profile cannot tell a leak from a cache that still fills");
	if (r->has_births && s->v.is_window && s->v.died < 1)
		BUF_LIT(out, "; no free of an old block was seen");
	buf_char(out, '\n');
}

/* Samples that are missing for a verdict, and how long they take. */
static void put_need(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	double net = s->v.born - s->v.died, need = fmax(8, 25 - net);

	begin(out, "needs");
	buf_printf(out, "about %.0f more sampled blocks", need);
	if (r->has_times && s->v.rate.value > 0 && r->period > 1) {
		double wait = need * (double)r->period / s->v.rate.value;

		BUF_LIT(out, ": ");
		amount_seconds(out, wait);
		BUF_LIT(out, " at a sample each ");
		amount_bytes(out, (double)r->period);
		if (r->period > 64 * 1024) {
			BUF_LIT(out, ", or ");
			amount_seconds(out, wait * 65536 / (double)r->period);
			BUF_LIT(out, " with PPROF_HEAP_RATE=64k");
		}
	}
	buf_char(out, '\n');
}

/* A URL without the path of its profile. */
static struct str base_of(struct str source)
{
	size_t at = str_find(source, STR("/debug/pprof"));

	return at == STR_NPOS ? source : str_head(source, at);
}

static void put_next(struct buf *out, const struct explain_options *o, const struct leaks_site *s)
{
	begin(out, "do next");
	buf_printf(out, "pprof -list '%.*s' %.*s%s\n", STR_ARG(s->function), STR_ARG(o->source),
	    o->is_live && str_find(o->source, STR("/debug/pprof")) == STR_NPOS ? "/debug/pprof/heap"
									       : "");
	begin(out, "");
	if (s->holder.n)
		buf_printf(out,
		    "pprof -tree %.*s%s   (who holds it); free it, or bound it (a limit of "
		    "entries, a TTL and an eviction); then compare:\n",
		    STR_ARG(base_of(o->source)), "/debug/pprof/retained");
	else
		BUF_LIT(out,
		    "find who keeps it; free it, or bound it (a limit of entries, a TTL and an "
		    "eviction); then compare:\n");
	begin(out, "");
	buf_printf(out,
	    "pprof leaks -since BEFORE %.*s   (BEFORE: what -save DIR kept of this run)\n",
	    STR_ARG(o->source));
}

static void put_holder(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	if (s->holder.n == 0 && r->no_holder.n == 0)
		return;
	begin(out, "held by");
	if (s->holder.n == 0) {
		buf_printf(out, "not known: %.*s\n", STR_ARG(r->no_holder));
		return;
	}
	buf_printf(out, "%.*s   %.0f of %.0f samples\n", STR_ARG(s->holder), s->holder_samples,
	    s->held_samples);
	if (s->other_holder.n == 0)
		return;
	begin(out, "");
	buf_printf(out, "%.*s   %.0f samples\n", STR_ARG(s->other_holder), s->other_holder_samples);
}

static void put_now(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	BUF_LIT(out, "now ");
	amount_bytes(out, s->v.live_bytes);
	BUF_LIT(out, " in ");
	amount_count(out, s->v.live_objects);
	BUF_LIT(out, " blocks");
	if (s->v.live_objects >= 1) {
		BUF_LIT(out, " (");
		amount_bytes(out, s->v.live_bytes / s->v.live_objects);
		BUF_LIT(out, " each)");
	}
	if (s->curve && r->n_moments > 1) {
		BUF_LIT(out, "  ");
		amount_sparkline(out, s->curve, r->n_moments);
	}
	buf_char(out, '\n');
}

static void put_suspect(
    struct buf *out, const struct leaks_report *r, const struct explain_options *o, size_t i)
{
	const struct leaks_site *s = &r->suspects[i];
	bool leaks = s->v.class == LEAKS_LEAK;

	buf_printf(out, "\n#%zu  ", i + 1);
	put_name(out, s);
	buf_printf(out, "   %s", leaks_class_word(s->v.class));
	if (leaks)
		buf_printf(out, " (%s)", leaks_trust_word(s->v.trust));
	buf_printf(out, "   %s", s->v.rate.value > 0 ? "+" : "");
	amount_rate(out, &s->v.rate, per(r));
	buf_char(out, '\n');
	begin(out, "in use");
	put_now(out, r, s);
	put_share(out, r, s);
	put_evidence(out, r, s);
	put_holder(out, r, s);
	begin(out, "allocated");
	buf_printf(out, "%.*s", STR_ARG(s->stack));
	if (s->stack_share < 0.995)
		buf_printf(out, "   (%.0f%% of it)", 100 * s->stack_share);
	buf_char(out, '\n');
	put_caveat(out, r, s);
	if (leaks)
		put_next(out, o, s);
	else
		put_need(out, r, s);
}

static void put_bounds(struct buf *out, const struct leaks_site *s)
{
	amount_bytes(out, s->v.least_bytes);
	if (s->v.most_bytes > s->v.least_bytes) {
		BUF_LIT(out, "..");
		amount_bytes(out, s->v.most_bytes);
	}
}

static void put_other(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	const struct leaks_verdict *v = &s->v;
	bool cut_off = v->class == LEAKS_BOUNDED || v->class == LEAKS_SAWTOOTH;

	BUF_LIT(out, "    ");
	put_name(out, s);
	buf_printf(out, ": %s ", leaks_class_word(v->class));
	put_bounds(out, s);
	if (v->class == LEAKS_SAWTOOTH && v->period_s > 0 && r->has_times) {
		BUF_LIT(out, ", period ");
		amount_seconds(out, v->period_s);
	}
	if (r->has_births && cut_off) {
		BUF_LIT(out, ", oldest block ");
		amount_seconds(out, v->ages.oldest_s);
		BUF_LIT(out, " (bounded by age)");
	}
	if (s->curve && r->n_moments > 1) {
		BUF_LIT(out, "  ");
		amount_sparkline(out, s->curve, r->n_moments);
	}
	buf_char(out, '\n');
}

static void put_others(struct buf *out, const struct leaks_report *r)
{
	if (r->n_others == 0)
		return;
	BUF_LIT(out, "\nnot leaks:\n");
	for (size_t i = 0; i < r->n_others; i++)
		put_other(out, r, &r->others[i]);
}

static void put_hidden(struct buf *out, const struct leaks_report *r)
{
	if (!isfinite(r->could_hide))
		return;
	BUF_LIT(out, "could hide: a leak slower than ");
	amount_bytes(out, r->could_hide);
	buf_printf(out, "%s", per(r));
	if (r->period > 1) {
		BUF_LIT(out, " (a sample each ");
		amount_bytes(out, (double)r->period);
		BUF_LIT(out, ")");
	}
	if (!r->has_births)
		BUF_LIT(out,
		    ", or a faster one at a line that frees much: these profiles have no births");
	buf_char(out, '\n');
}

static void put_before(struct buf *out, const struct leaks_report *r)
{
	const struct leaks_before *b = &r->before;
	double less = b->rate.value > 0 ? 100 * (1 - b->now.value / b->rate.value) : 0;

	if (!b->is_there)
		return;
	if (!b->is_leak) {
		BUF_LIT(out, "before: no leak was there\n");
		return;
	}
	buf_printf(out, "%s: %.*s was +",
	    !b->is_decided ? "not known yet"
	    : b->is_fixed  ? "FIXED"
			   : "NOT FIXED",
	    STR_ARG(b->name));
	amount_rate(out, &b->rate, per(r));
	BUF_LIT(out, ", is now ");
	amount_rate(out, &b->now, per(r));
	buf_printf(out, ": %.0f%% %s\n", fabs(less), less >= 0 ? "less" : "more");
}

void explain_text(const struct leaks_report *r, const struct explain_options *o, struct buf *out)
{
	put_headline(out, r, o);
	put_memory(out, r);
	put_reconciliation(out, r);
	put_before(out, r);
	for (size_t i = 0; i < r->n_suspects; i++)
		put_suspect(out, r, o, i);
	put_others(out, r);
	put_hidden(out, r);
}

void explain_brief(const struct leaks_report *r, struct buf *out)
{
	const struct leaks_site *s = r->n_suspects ? &r->suspects[0] : NULL;

	if (!s) {
		buf_printf(
		    out, "%s so far", r->outcome == LEAKS_NO_LEAK ? "no leak" : "nothing certain");
		return;
	}
	buf_printf(out, "%s ", leaks_class_word(s->v.class));
	amount_rate(out, &s->v.rate, per(r));
	buf_printf(out, ", %.0f samples stayed, %.0f left", s->v.born, s->v.died);
}
