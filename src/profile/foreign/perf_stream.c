/*
 * A perf.data stream: perf record -o - has no header but a mark, and tells of its events, their
 * names and its features by records among the others. Called by perf_open.
 */
#include "profile/foreign/perf_format.h"

#define ATTR_MIN    64u /* PERF_ATTR_SIZE_VER0, when the attributes do not say their size */
#define UPDATE_NAME 2

/* Attributes, then the ids. */
static MUST_USE enum err_code add_event(struct perf_file *f, struct str body, struct err *e)
{
	struct perf_cursor c = perf_over(f, body);
	uint32_t size;

	perf_u32(&c); /* type */
	size = perf_u32(&c);
	size = size ? size : ATTR_MIN;
	if (c.bad || size < ATTR_MIN || size > body.n)
		return FAIL(e, ERR_FORMAT, "perf.data: malformed event attributes");
	return perf_add_event(f, str_head(body, size), str_skip(body, size), e);
}

static void update_event(struct perf_file *f, struct str body)
{
	struct perf_cursor c = perf_over(f, body);
	uint64_t what = perf_u64(&c), id = perf_u64(&c);

	for (uint32_t i = 0; i < f->n_events && !c.bad && what == UPDATE_NAME; i++)
		if (perf_event_has_id(&f->events[i], id))
			f->events[i].name = perf_text(c.s);
}

static void add_feature(struct perf_file *f, struct str body)
{
	struct perf_cursor c = perf_over(f, body);
	uint64_t feature = perf_u64(&c);

	if (!c.bad && feature != PERF_FEATURE_BUILD_ID) /* in a stream they are records */
		perf_set_feature(f, feature, c.s);
}

/* Names are given to events that are known by then: those are read first. */
static MUST_USE enum err_code read_records(struct perf_file *f, bool events, struct err *e)
{
	struct perf_cursor c = perf_over(f, f->records);

	for (;;) {
		struct perf_record r;
		bool more;

		TRY(perf_next(&c, &r, &more, e));
		if (!more)
			return OK;
		if (events && r.type == PERF_HEADER_ATTR)
			TRY(add_event(f, r.body, e));
		else if (!events && r.type == PERF_EVENT_UPDATE)
			update_event(f, r.body);
		else if (!events && r.type == PERF_HEADER_FEATURE)
			add_feature(f, r.body);
		else if (!events && r.type == PERF_BUILD_ID)
			buf_add_str(&f->found, r.whole);
	}
}

enum err_code perf_read_stream(struct perf_file *f, struct err *e)
{
	TRY(read_records(f, true, e));
	TRY(read_records(f, false, e));
	f->build_ids = buf_str(&f->found);
	return buf_failed(&f->found) ? FAIL_NOMEM(e) : OK;
}
