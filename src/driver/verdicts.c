/* `pprof leaks`, see verdicts.h. Called by cli/subcommands.c. */
#include "driver/verdicts.h"

#include <stdlib.h>
#include <time.h>

#include "base/fs.h"
#include "driver/verdicts_holders.h"
#include "driver/verdicts_keep.h"
#include "driver/verdicts_read.h"
#include "driver/verdicts_watch.h"
#include "fetch/state_list.h"
#include "leaks/explain.h"
#include "net/http_client.h"

#define SECOND_NS 1000000000
#define AT(field) offsetof(struct verdicts, field)

const struct option verdicts_options[] = {
	{ "for", OPTION_STRING, AT(watch), "10m", NULL, false, "Options", "time", NULL,
	    "How long a URL is watched; it ends sooner when a leak is certain" },
	{ "every", OPTION_STRING, AT(every), "", NULL, false, "Options", "time", NULL,
	    "Time between two profiles of a URL; a fortieth of -for when left out" },
	{ "since", OPTION_STRING, AT(since), "", NULL, false, "Options", "source|time", NULL,
	    "Say whether what leaked before is mended: before are the profiles of a file or "
	    "directory, or those older than a time (2026-01-31T15:04) or an age (2h)" },
	{ "save", OPTION_STRING, AT(save), "", NULL, false, "Options", "dir", NULL,
	    "Keep the profiles of a URL in this directory; those of a leak are kept where fetched "
	    "profiles go when it is left out" },
	{ "holders", OPTION_BOOL, AT(holders), "true", NULL, false, "Options", NULL, NULL,
	    "Ask a program that leaks who holds the memory; it stands still for a moment then "
	    "(PPROF_RETAIN_PAUSE)" },
	{ "json", OPTION_BOOL, AT(json), "false", NULL, false, "Options", NULL, NULL,
	    "Print the report as JSON" },
	{ "symbolize", OPTION_STRING, AT(symbolize), "", NULL, false, "Options", "mode", NULL,
	    "How names are found, as for reports: none, local, remote, fastlocal" },
	{ "tls_cert", OPTION_STRING, AT(tls_cert), "", NULL, false, "Options", "file", NULL,
	    "TLS client certificate file for fetching profile" },
	{ "tls_key", OPTION_STRING, AT(tls_key), "", NULL, false, "Options", "file", NULL,
	    "TLS private key file for fetching profile" },
	{ "tls_ca", OPTION_STRING, AT(tls_ca), "", NULL, false, "Options", "file", NULL,
	    "TLS CA certs file for fetching profile" },
};
const size_t n_verdicts_options = sizeof verdicts_options / sizeof verdicts_options[0];

void verdicts_init(struct verdicts *v)
{
	*v = (struct verdicts){ 0 };
	option_set_defaults(verdicts_options, n_verdicts_options, v);
}

/* One run: what was asked for, and what came of it. */
struct session {
	const struct verdicts *v;
	const struct ui *ui;
	struct fetch_options how;
	struct str *sources;
	size_t n_sources;
	struct verdicts_series series, before;
	struct profile merged, merged_before;
	struct leaks_report report, report_before;
	bool has_before, is_live;
};

/* A moment as a text: nanoseconds since the epoch. False when it is none. */
static bool read_time(struct str text, int64_t *ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d" };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text.p, forms[i], &tm);
		bool utc = end && *end == 'Z';

		if (!end || end[utc] != '\0')
			continue;
		*ns = (int64_t)(utc ? timegm(&tm) : mktime(&tm)) * SECOND_NS;
		return true;
	}
	return false;
}

static int64_t last_time(const struct verdicts_series *s)
{
	return s->list.n ? s->list.p[s->list.n - 1].moment.time_ns : 0;
}

/* -since FILE is read before the program is watched: a wrong name shows at once. */
static MUST_USE enum err_code read_before(struct session *s, struct err *e)
{
	if (!s->v->since.n || !fs_exists(s->v->since))
		return OK;
	s->has_before = true;
	TRY(verdicts_read(&s->before, &s->v->since, 1, &s->how, s->ui, e));
	verdicts_series_settle(&s->before);
	return OK;
}

/* -since TIME: the older profiles are those before. They may be of an earlier run. */
static MUST_USE enum err_code read_all_before(struct session *s, struct err *e)
{
	struct verdicts_series later = { 0 };
	struct err ignored;
	int64_t when, age;

	if (s->is_live)
		return FAIL(e, ERR_USAGE, "-since %.*s: no such file; times are for saved profiles",
		    STR_ARG(s->v->since));
	TRY(verdicts_read(&s->before, s->sources, s->n_sources, &s->how, s->ui, e));
	if (state_age(s->v->since, &age, &ignored) == OK)
		when = last_time(&s->before) - age * SECOND_NS;
	else if (!read_time(s->v->since, &when))
		return FAIL(e, ERR_USAGE, "-since %.*s: neither a file nor a time nor an age",
		    STR_ARG(s->v->since));
	TRY(verdicts_series_split(&s->before, when, &later, e));
	s->series = later;
	s->has_before = true;
	verdicts_series_settle(&s->before);
	verdicts_series_settle(&s->series);
	if (s->series.list.n == 0 || s->before.list.n == 0)
		return FAIL(e, ERR_USAGE, "-since %.*s: no profile %s that time",
		    STR_ARG(s->v->since), s->series.list.n ? "before" : "from");
	return OK;
}

static MUST_USE enum err_code collect(struct session *s, struct err *e)
{
	TRY(read_before(s, e));
	if (s->v->save.n)
		TRY(fs_make_dirs(s->v->save, e));
	if (s->v->since.n && !s->has_before)
		return read_all_before(s, e);
	if (s->is_live)
		return verdicts_watch(&s->series, s->v, s->sources[0], &s->how, s->ui, e);
	TRY(verdicts_read(&s->series, s->sources, s->n_sources, &s->how, s->ui, e));
	verdicts_series_settle(&s->series);
	return OK;
}

static MUST_USE enum err_code judge(struct session *s, struct err *e)
{
	TRY(verdicts_series_judge(&s->series, s->v, true, &s->merged, &s->report, s->ui, e));
	if (!s->has_before)
		return OK;
	if (verdicts_series_judge(
		&s->before, s->v, true, &s->merged_before, &s->report_before, s->ui, e) != OK) {
		err_prefix(e, "-since %.*s", STR_ARG(s->v->since));
		return e->code;
	}
	leaks_compare(&s->report, &s->report_before);
	return OK;
}

/* The directory of a file. */
static struct str folder_of(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NPOS ? STR(".") : str_head(path, slash ? slash : 1);
}

/* What this run can be compared with later: a leak is kept, whether that was asked for or not. */
static struct str keep(struct session *s)
{
	struct str first = s->sources[0], dir = STR("");

	if (s->v->save.n)
		return s->v->save;
	if (s->is_live && s->report.outcome == LEAKS_IS_LEAK)
		verdicts_keep_some(&s->series, s->v, &dir, s->ui);
	if (s->is_live)
		return dir;
	return s->n_sources > 1 ? folder_of(first) : first;
}

/* When, whether it is another build, and how to compare with before. */
static void put_restart(const struct session *s, struct buf *out)
{
	const struct series_restart *last =
	    s->series.restarts.n ? &s->series.restarts.p[s->series.restarts.n - 1] : NULL;
	time_t at = last ? (time_t)(last->time_ns / 1000000000) : 0;
	char text[32];
	struct tm tm;

	buf_printf(out, "the program was started anew%s: %zu earlier profile%s left out",
	    last && last->other_build ? " as another build" : "", s->series.left_out,
	    s->series.left_out == 1 ? " is" : "s are");
	if (s->is_live || s->n_sources != 1 || at <= 0 || !localtime_r(&at, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	buf_printf(out, "; compare with pprof leaks -since %s %.*s", text, STR_ARG(s->sources[0]));
}

static void print(struct session *s, struct str kept, struct buf *out)
{
	struct explain_options o = { s->sources[0], .before = kept, .is_live = s->is_live };
	struct buf notes = { 0 };

	if (!s->is_live && s->series.list.n)
		o.report = s->series.list.p[s->series.list.n - 1].name;

	if (s->series.left_out)
		put_restart(s, &notes);
	if (s->series.gone_after_s > 0)
		buf_printf(&notes,
		    "%sthe program did not answer any more after %.0f s of %.*s: it has "
		    "ended, or hangs",
		    notes.n ? "\n" : "", s->series.gone_after_s, STR_ARG(s->v->watch));
	o.notes = buf_str(&notes);
	if (s->v->json)
		explain_json(&s->report, &o, out);
	else
		explain_text(&s->report, &o, out);
	buf_release(&notes);
}

static void session_release(struct session *s)
{
	leaks_report_release(&s->report);
	leaks_report_release(&s->report_before);
	profile_release(&s->merged);
	profile_release(&s->merged_before);
	verdicts_series_release(&s->series);
	verdicts_series_release(&s->before);
}

/* The first of several sources may be the program. */
static void take_binary(struct session *s)
{
	if (s->n_sources < 2 || !fs_exists(s->sources[0]) || fs_is_dir(s->sources[0]) ||
	    !fetch_is_binary(s->sources[0]))
		return;
	s->how.exec_name = s->sources[0];
	s->sources++;
	s->n_sources--;
}

static MUST_USE enum err_code run(struct session *s, struct buf *out, int *status, struct err *e)
{
	const char *binary_path = getenv("PPROF_BINARY_PATH");

	s->how.binary_path = str_c(binary_path ? binary_path : "");
	s->how.tls = (struct http_tls){ s->v->tls_cert, s->v->tls_key, s->v->tls_ca };
	take_binary(s);
	for (size_t i = 0; i < s->n_sources; i++)
		s->is_live |= !fs_exists(s->sources[i]);
	for (size_t i = 1; i < s->n_sources; i++)
		if (str_starts(s->sources[i], STR("-")) && !fs_exists(s->sources[i]))
			return FAIL(e, ERR_USAGE, "%.*s: options come before the sources",
			    STR_ARG(s->sources[i]));
	if (s->is_live && s->n_sources > 1)
		return FAIL(e, ERR_USAGE, "%.*s: no such file, and only one URL can be watched",
		    STR_ARG(s->sources[s->n_sources - 1]));
	TRY(collect(s, e));
	TRY(judge(s, e));
	if (s->is_live && s->v->holders)
		TRY(verdicts_holders(&s->report, s->v, s->sources[0], &s->how, s->ui, e));
	print(s, keep(s), out);
	*status = (int)s->report.outcome;
	return buf_failed(out) ? FAIL_NOMEM(e) : OK;
}

enum err_code verdicts_run(const struct verdicts *v, char *const *argv, size_t n,
    const struct ui *ui, struct buf *out, int *status, struct err *e)
{
	struct session s = { .v = v, .ui = ui, .n_sources = n };
	struct arena arena = { 0 };
	enum err_code code;

	s.sources = ARENA_ARRAY(&arena, struct str, n);
	if (!s.sources)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; i++)
		s.sources[i] = str_c(argv[i]);
	code = http_start(e);
	if (code == OK) {
		code = run(&s, out, status, e);
		http_stop();
	}
	session_release(&s);
	arena_release(&arena);
	return code;
}
