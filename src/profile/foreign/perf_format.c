#include "profile/foreign/perf_format.h"

#include <string.h>

#define ATTR_MIN ((uint64_t)64) /* PERF_ATTR_SIZE_VER0 */

enum { /* features, by bit */
	FEATURE_BUILD_ID = 2,
	FEATURE_CMDLINE = 11,
	FEATURE_EVENT_DESC = 12,
	FEATURES_MAX = 256,
};

struct section {
	uint64_t at, n;
};

struct str perf_take(struct perf_cursor *c, uint64_t n)
{
	struct str piece = STR("");

	if (c->bad || n > c->s.n) {
		c->bad = true;
		return piece;
	}
	piece = str_head(c->s, (size_t)n);
	c->s = str_skip(c->s, (size_t)n);
	return piece;
}

uint16_t perf_u16(struct perf_cursor *c)
{
	struct str s = perf_take(c, sizeof(uint16_t));
	uint16_t v = 0;

	memcpy(&v, s.p, s.n);
	return v;
}

uint32_t perf_u32(struct perf_cursor *c)
{
	struct str s = perf_take(c, sizeof(uint32_t));
	uint32_t v = 0;

	memcpy(&v, s.p, s.n);
	return v;
}

uint64_t perf_u64(struct perf_cursor *c)
{
	struct str s = perf_take(c, sizeof(uint64_t));
	uint64_t v = 0;

	memcpy(&v, s.p, s.n);
	return v;
}

struct str perf_text(struct str s)
{
	size_t end = str_find_char(s, '\0');

	return end == STR_NPOS ? s : str_head(s, end);
}

bool perf_is_file(struct str bytes)
{
	return str_starts(bytes, STR("PERFILE2")) || str_starts(bytes, STR("2ELIFREP"));
}

static struct section read_section(struct perf_cursor *c)
{
	struct section s;

	s.at = perf_u64(c);
	s.n = perf_u64(c);
	return s;
}

static struct perf_cursor open_section(struct str bytes, struct section s)
{
	if (s.at > bytes.n || s.n > bytes.n - s.at)
		return (struct perf_cursor){ STR(""), true };
	return (struct perf_cursor){ str_head(str_skip(bytes, (size_t)s.at), (size_t)s.n), false };
}

/* The attribute's bits behind the sizes: which is which is told by perf_event_open(2). */
#define BIT_FREQ          (1ull << 10)
#define BIT_SAMPLE_ID_ALL (1ull << 18)

static struct perf_event read_event(struct str attr)
{
	struct perf_cursor c = { attr, false };
	struct perf_event event = { 0 };
	uint64_t period, bits;

	event.type = perf_u32(&c);
	perf_u32(&c); /* size */
	event.config = perf_u64(&c);
	period = perf_u64(&c);
	event.sample_type = perf_u64(&c);
	event.read_format = perf_u64(&c);
	bits = perf_u64(&c);
	event.has_sample_ids = bits & BIT_SAMPLE_ID_ALL;
	if (bits & BIT_FREQ)
		event.frequency = period;
	else
		event.period = period;
	return event;
}

static MUST_USE enum err_code read_attrs(
    struct perf_file *f, struct str bytes, struct section attrs, uint64_t size, struct err *e)
{
	struct perf_cursor c = open_section(bytes, attrs);

	if (c.bad || size < ATTR_MIN + 16 || size > attrs.n)
		return FAIL(e, ERR_FORMAT, "perf.data: malformed event attributes");
	while (c.s.n > 0) {
		struct perf_cursor ids;
		struct str attr = perf_take(&c, size - 16);
		struct section place = read_section(&c);

		ids = open_section(bytes, place);
		if (c.bad || ids.bad)
			return FAIL(e, ERR_FORMAT, "perf.data: malformed event attributes");
		if (f->n_events == PERF_EVENTS_MAX)
			return FAIL(
			    e, ERR_LIMIT, "perf.data: more than %d events", PERF_EVENTS_MAX);
		f->events[f->n_events] = read_event(attr);
		f->events[f->n_events++].ids = ids.s;
	}
	return OK;
}

/* Names of the events, in the order of the attributes; what does not fit is left out. */
static void read_names(struct perf_file *f, struct perf_cursor c)
{
	uint32_t n = perf_u32(&c);
	uint32_t attr_size = perf_u32(&c);

	for (uint32_t i = 0; i < n && !c.bad; i++) {
		uint32_t n_ids;
		struct str name;

		perf_take(&c, attr_size);
		n_ids = perf_u32(&c);
		name = perf_take(&c, perf_u32(&c));
		perf_take(&c, (uint64_t)n_ids * 8);
		if (!c.bad && i < f->n_events)
			f->events[i].name = perf_text(name);
	}
}

/* Features lie behind the records: a section for each bit that is set. Bad ones are left out. */
static void read_features(
    struct perf_file *f, struct str bytes, struct section data, const uint64_t *bits)
{
	struct perf_cursor c = open_section(bytes, data);

	if (c.bad)
		return;
	c.s = str_skip(bytes, (size_t)(data.at + data.n));
	for (uint32_t i = 0; i < FEATURES_MAX && !c.bad; i++) {
		struct perf_cursor feature;

		if (!(bits[i / 64] >> (i % 64) & 1))
			continue;
		feature = open_section(bytes, read_section(&c));
		if (c.bad || feature.bad)
			continue;
		if (i == FEATURE_BUILD_ID)
			f->build_ids = feature.s;
		else if (i == FEATURE_CMDLINE)
			f->command_line = feature.s;
		else if (i == FEATURE_EVENT_DESC)
			read_names(f, feature);
	}
}

enum err_code perf_open(struct perf_file *f, struct str bytes, struct err *e)
{
	struct perf_cursor c = { bytes, false };
	struct section attrs, data;
	uint64_t bits[FEATURES_MAX / 64], header_size, attr_size;

	*f = (struct perf_file){ 0 };
	if (str_starts(bytes, STR("2ELIFREP")))
		return FAIL(
		    e, ERR_UNSUPPORTED, "perf.data: of a machine with the other byte order");
	perf_take(&c, 8);
	header_size = perf_u64(&c);
	if (header_size == 16)
		return FAIL(e, ERR_UNSUPPORTED,
		    "perf.data: written to a pipe; record to a file, with perf record -o");
	attr_size = perf_u64(&c);
	attrs = read_section(&c);
	data = read_section(&c);
	read_section(&c); /* event types, no longer used */
	for (size_t i = 0; i < FEATURES_MAX / 64; i++)
		bits[i] = perf_u64(&c);
	if (c.bad)
		return FAIL(e, ERR_FORMAT, "perf.data: unexpected EOF");
	TRY(read_attrs(f, bytes, attrs, attr_size, e));
	c = open_section(bytes, data);
	if (c.bad || data.n == 0)
		return FAIL(e, ERR_FORMAT, "perf.data: no records; was perf record interrupted?");
	f->records = c.s;
	read_features(f, bytes, data, bits);
	return OK;
}
