/*
 * A series of profiles, see verdicts_series.h. What is hard: time. A profile with births knows how
 * long its process runs; others know when they were made, or only the time of their file, or
 * nothing but their order.
 */
#include "driver/verdicts_series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetch/fetch.h"
#include "profile/diff.h"
#include "profile/merge.h"
#include "profile/prune.h"
#include "symbolize/symbolize.h"

#define SECOND_NS    1000000000
/* Starts that are this much apart are two processes'. */
#define SAME_START_S 2.5
/* Of the newest profiles none is thinned out. */
#define RECENT       32

#define COMMENT       STR("pprof leaks: memory ")
#define COMMENT_LIMIT STR(" limit ")
#define COMMENT_KIND  STR(" kind ")

void verdicts_series_release(struct verdicts_series *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		profile_release(&s->list.p[i].profile);
	VEC_RELEASE(&s->list);
	VEC_RELEASE(&s->past);
	VEC_RELEASE(&s->restarts);
	mapping_sources_release(&s->urls);
	arena_release(&s->arena);
	*s = (struct verdicts_series){ 0 };
}

struct str verdicts_comment(struct arena *a, const struct leaks_moment *m)
{
	return arena_printf(a, "%.*s%" PRId64 "%.*s%" PRId64 "%.*s%" PRId64, STR_ARG(COMMENT),
	    m->used, STR_ARG(COMMENT_LIMIT), m->limit, STR_ARG(COMMENT_KIND), m->kind);
}

bool verdicts_comment_read(struct str text, struct leaks_moment *m)
{
	size_t at, end;
	int64_t used, limit, kind = 0;

	if (!str_starts(text, COMMENT))
		return false;
	text = str_skip(text, COMMENT.n);
	at = str_find(text, COMMENT_LIMIT);
	if (at == STR_NPOS || !str_to_i64(str_head(text, at), &used))
		return false;
	text = str_skip(text, at + COMMENT_LIMIT.n);
	/* The kind is new: older files have none. */
	end = str_find(text, COMMENT_KIND);
	if (end != STR_NPOS && !str_to_i64(str_skip(text, end + COMMENT_KIND.n), &kind))
		return false;
	if (!str_to_i64(str_head(text, end), &limit) || used < 0 || limit < 0)
		return false;
	m->kind = kind;
	m->used = used;
	m->limit = limit;
	return true;
}

int verdicts_series_value(const struct profile *p)
{
	int at = profile_sample_type_index(p, STR("inuse_space"));

	if (at < 0)
		at = profile_sample_type_index(p, STR("space"));
	return at >= 0 ? at : (int)p->n_sample_types - 1;
}

/* Of one value; -1 when there is none. */
static int64_t sum_of(const struct profile *p, int at)
{
	int64_t sum = 0;

	if (at < 0)
		return -1;
	for (size_t i = 0; i < p->samples.n; i++)
		sum = (int64_t)((uint64_t)sum + (uint64_t)sample_values(p, i)[at]);
	return sum;
}

/* Nothing is alive: there is nothing that could have a birth. */
static bool is_empty(const struct profile *p)
{
	int at = profile_sample_type_index(p, STR("inuse_space"));

	for (size_t i = 0; at >= 0 && i < p->samples.n; i++)
		if (sample_values(p, i)[at] != 0)
			return false;
	return at >= 0;
}

static bool has_label(const struct profile *p, struct str key)
{
	for (size_t i = 0; p->samples.label_at && i < p->samples.label_at[p->samples.n]; i++)
		if (p->samples.labels[i].is_num &&
		    str_eq(profile_str(p, p->samples.labels[i].key), key))
			return true;
	return false;
}

enum err_code verdicts_series_add(
    struct verdicts_series *s, struct profile *p, int64_t mtime_ns, struct err *e)
{
	struct series_entry entry = { .profile = *p, .mtime_ns = mtime_ns, .order = s->list.n };

	*p = (struct profile){ 0 };
	entry.moment.time_ns = entry.profile.time_ns;
	entry.allocated =
	    sum_of(&entry.profile, profile_sample_type_index(&entry.profile, STR("alloc_space")));
	entry.total = sum_of(&entry.profile, verdicts_series_value(&entry.profile));
	entry.id = ++s->last_id;
	entry.has_births = entry.profile.duration_ns > 0 &&
			   (has_label(&entry.profile, STR("born")) || is_empty(&entry.profile));
	entry.moment.at = (double)entry.profile.duration_ns / SECOND_NS;
	for (uint32_t i = 0; i < entry.profile.n_comments; i++)
		verdicts_comment_read(
		    profile_str(&entry.profile, entry.profile.comments[i]), &entry.moment);
	if (s->list.n < SERIES_MAX_FILES && VEC_PUSH(&s->list, entry))
		return OK;
	profile_release(&entry.profile);
	if (s->list.n >= SERIES_MAX_FILES)
		return FAIL(e, ERR_LIMIT, "more than %d profiles", SERIES_MAX_FILES);
	return FAIL_NOMEM(e);
}

static int by_time(const void *a, const void *b)
{
	const struct series_entry *x = a, *y = b;

	if (x->moment.time_ns != y->moment.time_ns)
		return x->moment.time_ns < y->moment.time_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* True when every entry has a time of this kind, no two the same. */
static bool are_times(const struct verdicts_series *s, bool of_files)
{
	for (size_t i = 0; i < s->list.n; i++) {
		const struct series_entry *x = &s->list.p[i];
		int64_t t = of_files ? x->mtime_ns : x->moment.time_ns;

		if (t <= 0)
			return false;
		/* Files are taken in the order they were named in: copies have any times. */
		if (of_files && i && t <= s->list.p[i - 1].mtime_ns)
			return false;
	}
	return true;
}

static double start_of(const struct series_entry *x)
{
	return (double)x->moment.time_ns / SECOND_NS - x->moment.at;
}

/* Whether entry i is of another run than the one before it. */
static bool is_restart(const struct verdicts_series *s, size_t i)
{
	const struct series_entry *x = &s->list.p[i - 1], *y = &s->list.p[i];

	if (x->has_births && y->has_births && x->moment.time_ns > 0)
		return start_of(y) - start_of(x) > SAME_START_S || y->moment.at <= x->moment.at;
	return x->allocated > 0 && y->allocated >= 0 && y->allocated < x->allocated;
}

/* The build id of the program itself, which comes first; "" not known. */
static struct str build_of(const struct series_entry *x)
{
	const struct profile *p = &x->profile;

	return p->n_mappings ? profile_str(p, p->mappings[0].build_id) : STR("");
}

static struct series_restart restart_at(const struct verdicts_series *s, size_t i)
{
	struct str before = build_of(&s->list.p[i - 1]), now = build_of(&s->list.p[i]);

	return (struct series_restart){ s->list.p[i].moment.time_ns,
		before.n && now.n && !str_eq(before, now) };
}

/* Marks are for looking at: one that memory is short for is missing, and nothing else. */
static void remember_past(struct verdicts_series *s, const struct series_entry *x)
{
	if (s->past.n == SERIES_MAX_PAST) {
		s->past.n--;
		memmove(s->past.p, s->past.p + 1, s->past.n * sizeof *s->past.p);
	}
	(void)VEC_PUSH(&s->past, (struct series_past){ x->moment, x->total });
}

static void drop_first(struct verdicts_series *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		remember_past(s, &s->list.p[i]);
		profile_release(&s->list.p[i].profile);
	}
	for (size_t i = n; i < s->list.n; i++)
		s->list.p[i - n] = s->list.p[i];
	s->list.n -= n;
}

void verdicts_series_order(struct verdicts_series *s)
{
	if (s->list.n == 0)
		return;
	if (!are_times(s, false) && are_times(s, true))
		for (size_t i = 0; i < s->list.n; i++)
			s->list.p[i].moment.time_ns = s->list.p[i].mtime_ns;
	if (are_times(s, false))
		qsort(s->list.p, s->list.n, sizeof *s->list.p, by_time);
}

void verdicts_series_settle(struct verdicts_series *s)
{
	size_t first = 0;

	verdicts_series_order(s);
	for (size_t i = 1; i < s->list.n; i++)
		if (is_restart(s, i)) {
			first = i;
			(void)VEC_PUSH(&s->restarts, restart_at(s, i));
		}
	s->restarted |= first > 0;
	s->left_out += first;
	drop_first(s, first);
}

void verdicts_series_thin(struct verdicts_series *s, size_t most)
{
	while (s->list.n > most) {
		size_t kept = 0, old = s->list.n > RECENT ? s->list.n - RECENT : s->list.n;

		/* The first one stays: the window begins there. */
		for (size_t i = 0; i < s->list.n; i++) {
			if (i % 2 == 1 && i < old) {
				profile_release(&s->list.p[i].profile);
				continue;
			}
			s->list.p[kept++] = s->list.p[i];
		}
		if (kept == s->list.n)
			return;
		s->list.n = kept;
	}
}

enum err_code verdicts_series_split(
    struct verdicts_series *s, int64_t time_ns, struct verdicts_series *later, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.p[i].moment.time_ns >= time_ns && !VEC_RESERVE(&later->list, i + 1))
			return FAIL_NOMEM(e);
	for (size_t i = 0; i < s->list.n; i++) {
		if (s->list.p[i].moment.time_ns >= time_ns)
			later->list.p[later->list.n++] = s->list.p[i];
		else
			s->list.p[kept++] = s->list.p[i];
	}
	s->list.n = kept;
	return OK;
}

/* One with births that lacks them in another: then none has. */
static bool all_births(const struct verdicts_series *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (!s->list.p[i].has_births)
			return false;
	return s->list.n > 0;
}

/* Profiles without births and times: their number is their time. */
static void place(const struct verdicts_series *s, bool births, bool *times,
    struct leaks_moment moments[LEAKS_MAX_MOMENTS])
{
	int64_t first = s->list.p[0].moment.time_ns;

	*times = true;
	for (size_t i = 0; i < s->list.n; i++)
		*times = *times && s->list.p[i].moment.time_ns > 0 &&
			 (i == 0 || s->list.p[i].moment.time_ns > s->list.p[i - 1].moment.time_ns);
	*times = *times || births;
	for (size_t i = 0; i < s->list.n; i++) {
		moments[i] = s->list.p[i].moment;
		if (births)
			continue;
		moments[i].at =
		    *times ? (double)(moments[i].time_ns - first) / SECOND_NS : (double)i;
	}
}

static bool counts_allocations(const struct verdicts_series *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (profile_sample_type_index(&s->list.p[i].profile, STR("alloc_space")) >= 0)
			return true;
	return false;
}

/*
 * gperftools' dumps have "objects" and "space" alone while nothing was freed yet, and four values
 * from then on: what was allocated is what is in use.
 */
static MUST_USE enum err_code widen(struct profile *p, struct err *e)
{
	static const char *const names[] = { "alloc_objects", "alloc_space", "inuse_objects",
		"inuse_space" };
	int objects = profile_sample_type_index(p, STR("objects"));
	int space = profile_sample_type_index(p, STR("space"));
	struct value_type *types = ARENA_ARRAY(&p->arena, struct value_type, 4);
	int64_t *values = ARENA_ARRAY(&p->arena, int64_t, 4 * p->samples.n);

	if (objects < 0 || space < 0)
		return OK;
	if (!types || !values)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < p->samples.n; i++) {
		values[4 * i] = values[4 * i + 2] = sample_values(p, i)[objects];
		values[4 * i + 1] = values[4 * i + 3] = sample_values(p, i)[space];
	}
	for (size_t i = 0; i < 4; i++)
		types[i] = (struct value_type){ profile_intern(p, str_c(names[i])),
			p->sample_types[i % 2 ? space : objects].unit };
	p->sample_types = types;
	p->n_sample_types = 4;
	p->samples.values = values;
	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code merge(
    struct verdicts_series *s, struct profile *merged, struct err *e)
{
	struct profile derived[LEAKS_MAX_MOMENTS] = { 0 };
	struct profile *list[LEAKS_MAX_MOMENTS];
	bool allocations = counts_allocations(s);
	enum err_code code = OK;
	size_t n = 0;

	while (n < s->list.n && code == OK) {
		char number[24];

		snprintf(number, sizeof number, "%zu", n);
		code = profile_derive(&derived[n], &s->list.p[n].profile, e);
		if (code != OK)
			break;
		list[n] = &derived[n];
		n++;
		if (allocations)
			code = widen(list[n - 1], e);
		if (code == OK)
			code = profile_label_all(list[n - 1], LEAKS_MOMENT_LABEL, str_c(number), e);
	}
	if (code == OK && n == 1)
		code = profile_merge(merged, (const struct profile *const *)list, 1, e);
	else if (code == OK)
		code = profile_combine(merged, list, n, e);
	for (size_t i = 0; i < n; i++)
		profile_release(&derived[i]);
	return code;
}

/* Names are wanted, but a verdict on addresses is better than none. */
void verdicts_series_name(
    struct profile *p, struct verdicts_series *s, const struct verdicts *v, const struct ui *ui)
{
	struct http_tls tls = { v->tls_cert, v->tls_key, v->tls_ca };
	struct err e;

	if (symbolize_profile(p, v->symbolize, &s->urls, &tls, ui, &e) != OK ||
	    profile_remove_uninteresting(p, &e) != OK || fetch_unsource_mappings(p, &e) != OK)
		ui_error(ui, "pprof: %s", e.msg);
}

enum err_code verdicts_series_judge(struct verdicts_series *s, const struct verdicts *v,
    bool symbolize, struct profile *merged, struct leaks_report *report, const struct ui *ui,
    struct err *e)
{
	struct leaks_moment moments[LEAKS_MAX_MOMENTS];
	struct leaks_input in = { .moments = moments };

	*merged = (struct profile){ 0 };
	*report = (struct leaks_report){ 0 };
	if (s->list.n == 0)
		return FAIL(e, ERR_USAGE, "there is no profile to judge");
	verdicts_series_thin(s, LEAKS_MAX_MOMENTS);
	in.n_moments = s->list.n;
	in.has_births = all_births(s);
	place(s, in.has_births, &in.has_times, moments);
	TRY(merge(s, merged, e));
	if (symbolize)
		verdicts_series_name(merged, s, v, ui);
	in.p = merged;
	return leaks_analyze(report, &in, e);
}
