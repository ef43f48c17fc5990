#include "profile/foreign/perf_format.h"

#include <string.h>

#define ATTR_MIN ((uint64_t)64) /* PERF_ATTR_SIZE_VER0 */

#define FEATURES_MAX  256
#define HOST_IS_BIG   (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define STREAM_HEADER ((uint64_t)16)

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
	return c->swapped ? __builtin_bswap16(v) : v;
}

uint32_t perf_u32(struct perf_cursor *c)
{
	struct str s = perf_take(c, sizeof(uint32_t));
	uint32_t v = 0;

	memcpy(&v, s.p, s.n);
	return c->swapped ? __builtin_bswap32(v) : v;
}

uint64_t perf_u64(struct perf_cursor *c)
{
	struct str s = perf_take(c, sizeof(uint64_t));
	uint64_t v = 0;

	memcpy(&v, s.p, s.n);
	return c->swapped ? __builtin_bswap64(v) : v;
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

struct perf_cursor perf_over(const struct perf_file *f, struct str s)
{
	return (struct perf_cursor){ .s = s, .swapped = f->swapped };
}

static struct perf_cursor open_section(
    const struct perf_file *f, struct str bytes, struct section s)
{
	if (s.at > bytes.n || s.n > bytes.n - s.at)
		return (struct perf_cursor){ .bad = true };
	return perf_over(f, str_head(str_skip(bytes, (size_t)s.at), (size_t)s.n));
}

/* Bytes that stand behind a record, and are none. */
static uint64_t payload(const struct perf_record *r, bool swapped)
{
	struct perf_cursor c = { .s = r->body, .swapped = swapped };

	if (r->type == PERF_TRACING_DATA)
		return perf_u32(&c);
	return r->type == PERF_AUXTRACE ? perf_u64(&c) : 0;
}

enum err_code perf_next(struct perf_cursor *c, struct perf_record *r, bool *more, struct err *e)
{
	struct str from = c->s;
	uint16_t size;

	*more = false;
	if (c->bad || c->s.n < PERF_RECORD_HEAD)
		return OK;
	r->type = perf_u32(c);
	r->misc = perf_u16(c);
	size = perf_u16(c);
	if (size < PERF_RECORD_HEAD)
		return FAIL(e, ERR_FORMAT, "perf.data: a record of %d bytes", (int)size);
	r->body = perf_take(c, size - PERF_RECORD_HEAD);
	if (c->bad)
		return OK; /* cut off: what is there counts */
	r->whole = str_head(from, size);
	perf_take(c, payload(r, c->swapped));
	*more = true;
	return OK;
}

/* The attribute's bits behind the sizes: which is which is told by perf_event_open(2). */
#define BIT_FREQ          (1ull << 10)
#define BIT_SAMPLE_ID_ALL (1ull << 18)

/*
 * The bits as a little-endian machine numbers them. Bit fields begin at the other end of each byte
 * on a big-endian one.
 */
static uint64_t attr_bits(struct perf_cursor *c, bool is_big)
{
	struct str s = perf_take(c, sizeof(uint64_t));
	uint64_t bits = 0;

	for (size_t i = 0; i < s.n * 8; i++) {
		size_t at = is_big ? 7 - i % 8 : i % 8;

		bits |= (uint64_t)((unsigned char)s.p[i / 8] >> at & 1) << i;
	}
	return bits;
}

static bool is_big_endian(bool swapped)
{
	return HOST_IS_BIG != swapped;
}

static struct perf_event read_event(const struct perf_file *f, struct str attr)
{
	struct perf_cursor c = perf_over(f, attr);
	struct perf_event event = { .swapped = f->swapped };
	uint64_t period, bits;

	event.type = perf_u32(&c);
	perf_u32(&c); /* size */
	event.config = perf_u64(&c);
	period = perf_u64(&c);
	event.sample_type = perf_u64(&c);
	event.read_format = perf_u64(&c);
	bits = attr_bits(&c, is_big_endian(f->swapped));
	event.has_sample_ids = bits & BIT_SAMPLE_ID_ALL;
	if (bits & BIT_FREQ)
		event.frequency = period;
	else
		event.period = period;
	return event;
}

enum err_code perf_add_event(struct perf_file *f, struct str attr, struct str ids, struct err *e)
{
	if (f->n_events == PERF_EVENTS_MAX)
		return FAIL(e, ERR_LIMIT, "perf.data: more than %d events", PERF_EVENTS_MAX);
	f->events[f->n_events] = read_event(f, attr);
	f->events[f->n_events++].ids = ids;
	return OK;
}

bool perf_event_has_id(const struct perf_event *event, uint64_t id)
{
	struct perf_cursor ids = { .s = event->ids, .swapped = event->swapped };

	while (ids.s.n >= 8)
		if (perf_u64(&ids) == id)
			return true;
	return false;
}

static MUST_USE enum err_code read_attrs(
    struct perf_file *f, struct str bytes, struct section attrs, uint64_t size, struct err *e)
{
	struct perf_cursor c = open_section(f, bytes, attrs);

	if (c.bad || size < ATTR_MIN + 16 || size > attrs.n)
		return FAIL(e, ERR_FORMAT, "perf.data: malformed event attributes");
	while (c.s.n > 0) {
		struct perf_cursor ids;
		struct str attr = perf_take(&c, size - 16);
		struct section place = read_section(&c);

		ids = open_section(f, bytes, place);
		if (c.bad || ids.bad)
			return FAIL(e, ERR_FORMAT, "perf.data: malformed event attributes");
		TRY(perf_add_event(f, attr, ids.s, e));
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

void perf_set_feature(struct perf_file *f, uint64_t feature, struct str contents)
{
	if (feature == PERF_FEATURE_BUILD_ID)
		f->build_ids = contents;
	else if (feature == PERF_FEATURE_CMDLINE)
		f->command_line = contents;
	else if (feature == PERF_FEATURE_EVENT_DESC)
		read_names(f, perf_over(f, contents));
}

/* Features lie behind the records: a section for each bit that is set. Bad ones are left out. */
static void read_features(
    struct perf_file *f, struct str bytes, struct section data, const uint64_t *bits)
{
	struct perf_cursor c = open_section(f, bytes, data);

	if (c.bad)
		return;
	c.s = str_skip(bytes, (size_t)(data.at + data.n));
	for (uint32_t i = 0; i < FEATURES_MAX && !c.bad; i++) {
		struct perf_cursor feature;

		if (!(bits[i / 64] >> (i % 64) & 1))
			continue;
		feature = open_section(f, bytes, read_section(&c));
		if (!c.bad && !feature.bad)
			perf_set_feature(f, i, feature.s);
	}
}

/* What follows the size of a file's header. */
static MUST_USE enum err_code open_file(
    struct perf_file *f, struct str bytes, struct perf_cursor c, struct err *e)
{
	struct section attrs, data;
	uint64_t bits[FEATURES_MAX / 64], attr_size;

	attr_size = perf_u64(&c);
	attrs = read_section(&c);
	data = read_section(&c);
	read_section(&c); /* event types, no longer used */
	for (size_t i = 0; i < FEATURES_MAX / 64; i++)
		bits[i] = perf_u64(&c);
	if (c.bad)
		return FAIL(e, ERR_FORMAT, "perf.data: unexpected EOF");
	TRY(read_attrs(f, bytes, attrs, attr_size, e));
	c = open_section(f, bytes, data);
	if (c.bad || data.n == 0)
		return FAIL(e, ERR_FORMAT, "perf.data: no records; was perf record interrupted?");
	f->records = c.s;
	read_features(f, bytes, data, bits);
	return perf_unpack(f, e);
}

enum err_code perf_open(struct perf_file *f, struct str bytes, struct err *e)
{
	struct perf_cursor c;
	uint64_t header_size;

	*f = (struct perf_file){ .swapped = str_starts(bytes, STR("2ELIFREP")) != HOST_IS_BIG };
	c = perf_over(f, bytes);
	perf_take(&c, 8);
	header_size = perf_u64(&c);
	if (header_size != STREAM_HEADER)
		return open_file(f, bytes, c, e);
	f->records = c.s;
	TRY(perf_unpack(f, e));
	return perf_read_stream(f, e);
}

void perf_close(struct perf_file *f)
{
	buf_release(&f->own);
	buf_release(&f->found);
}
