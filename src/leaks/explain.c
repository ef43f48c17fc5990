/*
 * A report as text; see explain.h. The order is that of the reader's questions: is it a leak, when
 * does it end, which line, how do you know, what could you be wrong about, what shall I do.
 */
#include "leaks/explain.h"

#include <math.h>

#include "leaks/amounts.h"
#include "leaks/explain_site.h"
#include "leaks/holders.h"

static size_t count_leaks(const struct leaks_report *r)
{
	size_t n = 0;

	while (n < r->n_suspects && r->suspects[n].v.class == LEAKS_LEAK)
		n++;
	return n;
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
			    leaks == 1 ? "s" : "", 100 * fmin(1, r->projection.explained));
	} else if (r->outcome == LEAKS_UNDECIDED) {
		buf_printf(out, "UNDECIDED   %s", r->why ? r->why : "");
	} else {
		buf_printf(out, "NO LEAK%s",
		    leaks_is_unexplained(r) ? " in the heap, and memory grows" : "");
	}
	buf_printf(out, "      %.*s, ", STR_ARG(o->source));
	put_series(out, r);
	buf_char(out, '\n');
	if (o->notes.n)
		buf_printf(out, "%.*s\n", STR_ARG(o->notes));
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
	if (*p->limit_of)
		buf_printf(out, " (%s)", p->limit_of);
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
		buf_printf(out, ", %s ",
		    p->slope.lo > 0   ? "growing"
		    : p->slope.hi < 0 ? "shrinking"
				      : "steady");
		amount_rate(out, &p->slope, "/s");
	}
	if (p->limit > 0)
		put_limit(out, p);
	buf_char(out, '\n');
}

static void put_unexplained(struct buf *out, const struct explain_options *o)
{
	BUF_LIT(out, "            memory grows, what malloc gave out does not: mmap, stacks of "
		     "threads, fragmentation, or memory kept by the allocator\n");
	if (!o->is_live)
		return;
	BUF_LIT(out, "            do next: start it with PPROF_MMAP=1, and see what is mapped: "
		     " pprof -top ");
	explain_page(out, o, "mmap");
	BUF_LIT(out, "\n            many threads? pprof -top ");
	explain_page(out, o, "threads");
	buf_char(out, '\n');
}

/* Growth that the heap does not have needs another explanation. */
static void put_reconciliation(
    struct buf *out, const struct leaks_report *r, const struct explain_options *o)
{
	const struct leaks_projection *p = &r->projection;

	if (!leaks_is_noteworthy(r))
		return;
	if (leaks_is_unexplained(r))
		put_unexplained(out, o);
	else if (!isnan(p->explained) && p->explained < 0.8 && p->leaks.hi < p->slope.lo)
		buf_printf(out,
		    "            the suspects explain %.0f%% of it: the rest is other growth of "
		    "the "
		    "heap, fragmentation, or mmap\n",
		    100 * p->explained);
}

static void put_bounds(struct buf *out, const struct leaks_site *s)
{
	amount_bytes(out, s->v.least_bytes);
	if (s->v.most_bytes > s->v.least_bytes) {
		BUF_LIT(out, "..");
		amount_bytes(out, s->v.most_bytes);
	}
}

/* Words that are not plain to who reads them for the first time. */
static const char *gloss_of(enum leaks_class c, bool births)
{
	switch (c) {
	case LEAKS_STATIC:
		return " (allocated once)";
	case LEAKS_CHURN:
		return " (freed as fast as allocated)";
	case LEAKS_STABLE:
		return " (no steady growth)";
	case LEAKS_BOUNDED:
	case LEAKS_SAWTOOTH:
		return births ? " (bounded by age)" : "";
	case LEAKS_LOAD:
		return " (only what is young grows: more load)";
	case LEAKS_BURST:
		return births ? " (came all at once, is kept)" : " (came all at once)";
	case LEAKS_PLATEAU:
		return " (grew, has stopped)";
	case LEAKS_FEW:
	case LEAKS_EARLY:
	case LEAKS_GROWING:
	case LEAKS_LEAK:
		break;
	}
	return "";
}

static void put_other(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	const struct leaks_verdict *v = &s->v;
	bool cut_off = v->class == LEAKS_BOUNDED || v->class == LEAKS_SAWTOOTH;

	BUF_LIT(out, "    ");
	explain_name(out, s);
	BUF_LIT(out, ": ");
	if (explain_sees_growth(r))
		buf_printf(out, "%s ", explain_word(r, s));
	put_bounds(out, s);
	if (!explain_sees_growth(r)) {
		buf_char(out, '\n');
		return;
	}
	if (v->class == LEAKS_SAWTOOTH && v->period_s > 0 && r->has_times) {
		BUF_LIT(out, ", period ");
		amount_seconds(out, v->period_s);
	}
	if (r->has_births && cut_off) {
		BUF_LIT(out, ", oldest block ");
		amount_seconds(out, v->ages.oldest_s);
	}
	buf_printf(out, "%s",
	    leaks_is_mixed(r, s) ? " (blocks of all ages)"
	    : v->is_replaced
		? " (a large block that is allocated anew, ever larger: what fills it?)"
		: gloss_of(v->class, r->has_births));
	if (s->curve && r->n_moments > 1 && v->most_bytes > 0) {
		BUF_LIT(out, "  ");
		amount_sparkline(out, s->curve, r->n_moments);
	}
	buf_char(out, '\n');
}

static void put_others(struct buf *out, const struct leaks_report *r)
{
	if (r->n_others == 0)
		return;
	/* One look without births says what there is, not what it does. */
	buf_printf(out, "\n%s:\n", explain_sees_growth(r) ? "not leaks" : "in use");
	for (size_t i = 0; i < r->n_others; i++)
		put_other(out, r, &r->others[i]);
}

/* A sampling that finds slower leaks, for little. */
#define FINE 65536

static void put_hidden(struct buf *out, const struct leaks_report *r)
{
	if (!isfinite(r->could_hide))
		return;
	BUF_LIT(out, "could hide: a leak slower than ");
	amount_bytes(out, r->could_hide);
	buf_printf(out, "%s", explain_per(r));
	if (r->period > 1) {
		BUF_LIT(out, " (a sample each ");
		amount_bytes(out, (double)r->period);
		if (r->period > FINE) {
			BUF_LIT(out, "; ");
			amount_bytes(out, r->could_hide * FINE / (double)r->period);
			buf_printf(out, "%s with PPROF_HEAP_RATE=64k", explain_per(r));
		}
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
	double less = leaks_less_percent(b);

	if (!b->is_there)
		return;
	if (!b->is_leak) {
		BUF_LIT(out, "before: no leak was there\n");
		return;
	}
	buf_printf(out, "%s: %.*s",
	    !b->is_decided ? "not known yet"
	    : b->is_fixed  ? "FIXED"
			   : "NOT FIXED",
	    STR_ARG(b->name));
	if (b->n_sites > 1)
		buf_printf(out, " and %zu more", b->n_sites - 1);
	buf_printf(out, " %s +", b->n_sites > 1 ? "were together" : "was");
	amount_rate(out, &b->rate, explain_per(r));
	buf_printf(out, ", %s now ", b->n_sites > 1 ? "are" : "is");
	amount_rate(out, &b->now, explain_per(r));
	buf_printf(out, ": %.0f%% %s\n", fabs(less), less >= 0 ? "less" : "more");
	if (b->is_unnamed)
		BUF_LIT(out, "            the earlier profiles have no names, only addresses of "
			     "another build: nothing can be said\n");
}

/* What nobody holds is not to be bounded but freed. */
static size_t count_lost(const struct leaks_report *r)
{
	size_t lost = 0;

	for (size_t i = 0; i < count_leaks(r); i++)
		lost += str_starts(r->suspects[i].holder, LEAKS_NO_HOLDER) &&
			r->suspects[i].holder_samples >= 0.9 * r->suspects[i].held_samples;
	return lost;
}

/* Once, however many suspects there are. */
static void put_next(struct buf *out, const struct leaks_report *r, const struct explain_options *o)
{
	size_t leaks = count_leaks(r), lost = count_lost(r);

	if (leaks == 0)
		return;
	BUF_LIT(out, "\nthen: ");
	if (lost < leaks)
		BUF_LIT(out,
		    "find who keeps the blocks; free them, or bound what holds them (a limit of "
		    "entries, a TTL and an eviction)");
	if (lost)
		buf_printf(out,
		    "%s these blocks: a free is missing where the last pointer to one goes away",
		    lost < leaks ? "\n      where no pointer was found, nothing points to"
				 : "nothing that was seen points to");
	BUF_LIT(out, "\nmended? ");
	explain_again(out, o);
	if (!o->before.n)
		BUF_LIT(out, "   (DIR: what -save DIR keeps of a run)");
	else if (!o->is_live)
		BUF_LIT(out, "   (NEW: the URL or the profiles of the new run)");
	buf_char(out, '\n');
}

void explain_text(const struct leaks_report *r, const struct explain_options *o, struct buf *out)
{
	put_headline(out, r, o);
	put_memory(out, r);
	put_reconciliation(out, r, o);
	put_before(out, r);
	for (size_t i = 0; i < r->n_suspects; i++)
		explain_suspect(out, r, o, i);
	put_others(out, r);
	put_hidden(out, r);
	put_next(out, r, o);
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
	amount_rate(out, &s->v.rate, explain_per(r));
	buf_printf(out, ", %.0f samples kept, %.0f freed", s->v.born, s->v.died);
}
