/*
 * Profiles from their sources, at the same time. The driver calls it. What is hard: a hundred
 * servers that are each asked for thirty seconds must run at once, while a hundred files are work
 * for the processors we have; and what the user reads must not depend on who finished first, so
 * workers only fill their own slot and the main thread does the talking.
 */
#include "fetch/fetch.h"

#include <pthread.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/processors.h"
#include "fetch/grab.h"
#include "net/url.h"
#include "object/object.h"
#include "profile/merge.h"
#include "profile/sum.h"

/* Sources in memory at once, per set, and of both sets together. */
#define CHUNK 128
#define ROUND (2 * CHUNK)

/*
 * Sources that are merged while others are still read, in their order: for files, which can be read
 * again should it turn out that they have to be merged together.
 */
struct in_order {
	pthread_mutex_t lock;
	pthread_cond_t turned;
	size_t turn;     /* slots before this one have had theirs */
	size_t n;        /* slots from this one on are not for it; 0: none is */
	size_t n_merged; /* slots before this one had their turn before one did not fit */
	bool stopped;    /* one did not fit */
	struct profile_sum sum;
	enum err_code status;
	struct err error;
};

/* One round: shared by its workers under the lock. */
struct crew {
	pthread_mutex_t lock;
	struct grab *slots;
	const uint32_t *order; /* of slots: network first */
	size_t n;
	size_t next; /* index in order; guarded by lock */
	struct in_order *merging;
};

static void merge_slot(struct in_order *m, struct grab *g)
{
	bool taken = true;

	if (m->stopped || m->status != OK)
		return;
	if (g->status == OK)
		m->status = profile_sum_add(&m->sum, &g->profile, &taken, &m->error);
	m->stopped = !taken;
	m->n_merged += taken;
}

/* Slots are taken in order, so whoever has the one that is waited for does not wait. */
static void merge_in_turn(struct in_order *m, struct grab *slots, size_t i)
{
	if (i >= m->n)
		return;
	pthread_mutex_lock(&m->lock);
	while (m->turn != i)
		pthread_cond_wait(&m->turned, &m->lock);
	merge_slot(m, &slots[i]);
	m->turn++;
	pthread_cond_broadcast(&m->turned);
	pthread_mutex_unlock(&m->lock);
}

static void *work(void *ctx)
{
	struct crew *c = ctx;

	for (;;) {
		size_t i;

		pthread_mutex_lock(&c->lock);
		i = c->next++;
		pthread_mutex_unlock(&c->lock);
		if (i >= c->n)
			return NULL;
		grab_run(&c->slots[c->order[i]]);
		merge_in_turn(c->merging, c->slots, c->order[i]);
	}
}

/* Slots on the network come first and have a worker each. */
static size_t put_in_order(const struct grab *slots, size_t n, uint32_t order[ROUND])
{
	size_t k = 0;
	size_t n_remote;

	for (uint32_t i = 0; i < n; i++)
		if (slots[i].where.is_url)
			order[k++] = i;
	n_remote = k;
	for (uint32_t i = 0; i < n; i++)
		if (!slots[i].where.is_url)
			order[k++] = i;
	return n_remote;
}

/* Runs all grabs; the calling thread works too, so that it goes on when no thread can be made. */
static void run_all(struct grab *slots, size_t n, struct in_order *merging)
{
	uint32_t order[ROUND];
	struct crew c = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.slots = slots,
		.order = order,
		.n = n,
		.merging = merging };
	size_t n_remote = put_in_order(slots, n, order);
	unsigned most = processors();
	size_t n_local = n - n_remote < most ? n - n_remote : most;
	pthread_t threads[ROUND];
	size_t started = 0;

	while (started + 1 < n_remote + n_local &&
	       pthread_create(&threads[started], NULL, work, &c) == 0)
		started++;
	work(&c);
	while (started)
		pthread_join(threads[--started], NULL);
	pthread_mutex_destroy(&c.lock);
}

/* A set of sources on its way to one profile. */
struct set {
	const struct str *names;
	size_t n_names;
	size_t next; /* first name that no round has taken */
	struct profile *merged;
	size_t n_merged; /* sources in *merged */
};

/* Both sets and what they have in common. */
struct job {
	const struct fetch_options *o;
	const struct ui *ui;
	struct fetch_result *result;
	struct set sources;
	struct set bases;
	bool has_http; /* libcurl is started, which takes a while: only when it is needed */
};

static void announce(const struct job *job, const struct grab *g)
{
	if (job->o->quiet || !g->where.is_url)
		return;
	ui_print(job->ui, "Fetching profile over HTTP from %.*s", STR_ARG(g->where.url));
	if (job->o->seconds > 0)
		ui_print(job->ui, "Please wait... (%s)", grab_duration_text(job->o->seconds).text);
}

/* What follows the host or the Unix socket of a URL; false when it has neither. */
static bool path_of(struct str url, struct str *path)
{
	size_t host = str_find(url, STR("://"));
	size_t begin;

	if (str_starts(url, STR("unix:"))) {
		begin = str_rfind_char(url, ':') + 1;
		*path = str_skip(url, begin);
		return true;
	}
	if (host == STR_NPOS || url.n <= host + 3)
		return false;
	begin = str_find_char(str_skip(url, host + 3), '/');
	*path = str_skip(url, begin == STR_NPOS ? url.n : host + 3 + begin);
	return true;
}

/*
 * The address that `pprof run` shows, and that of a server without a path, are pages: what the
 * profile's may be is said beside the error.
 */
static void tell_of_page(const struct job *job, struct str url)
{
	struct str base = url;
	struct str path;

	while (str_ends(base, STR("/")))
		base.n--;
	if (!path_of(base, &path))
		return;
	if (path.n && !str_is(path, "/debug/pprof"))
		return;
	ui_error(job->ui, "That is no profile's address; try %.*s%s/heap", STR_ARG(base),
	    path.n ? "" : "/debug/pprof");
}

static void tell(const struct job *job, const struct grab *g)
{
	struct str messages = buf_str(&g->messages);
	struct str line;

	while (messages.n && str_split(&messages, '\n', &line))
		if (line.n)
			ui_error(job->ui, "%.*s", STR_ARG(line));
	if (g->status != OK)
		ui_error(job->ui, "%.*s: %s", STR_ARG(g->name), g->error.msg);
	if (g->status != OK && g->where.is_url &&
	    (g->status == ERR_FORMAT ||
		str_find(str_c(g->error.msg), STR("server response: 404")) != STR_NPOS))
		tell_of_page(job, g->where.url);
}

static void keep_urls(struct fetch_result *result, const struct grab *g)
{
	for (size_t i = 0; i < g->urls.list.n; i++)
		mapping_sources_add(&result->urls, g->urls.list.p[i].key, g->urls.list.p[i].url,
		    g->urls.list.p[i].start);
}

/* Says how a slot went; true when it brought a profile. */
static bool settle(struct job *job, struct set *s, const struct grab *g)
{
	tell(job, g);
	if (g->status != OK)
		return false;
	keep_urls(job->result, g);
	job->result->any_remote |= g->where.is_url;
	s->n_merged++;
	return true;
}

/* Merges what a round brought with what was there. */
static MUST_USE enum err_code merge_chunk(
    struct job *job, struct set *s, struct grab *slots, size_t n, struct err *e)
{
	struct profile *list[CHUNK + 1];
	struct profile merged;
	size_t k = 0;

	if (s->n_merged)
		list[k++] = s->merged;
	for (size_t i = 0; i < n; i++)
		if (settle(job, s, &slots[i]))
			list[k++] = &slots[i].profile;
	if (k == 0 || list[k - 1] == s->merged)
		return OK;
	TRY(profile_combine(&merged, list, k, e));
	*s->merged = merged;
	return OK;
}

/* A slot for each of the set's next names; *n of them. */
static MUST_USE enum err_code prepare(
    struct job *job, struct set *s, struct grab *slots, size_t *n, struct err *e)
{
	*n = s->n_names - s->next < CHUNK ? s->n_names - s->next : CHUNK;
	for (size_t i = 0; i < *n; i++) {
		TRY(grab_prepare(&slots[i], s->names[s->next++], job->o, e));
		announce(job, &slots[i]);
	}
	return OK;
}

static void add_comma(struct err *e)
{
	size_t n = strlen(e->msg);

	if (n + 1 < sizeof e->msg) {
		e->msg[n] = ',';
		e->msg[n + 1] = 0;
	}
}

static MUST_USE enum err_code start_http(
    struct job *job, const struct grab *slots, size_t n, struct err *e)
{
	for (size_t i = 0; i < n && !job->has_http; i++) {
		if (!slots[i].where.is_url)
			continue;
		TRY(http_start(e));
		job->has_http = true;
	}
	return OK;
}

static bool can_be_read_again(const struct grab *slots, size_t n)
{
	struct stat st;

	for (size_t i = 0; i < n; i++)
		if (slots[i].where.is_url || stat(slots[i].name.p, &st) != 0 ||
		    !S_ISREG(st.st_mode))
			return false;
	return true;
}

/* One of them has other types than the first, and what was merged with it is read again. */
static void read_again(const struct in_order *m, struct grab *slots)
{
	for (size_t i = 0; i < m->n_merged; i++) {
		buf_clear(&slots[i].messages);
		grab_run(&slots[i]);
	}
}

/* As merge_chunk of the same slots. */
static MUST_USE enum err_code end_in_order(
    struct job *job, struct set *s, struct in_order *m, struct grab *slots, struct err *e)
{
	size_t n = m->sum.n;

	if (m->status != OK) {
		*e = m->error;
		return m->status;
	}
	if (m->stopped) {
		profile_sum_release(&m->sum);
		read_again(m, slots);
		return merge_chunk(job, s, slots, m->n, e);
	}
	for (size_t i = 0; i < m->n; i++)
		(void)settle(job, s, &slots[i]);
	return n ? profile_sum_end(s->merged, &m->sum, e) : OK;
}

/* Reads the sources, and a base or more, and merges the sources. */
static MUST_USE enum err_code run_and_merge(
    struct job *job, struct grab *slots, size_t n_sources, size_t n_bases, struct err *e)
{
	struct in_order m = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.turned = PTHREAD_COND_INITIALIZER };
	struct set *s = &job->sources;
	enum err_code code;

	if (n_sources > 1 && !s->n_merged && can_be_read_again(slots, n_sources))
		m.n = m.sum.expected = n_sources;
	run_all(slots, n_sources + n_bases, &m);
	code = m.n ? end_in_order(job, s, &m, slots, e) : merge_chunk(job, s, slots, n_sources, e);
	profile_sum_release(&m.sum);
	pthread_cond_destroy(&m.turned);
	pthread_mutex_destroy(&m.lock);
	return code;
}

static MUST_USE enum err_code run_round(struct job *job, struct grab *slots, struct err *e)
{
	size_t n_sources;
	size_t n_bases;

	TRY(prepare(job, &job->sources, slots, &n_sources, e));
	TRY(prepare(job, &job->bases, slots + n_sources, &n_bases, e));
	TRY(start_http(job, slots, n_sources + n_bases, e));
	if (run_and_merge(job, slots, n_sources, n_bases, e) != OK) {
		err_prefix(e, "problem fetching source profiles");
		for (size_t i = 0; i < n_bases; i++)
			tell(job, &slots[n_sources + i]);
		return e->code;
	}
	if (merge_chunk(job, &job->bases, slots + n_sources, n_bases, e) != OK) {
		/* The comma is what users of pprof know. */
		err_prefix(e, "problem fetching base profiles");
		add_comma(e);
		return e->code;
	}
	return OK;
}

static MUST_USE enum err_code run_rounds(struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct grab *slots = ARENA_ARRAY(&a, struct grab, ROUND);
	enum err_code rc = OK;

	if (!slots)
		return FAIL_NOMEM(e);
	while (rc == OK &&
	       (job->sources.next < job->sources.n_names || job->bases.next < job->bases.n_names)) {
		rc = run_round(job, slots, e);
		for (size_t i = 0; i < ROUND; i++)
			grab_release(&slots[i]);
	}
	arena_release(&a);
	return rc;
}

static void tell_count(const struct job *job, const struct set *s, const char *what)
{
	if (s->n_merged != s->n_names)
		ui_error(
		    job->ui, "Fetched %zu %s profiles out of %zu", s->n_merged, what, s->n_names);
}

static MUST_USE enum err_code fetch_both(struct job *job, struct err *e)
{
	struct fetch_result *out = job->result;

	TRY(run_rounds(job, e));
	if (!job->sources.n_merged)
		return FAIL(e, ERR_NOT_FOUND, "failed to fetch any source profiles");
	if (!job->bases.n_merged && job->bases.n_names)
		return FAIL(e, ERR_NOT_FOUND, "failed to fetch any base profiles");
	out->has_bases = job->bases.n_merged > 0;
	tell_count(job, &job->sources, "source");
	tell_count(job, &job->bases, "base");
	if (out->urls.list.failed || arena_failed(&out->urls.arena))
		return FAIL_NOMEM(e);
	return OK;
}

enum err_code fetch_profiles(
    struct fetch_result *out, const struct fetch_options *o, const struct ui *ui, struct err *e)
{
	struct job job = { .o = o, .ui = ui, .result = out };
	enum err_code rc;

	*out = (struct fetch_result){ 0 };
	job.sources = (struct set){ o->sources, o->n_sources, 0, &out->sources, 0 };
	job.bases = (struct set){ o->bases, o->n_bases, 0, &out->bases, 0 };
	rc = fetch_both(&job, e);
	if (job.has_http)
		http_stop();
	if (rc != OK)
		fetch_result_release(out);
	return rc;
}

void fetch_result_release(struct fetch_result *r)
{
	profile_release(&r->sources);
	profile_release(&r->bases);
	mapping_sources_release(&r->urls);
	*r = (struct fetch_result){ 0 };
}

enum err_code fetch_unsource_mappings(struct profile *p, struct err *e)
{
	struct mapping *v = ARENA_ARRAY(&p->arena, struct mapping, p->n_mappings);

	if (!v)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		v[i] = p->mappings[i];
		if (!v[i].build_id && url_is_absolute(profile_str(p, v[i].file)))
			v[i].file = 0;
	}
	p->mappings = v;
	return OK;
}

bool fetch_is_binary(struct str path)
{
	struct object *o;
	struct err ignored;

	if (object_open(&o, path, &ignored) != OK)
		return false;
	object_close(o);
	return true;
}
