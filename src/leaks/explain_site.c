/* One suspect as text; see explain_site.h. */
#include "leaks/explain_site.h"

#include <math.h>
#include <string.h>

#include "leaks/amounts.h"

/* Indented lines begin with a word in a column of its own. */
static void begin(struct buf *out, const char *word)
{
	buf_printf(out, "    %-11s ", word);
}

const char *explain_per(const struct leaks_report *r)
{
	return r->has_times ? "/s" : "/profile";
}

bool explain_sees_growth(const struct leaks_report *r)
{
	return r->n_moments > 1 || r->has_births;
}

const char *explain_word(const struct leaks_report *r, const struct leaks_site *s)
{
	if (!explain_sees_growth(r))
		return "";
	if (s->v.is_replaced)
		return "LARGE BLOCK";
	return leaks_is_mixed(r, s) ? "UNDECIDED" : leaks_class_word(s->v.class);
}

void explain_name(struct buf *out, const struct leaks_site *s)
{
	buf_printf(out, "%.*s", STR_ARG(s->function));
	if (s->file.n && s->line)
		buf_printf(out, " %.*s:%lld", STR_ARG(s->file), (long long)s->line);
	else if (s->file.n)
		buf_printf(out, " %.*s", STR_ARG(s->file));
}

static void put_share(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	const struct leaks_projection *p = &r->projection;

	if (!p->has_slope || p->slope.value <= 0 || s->v.class != LEAKS_LEAK)
		return;
	begin(out, "share");
	buf_printf(out, "growth here is %.0f%% of the growth of memory\n",
	    100 * fmin(1, s->v.rate.value / p->slope.value));
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
		buf_printf(out, "%s", explain_per(r));
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

void explain_caveat(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	if (s->v.class != LEAKS_LEAK || !r->has_times) {
		BUF_LIT(out, "a cache that still fills looks the same");
		return;
	}
	BUF_LIT(out, "a TTL or a size limit that takes longer than ");
	amount_seconds(out, r->uptime_s > 0 ? r->uptime_s : r->window_s);
	BUF_LIT(out, " to reach would look the same");
	if (s->v.trust == LEAKS_SUSPECTED)
		BUF_LIT(out, "; one profile cannot tell a leak from a cache that still fills");
	if (r->has_births && s->v.is_window && s->v.died < 1)
		BUF_LIT(out, "; no free of an old block was seen");
}

void explain_need(struct buf *out, const struct leaks_report *r, const struct leaks_site *s)
{
	double net = s->v.born - s->v.died, need = fmax(8, 25 - net);

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
}

/* As a regular expression that finds just this, in a shell's quotes. */
static void put_pattern(struct buf *out, struct str name)
{
	buf_char(out, '\'');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '\'')
			BUF_LIT(out, "'\\'");
		else if (strchr("\\^$.|?*+()[]{}", name.p[i]))
			buf_char(out, '\\');
		buf_char(out, name.p[i]);
	}
	buf_char(out, '\'');
}

/* What parts an address from a path: a Unix socket's is unix:/path of its own. */
static const char *joint(struct str address)
{
	bool is_socket = str_starts(address, STR("unix:"));

	return is_socket && str_rfind_char(address, ':') == 4 ? ":" : "";
}

void explain_next(struct buf *out, const struct explain_options *o, const struct leaks_site *s)
{
	struct str report = o->report.n ? o->report : o->source;
	const char *page = "";

	if (o->is_live) {
		while (str_ends(report, STR("/")))
			report.n--;
		page = str_ends(report, STR("/debug/pprof"))               ? "/heap"
		       : str_find(report, STR("/debug/pprof")) == STR_NPOS ? "/debug/pprof/heap"
									   : "";
	}

	/* Without line numbers there is no source to be shown. */
	buf_printf(out, "pprof %s ", s->file.n ? "-list" : "-peek");
	put_pattern(out, s->function);
	buf_printf(out, " %.*s%s%s", STR_ARG(report), *page ? joint(report) : "", page);
}

void explain_again(struct buf *out, const struct explain_options *o)
{
	buf_printf(out, "pprof leaks -since %.*s %.*s",
	    STR_ARG(o->before.n ? o->before : STR("DIR")),
	    STR_ARG(o->is_live ? o->source : STR("NEW")));
}

/* A URL without the path of its profile. */
static struct str base_of(struct str source)
{
	size_t at = str_find(source, STR("/debug/pprof"));

	return at == STR_NPOS ? source : str_head(source, at);
}

void explain_page(struct buf *out, const struct explain_options *o, const char *profile)
{
	struct str base = base_of(o->source);

	while (str_ends(base, STR("/")))
		base.n--;
	buf_printf(out, "%.*s%s/debug/pprof/%s", STR_ARG(base), joint(base), profile);
}

static void put_who_holds(struct buf *out, const struct explain_options *o)
{
	begin(out, "");
	BUF_LIT(out, "pprof -tree ");
	explain_page(out, o, "retained");
	BUF_LIT(out, "   (who holds it)\n");
}

static void put_ending(struct buf *out, const struct leaks_report *r,
    const struct explain_options *o, const struct leaks_site *s)
{
	begin(out, "caveat");
	explain_caveat(out, r, s);
	buf_char(out, '\n');
	if (s->v.class == LEAKS_LEAK) {
		begin(out, "do next");
		explain_next(out, o, s);
		buf_char(out, '\n');
		if (s->holder.n)
			put_who_holds(out, o);
		return;
	}
	begin(out, "needs");
	explain_need(out, r, s);
	buf_char(out, '\n');
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

void explain_suspect(
    struct buf *out, const struct leaks_report *r, const struct explain_options *o, size_t i)
{
	const struct leaks_site *s = &r->suspects[i];
	bool leaks = s->v.class == LEAKS_LEAK;

	buf_printf(out, "\n#%zu  ", i + 1);
	explain_name(out, s);
	buf_printf(out, "   %s", leaks_class_word(s->v.class));
	if (leaks)
		buf_printf(out, " (%s)", leaks_trust_word(s->v.trust));
	buf_printf(out, "   %s", s->v.rate.value > 0 ? "+" : "");
	amount_rate(out, &s->v.rate, explain_per(r));
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
	put_ending(out, r, o, s);
}
