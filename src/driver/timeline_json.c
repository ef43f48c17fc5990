/*
 * A course of time as JSON:
 *
 *	{"live", "every": seconds between samples, "value": [type, unit] of `total`,
 *	 "times": whether the moments have times, "restarts": [ms since the epoch],
 *	 "deploys": those of them whose program is another build,
 *	 "past": [moment] of earlier runs, "moments": [moment],
 *	 "report": what `pprof leaks -json` prints, or null, "why": there is none}
 *
 * A moment is {"id": 0 in the past, "time": ms since the epoch or null, "total", "memory", "limit":
 * bytes or null}. The curves of the report have a point for each of the moments.
 */
#include <inttypes.h>

#include "base/json_text.h"
#include "driver/timeline.h"
#include "leaks/explain.h"

static void put_known(struct buf *out, const char *key, int64_t v, bool known)
{
	if (known)
		buf_printf(out, ",\"%s\":%" PRId64, key, v);
	else
		buf_printf(out, ",\"%s\":null", key);
}

static void put_moment(
    struct buf *out, bool first, uint32_t id, const struct leaks_moment *m, int64_t total)
{
	buf_printf(out, "%s{\"id\":%u", first ? "" : ",", id);
	put_known(out, "time", m->time_ns / 1000000, m->time_ns > 0);
	put_known(out, "total", total, total >= 0);
	put_known(out, "memory", m->used, m->used > 0);
	put_known(out, "limit", m->limit, m->limit > 0);
	buf_char(out, '}');
}

static bool has_times(const struct verdicts_series *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.p[i].moment.time_ns <= 0)
			return false;
	return s->list.n > 0;
}

static void put_value(const struct verdicts_series *s, struct buf *out)
{
	const struct profile *p = s->list.n ? &s->list.p[s->list.n - 1].profile : NULL;
	int at = p ? verdicts_series_value(p) : -1;

	BUF_LIT(out, ",\"value\":[");
	json_text(out, at < 0 ? STR("") : profile_str(p, p->sample_types[at].type));
	buf_char(out, ',');
	json_text(out, at < 0 ? STR("") : profile_str(p, p->sample_types[at].unit));
	buf_char(out, ']');
}

static void put_moments(const struct verdicts_series *s, struct buf *out)
{
	BUF_LIT(out, ",\"past\":[");
	for (size_t i = 0; i < s->past.n; i++)
		put_moment(out, i == 0, 0, &s->past.p[i].moment, s->past.p[i].total);
	BUF_LIT(out, "],\"moments\":[");
	for (size_t i = 0; i < s->list.n; i++)
		put_moment(out, i == 0, s->list.p[i].id, &s->list.p[i].moment, s->list.p[i].total);
	buf_char(out, ']');
}

/* All of them, or those that brought another build. */
static void put_restarts(
    const struct verdicts_series *s, const char *name, bool deploys, struct buf *out)
{
	const char *comma = "";

	buf_printf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < s->restarts.n; i++) {
		if (deploys && !s->restarts.p[i].other_build)
			continue;
		buf_printf(out, "%s%" PRId64, comma, s->restarts.p[i].time_ns / 1000000);
		comma = ",";
	}
	buf_char(out, ']');
}

void timeline_json(
    const struct timeline *t, const struct leaks_report *report, struct str why, struct buf *out)
{
	const struct request *r = &t->driver->request;
	const struct explain_options o = { .source = r->sources[0], .is_live = t->is_live };
	const struct verdicts_series *s = &t->series;

	buf_printf(out, "{\"live\":%s,\"every\":%.3f,\"times\":%s", t->is_live ? "true" : "false",
	    t->every_s, has_times(s) ? "true" : "false");
	put_value(s, out);
	put_restarts(s, "restarts", false, out);
	put_restarts(s, "deploys", true, out);
	put_moments(s, out);
	BUF_LIT(out, ",\"why\":");
	json_text(out, why);
	BUF_LIT(out, ",\"report\":");
	if (report)
		explain_json(report, &o, out);
	else
		BUF_LIT(out, "null");
	buf_char(out, '}');
}
