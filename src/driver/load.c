/*
 * From the sources of a request to the one profile that is reported on: fetch, compare with the
 * base, drop frames, symbolize, comment, save. The order is the same for files and URLs and decides
 * what a saved copy holds. Declared in driver.h.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "driver/load.h"
#include "base/fs.h"
#include "driver/explain_symbols.h"
#include "driver/sources.h"
#include "driver/verdicts_read.h"
#include "fetch/fetch.h"
#include "fetch/save.h"
#include "profile/check.h"
#include "profile/diff.h"
#include "profile/merge.h"
#include "profile/prune.h"
#include "profile/scale.h"

#define LARGE_FILE ((off_t)32 << 10) /* bytes, packed as a rule */

/* Makes *p the difference to *base, which is used up. */
static MUST_USE enum err_code compare(
    struct profile *p, struct profile *base, const struct driver *d, struct err *e)
{
	struct profile both = { 0 };
	struct profile *const sides[] = { p, base };
	enum err_code code;

	if (d->request.diff_base.n)
		TRY(profile_label_all(base, PROFILE_BASE_LABEL, STR("true"), e));
	if (d->config.normalize)
		TRY(profile_normalize(p, base, e));
	TRY(profile_scale(base, -1, e));
	code = profile_combine(&both, sides, 2, e);
	if (code == OK)
		*p = both;
	return code;
}

static MUST_USE enum err_code add_comment(struct profile *p, struct str comment, struct err *e)
{
	str_id *comments;

	if (comment.n == 0)
		return OK;
	comments = ARENA_ARRAY(&p->arena, str_id, p->n_comments + 1);
	if (!comments)
		return FAIL_NOMEM(e);
	if (p->n_comments)
		memcpy(comments, p->comments, p->n_comments * sizeof *comments);
	comments[p->n_comments] = profile_intern(p, comment);
	if (arena_failed(&p->arena))
		return FAIL_NOMEM(e);
	p->comments = comments;
	p->n_comments++;
	return OK;
}

static struct http_tls tls_of(const struct request *r)
{
	return (struct http_tls){ r->tls_cert, r->tls_key, r->tls_ca };
}

/* What is done to the one profile that came out of fetching and comparing. */
static MUST_USE enum err_code finish(struct driver *d, struct fetch_result *fetched, struct err *e)
{
	struct profile *p = &fetched->sources;
	struct http_tls tls = tls_of(&d->request);

	if (d->request.all_frames) {
		p->drop_frames = 0;
		p->keep_frames = 0;
	}
	ui_step(&d->ui, STR("Finding symbols"));
	TRY(symbolize_profile(p, d->request.symbolize, &fetched->urls, &tls, &d->ui, e));
	TRY(profile_remove_uninteresting(p, e));
	TRY(fetch_unsource_mappings(p, e));
	TRY(add_comment(p, d->request.comment, e));
	if (fetched->any_remote)
		TRY(fetch_save(p, &d->ui, e));
	return profile_check_tables(p, e); /* samples were checked when they were read */
}

/*
 * A directory of profiles is a series, for the web page's course of time; what the other pages show
 * is its newest one.
 */
static MUST_USE enum err_code take_series(struct driver *d, struct fetch_options *o, struct err *e)
{
	struct request *r = &d->request;
	struct str *newest = ARENA_NEW(&d->arena, struct str);

	if (!newest)
		return FAIL_NOMEM(e);
	r->series = r->sources[0];
	TRY(verdicts_newest(r->series, o, &d->arena, newest, e));
	o->sources = newest;
	return OK;
}

static MUST_USE enum err_code finish_both(
    struct driver *d, struct fetch_result *fetched, struct err *e)
{
	if (fetched->has_bases)
		TRY(compare(&fetched->sources, &fetched->bases, d, e));
	return finish(d, fetched, e);
}

void driver_take_binary(struct driver *d)
{
	struct request *r = &d->request;

	if (r->n_sources < 2 || !fetch_is_binary(r->sources[0]))
		return;
	r->exec_name = r->sources[0];
	r->sources++;
	r->n_sources--;
}

static bool is_file(struct str name)
{
	struct stat st;

	return stat(name.p, &st) == 0;
}

/* libcurl takes milliseconds to start: only when something is no file. */
static bool needs_network(const struct fetch_options *o)
{
	for (size_t i = 0; i < o->n_sources; i++)
		if (!is_file(o->sources[i]))
			return true;
	for (size_t i = 0; i < o->n_bases; i++)
		if (!is_file(o->bases[i]))
			return true;
	return false;
}

static bool is_large(struct str name)
{
	struct stat st;

	return stat(name.p, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= LARGE_FILE;
}

static void prepare_memory(const struct fetch_options *o)
{
	for (size_t i = 0; i < o->n_sources; i++)
		if (is_large(o->sources[i])) {
			alloc_expect_large();
			return;
		}
}

struct fetch_options driver_fetch_options(const struct request *r)
{
	const char *binary_path = getenv("PPROF_BINARY_PATH");
	const struct str *base = r->diff_base.n ? &r->diff_base : &r->base;

	return (struct fetch_options){
		.sources = r->sources,
		.n_sources = r->n_sources,
		.bases = base,
		.n_bases = base->n ? 1 : 0,
		.seconds = r->seconds,
		.timeout_s = r->timeout,
		.exec_name = r->exec_name,
		.build_id = r->build_id,
		.tls = tls_of(r),
		.binary_path = str_c(binary_path ? binary_path : ""),
	};
}

enum err_code driver_load(struct driver *d, struct err *e)
{
	struct fetch_options options = driver_fetch_options(&d->request);
	struct fetch_result fetched = { 0 };
	enum err_code code;

	options.loaded = d->request.explain ? explain_loaded : NULL;
	prepare_memory(&options);
	if (needs_network(&options))
		TRY(http_start(e));
	if (d->request.http.n && options.n_sources == 1 && fs_is_dir(options.sources[0]))
		TRY(take_series(d, &options, e));
	TRY(symbolizer_new(&d->symbolizer, e));
	sources_fill(&d->source, d->symbolizer);
	ui_step(&d->ui, needs_network(&options) ? STR("Downloading") : STR("Decoding"));
	code = fetch_profiles(&fetched, &options, &d->ui, e);
	if (code == OK)
		code = finish_both(d, &fetched, e);
	ui_step(&d->ui, STR(""));
	if (code == OK) {
		symbolizer_note_binaries(d->symbolizer, &fetched.sources, &d->ui);
		d->profile = fetched.sources;
		fetched.sources = (struct profile){ 0 };
	}
	fetch_result_release(&fetched);
	return code;
}

enum err_code driver_adopt(
    struct driver *d, struct profile *p, const struct mapping_sources *urls, struct err *e)
{
	struct fetch_result fetched = { .sources = *p, .urls = *urls };
	enum err_code code;

	*p = (struct profile){ 0 };
	code = symbolizer_new(&d->symbolizer, e);
	if (code == OK) {
		sources_fill(&d->source, d->symbolizer);
		code = finish(d, &fetched, e);
	}
	if (code == OK)
		d->profile = fetched.sources;
	else
		profile_release(&fetched.sources);
	return code;
}
