/*
 * See timeline.h. Called by web/api_timeline.c. A program is sampled at first every second and
 * later a fortieth of the time it was watched, and never so often that judging takes most of the
 * time.
 */
#include "driver/timeline.h"

#include <math.h>
#include <time.h>

#include "base/fs.h"
#include "driver/load.h"
#include "driver/verdicts_holders.h"
#include "driver/verdicts_read.h"
#include "leaks/holders.h"
#include "leaks/leaks.h"
#include "profile/filter.h"
#include "profile/merge.h"

#define SECOND_NS    1000000000
#define SHORTEST_S   1
#define LONGEST_S    30
/* Samples in the time that was watched. */
#define SAMPLES      40
/* Judging and sampling may take a quarter of the time. */
#define COST         4
/* Between two questions who holds what. */
#define ASK_S        60
/* Labels of blocks that only verdicts are about. */
#define BLOCK_LABELS STR("^born$")

void timeline_init(struct timeline *t, const struct driver *d)
{
	const struct request *r = &d->request;

	*t = (struct timeline){ .driver = d, .every_s = SHORTEST_S };
	verdicts_init(&t->how);
	t->how.symbolize = r->symbolize;
	t->how.tls_cert = r->tls_cert;
	t->how.tls_key = r->tls_key;
	t->how.tls_ca = r->tls_ca;
}

void timeline_release(struct timeline *t)
{
	verdicts_series_release(&t->series);
	if (t->has_retained)
		fetch_result_release(&t->retained);
	buf_release(&t->json);
	arena_release(&t->arena);
	*t = (struct timeline){ 0 };
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / SECOND_NS;
}

/* Only heap profiles are sampled: others take the time that they are about. */
static bool is_heap(const struct profile *p)
{
	return profile_sample_type_index(p, STR("inuse_space")) >= 0;
}

static MUST_USE enum err_code read_files(struct timeline *t, struct err *e)
{
	const struct request *r = &t->driver->request;
	struct fetch_options how = driver_fetch_options(r);

	how.quiet = true;
	TRY(verdicts_read(&t->series, r->sources, r->n_sources, &how, &t->driver->ui, e));
	verdicts_series_settle(&t->series);
	return OK;
}

static MUST_USE enum err_code open_sources(struct timeline *t, struct err *e)
{
	const struct request *r = &t->driver->request;
	bool is_remote = r->n_sources == 1 && !fs_exists(r->sources[0]);

	if (t->is_open)
		return OK;
	if (is_remote && is_heap(&t->driver->profile)) {
		TRY(verdicts_urls(r->sources[0], &t->arena, &t->place.heap, &t->place.self, e));
		t->is_live = true;
	} else if (!is_remote) {
		TRY(read_files(t, e));
	}
	t->is_open = true;
	return OK;
}

static void plan_next(struct timeline *t, double begun)
{
	const struct verdicts_series *s = &t->series;
	double cost = now_s() - begun, window = 0;

	if (s->list.n > 1)
		window = (double)(s->list.p[s->list.n - 1].moment.time_ns -
				  s->list.p[0].moment.time_ns) /
			 SECOND_NS;
	t->every_s = fmin(LONGEST_S, fmax(SHORTEST_S, fmax(window / SAMPLES, COST * cost)));
	t->next_s = begun + t->every_s;
}

/* What was said before stays when there is no new answer. */
static MUST_USE enum err_code ask_holders(
    struct timeline *t, const struct fetch_options *how, double now, struct err *e)
{
	const struct str source = t->driver->request.sources[0];
	const struct ui quiet = { 0 };
	struct fetch_result got;
	struct str why;

	if (!t->wants_retained || now < t->ask_next_s)
		return OK;
	t->ask_next_s = now + ASK_S;
	TRY(verdicts_holders_ask(&got, &why, &t->arena, &t->how, source, how, &quiet, e));
	t->no_holder = why;
	if (why.n)
		return OK;
	if (t->has_retained)
		fetch_result_release(&t->retained);
	t->retained = got;
	t->has_retained = true;
	return OK;
}

enum err_code timeline_sample(struct timeline *t, struct err *e)
{
	struct fetch_options how = driver_fetch_options(&t->driver->request);
	double begun = now_s();

	TRY(open_sources(t, e));
	if (!t->is_live || begun < t->next_s)
		return OK;
	t->next_s = begun + t->every_s; /* also when it fails */
	TRY(verdicts_take(&t->series, &t->how, &t->place, &how, &(struct ui){ 0 }, e));
	verdicts_series_settle(&t->series);
	verdicts_series_thin(&t->series, LEAKS_MAX_MOMENTS - 1);
	buf_clear(&t->json);
	TRY(ask_holders(t, &how, begun, e));
	plan_next(t, begun);
	return OK;
}

/* Of what leaks; whoever may leak is not worth that the program stands still. */
static MUST_USE enum err_code add_holders(struct timeline *t, struct leaks_report *r, struct err *e)
{
	if (t->has_retained)
		TRY(leaks_holders(r, &t->retained.sources, e));
	else
		r->no_holder = t->no_holder;
	t->wants_retained = false;
	for (size_t i = 0; i < r->n_suspects; i++)
		t->wants_retained |=
		    r->suspects[i].v.class == LEAKS_LEAK && r->suspects[i].held_samples <= 0;
	return OK;
}

/* What is no heap profile still has a course of time. */
static MUST_USE enum err_code make_json(struct timeline *t, struct err *e)
{
	struct leaks_report report = { 0 };
	struct profile merged = { 0 };
	double begun = now_s();
	enum err_code code = OK;
	struct err no_verdict = { 0 };

	if (t->series.list.n > 0) {
		code = verdicts_series_judge(
		    &t->series, &t->how, true, &merged, &report, &(struct ui){ 0 }, &no_verdict);
		if (code == OK && t->is_live)
			code = add_holders(t, &report, &no_verdict);
		plan_next(t, begun);
	}
	if (code == ERR_NOMEM)
		*e = no_verdict;
	else
		timeline_json(t, code == OK && t->series.list.n ? &report : NULL,
		    str_c(no_verdict.msg), &t->json);
	leaks_report_release(&report);
	profile_release(&merged);
	if (code != ERR_NOMEM && buf_failed(&t->json))
		code = FAIL_NOMEM(e);
	return code == ERR_NOMEM ? code : OK;
}

enum err_code timeline_write(struct timeline *t, struct buf *out, struct err *e)
{
	TRY(open_sources(t, e));
	if (t->json.n == 0)
		TRY(make_json(t, e));
	buf_add_str(out, buf_str(&t->json));
	return OK;
}

static const struct series_entry *find(const struct timeline *t, uint32_t id)
{
	for (size_t i = 0; i < t->series.list.n; i++)
		if (t->series.list.p[i].id == id)
			return &t->series.list.p[i];
	return NULL;
}

/* A copy that stays when the series is thinned out, without the labels of single blocks. */
static MUST_USE enum err_code copy(struct profile *out, const struct profile *from, struct err *e)
{
	const struct profile *one;
	struct profile derived;
	struct regex *blocks = NULL;
	bool shown, hidden;
	enum err_code code;

	TRY(regex_new(&blocks, BLOCK_LABELS, e));
	code = profile_derive(&derived, from, e);
	if (code == OK)
		code = profile_filter_tag_names(&derived, NULL, blocks, &shown, &hidden, e);
	one = &derived;
	if (code == OK)
		code = profile_merge(out, &one, 1, e);
	profile_release(&derived);
	regex_free(blocks);
	return code;
}

enum err_code timeline_profile(
    struct timeline *t, uint32_t id, struct driver *d, int64_t *time_ns, struct err *e)
{
	const struct series_entry *entry;
	struct profile own = { 0 };

	TRY(open_sources(t, e));
	entry = find(t, id);
	if (!entry)
		return FAIL(e, ERR_NOT_FOUND, "there is no moment %u in the course of time", id);
	*time_ns = entry->moment.time_ns;
	TRY(copy(&own, &entry->profile, e));
	return driver_adopt(d, &own, &t->series.urls, e);
}
