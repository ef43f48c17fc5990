/*
 * Watching a program, see verdicts_watch.h. While it is watched the series is judged now and then
 * by addresses alone, for the line that shows what is known and to end early when a leak is
 * certain. That there is none is never certain early: a slower one may show.
 */
#include "driver/verdicts_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "driver/verdicts_keep.h"
#include "fetch/state_list.h"
#include "leaks/explain.h"
#include "net/http_client.h"
#include "net/url.h"

#define SECOND_NS  1000000000
/* Profiles in the time that is watched, when -every is not given. */
#define PROFILES   40
#define SHORTEST_S 0.5
#define LONGEST_S  30
#define GONE       3 /* times without an answer */

struct watch {
	struct verdicts_series *s;
	const struct verdicts *v;
	const struct fetch_options *how;
	const struct ui *ui;
	struct verdicts_place place;
	double for_s, every_s, begun;
	double answered;   /* when it did last */
	unsigned failures; /* in a row */
	size_t judged;     /* profiles there were when it was last judged */
	struct buf known;
};

enum err_code verdicts_urls(
    struct str source, struct arena *a, struct str *heap, struct str *self, struct err *e)
{
	struct url_source where = { 0 };
	struct buf text = { 0 };
	struct url u;
	size_t slash;

	TRY(url_adjust(&where, source, 0, 0, a, e));
	if (!where.is_url)
		return FAIL(e, ERR_NOT_FOUND, "%.*s: neither a file nor a URL", STR_ARG(source));
	TRY(url_parse(&u, where.url, a, e));
	while (str_ends(u.path, STR("/")))
		u.path.n--;
	if (u.path.n == 0 || (str_is(u.scheme, "unix") && str_ends(u.path, STR(":"))))
		u.path = arena_printf(a, "%.*s/debug/pprof/heap", STR_ARG(u.path));
	else if (str_ends(u.path, STR("/debug/pprof")))
		u.path = arena_printf(a, "%.*s/heap", STR_ARG(u.path));
	TRY(url_query_set(&u, STR("born"), STR("1"), a, e));
	url_write(&u, &text);
	*heap = arena_str(a, buf_str(&text));
	slash = str_rfind_char(u.path, '/');
	u.path = arena_printf(a, "%.*s/self", STR_ARG(str_head(u.path, slash)));
	u.query = STR("");
	u.has_query = false;
	buf_clear(&text);
	url_write(&u, &text);
	*self = arena_str(a, buf_str(&text));
	buf_release(&text);
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / SECOND_NS;
}

/* False when who watches has seen enough. */
static bool sleep_until(const struct verdicts *v, double s)
{
	struct timespec t = { (time_t)s, (long)((s - floor(s)) * SECOND_NS) };

	if (v->wait)
		return v->wait(v->progress_ctx, fmax(0, s - now_s()));
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
	return true;
}

/* Lines "name value\t# meaning". */
static void read_self(struct str page, struct leaks_moment *m)
{
	struct str line, name;

	while (page.n && str_split(&page, '\n', &line)) {
		int64_t *to = NULL;
		int64_t value;

		if (!str_split(&line, ' ', &name))
			continue;
		if (str_is(name, "process_memory"))
			to = &m->used;
		else if (str_is(name, "process_limit"))
			to = &m->limit;
		else if (str_is(name, "process_limit_kind"))
			to = &m->kind;
		if (to && str_to_i64(str_head(line, str_find_char(line, '\t')), &value) &&
		    value >= 0)
			*to = value;
	}
}

/* Other runtimes have no such page: then nothing is known of the process. */
static void ask_self(const struct verdicts *v, struct str url, struct leaks_moment *m)
{
	struct http_tls tls = { v->tls_cert, v->tls_key, v->tls_ca };
	struct http_options o = { .timeout_ms = 5000, .max_body = 1 << 20, .tls = &tls };
	struct http_reply reply;
	struct err ignored;

	if (http_get(&reply, url, &o, &ignored) == OK && reply.status == 200)
		read_self(buf_str(&reply.body), m);
	http_reply_release(&reply);
}

enum err_code verdicts_take(struct verdicts_series *s, const struct verdicts *v,
    const struct verdicts_place *from, const struct fetch_options *how, const struct ui *ui,
    struct err *e)
{
	struct fetch_options o = *how;
	struct fetch_result got;
	struct series_entry *entry;
	enum err_code code;

	o.sources = &from->heap;
	o.n_sources = 1;
	o.quiet = true;
	/* After the first profile a failure is the program's end, and no error. */
	TRY(fetch_profiles(&got, &o, s->list.n ? &verdicts_silent : ui, e));
	mapping_sources_release(&s->urls);
	s->urls = got.urls;
	got.urls = (struct mapping_sources){ 0 };
	code = verdicts_series_add(s, &got.sources, 0, e);
	fetch_result_release(&got);
	if (code != OK)
		return code;
	entry = &s->list.p[s->list.n - 1];
	ask_self(v, from->self, &entry->moment);
	return v->save.n ? verdicts_keep(s, entry, v, v->save, e) : OK;
}

static MUST_USE enum err_code take(struct watch *w, struct err *e)
{
	return verdicts_take(w->s, w->v, &w->place, w->how, w->ui, e);
}

/* Judging takes longer the more there is: it is done at 4 profiles and then a third more. */
static bool is_time_to_judge(const struct watch *w)
{
	return w->s->list.n >= 4 && w->s->list.n * 3 >= w->judged * 4;
}

static bool judge(struct watch *w)
{
	struct leaks_report report;
	struct profile merged;
	struct err e;
	bool certain = false;

	w->judged = w->s->list.n;
	if (verdicts_series_judge(w->s, w->v, false, &merged, &report, w->ui, &e) == OK) {
		buf_clear(&w->known);
		explain_brief(&report, &w->known);
		certain = leaks_is_certain(&report);
	}
	leaks_report_release(&report);
	profile_release(&merged);
	return certain;
}

static void show(const struct watch *w)
{
	const char *known = w->known.n ? w->known.p : "nothing known yet";
	struct buf line = { 0 };

	if (!w->v->progress)
		return;
	if (w->failures)
		known = "no answer";
	buf_printf(&line, "%.0f of %.0f s%s: %s", now_s() - w->begun, w->for_s,
	    w->v->wait ? " (^C: report now)" : "", known);
	w->v->progress(w->v->progress_ctx, buf_str(&line));
	buf_release(&line);
}

/*
 * One profile more. A program that is started anew does not answer for a moment; one that does not
 * three times in a row is gone: *over.
 */
static MUST_USE enum err_code take_again(struct watch *w, bool *over, struct err *e)
{
	enum err_code code = take(w, e);

	if (code == ERR_NOMEM || code == ERR_LIMIT)
		return code;
	w->failures = code == OK ? 0 : w->failures + 1;
	if (w->failures == 0) {
		w->answered = now_s();
		verdicts_series_thin(w->s, LEAKS_MAX_MOMENTS - 1);
		*over = is_time_to_judge(w) && judge(w);
	} else {
		*over = w->failures == GONE;
	}
	return OK;
}

static MUST_USE enum err_code watch(struct watch *w, struct err *e)
{
	double next = w->begun = w->answered = now_s();
	bool over = false;

	TRY(take(w, e));
	while (!over && next + w->every_s <= w->begun + w->for_s + 0.01) {
		show(w);
		next += w->every_s;
		if (next < now_s())
			next = now_s();
		if (!sleep_until(w->v, next))
			break;
		TRY(take_again(w, &over, e));
	}
	if (w->failures) {
		ui_print(w->ui, "pprof: the program does not answer any more");
		w->s->gone_after_s = fmax(1, w->answered - w->begun);
	}
	return OK;
}

static MUST_USE enum err_code seconds(struct str text, double *out, struct err *e)
{
	int64_t s;

	TRY(state_age(text, &s, e));
	*out = (double)s;
	return OK;
}

enum err_code verdicts_watch(struct verdicts_series *s, const struct verdicts *v, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	struct watch w = { .s = s, .v = v, .how = how, .ui = ui };
	enum err_code code;

	TRY(verdicts_urls(source, &s->arena, &w.place.heap, &w.place.self, e));
	TRY(seconds(v->watch, &w.for_s, e));
	w.every_s = fmin(LONGEST_S, fmax(SHORTEST_S, w.for_s / PROFILES));
	if (v->every.n)
		TRY(seconds(v->every, &w.every_s, e));
	if (w.every_s <= 0)
		return FAIL(e, ERR_USAGE, "-every must be more than nothing");
	code = watch(&w, e);
	if (v->progress)
		v->progress(v->progress_ctx, STR(""));
	buf_release(&w.known);
	if (code == OK)
		verdicts_series_settle(s);
	return code;
}
