/*
 * perf.data to a profile. Records of several CPUs are not in the order of time, so they are listed
 * with their times first, sorted, and then applied: maps, names and forks to the address spaces
 * (perf_space.h), samples to the assembly. Caller: decode.c.
 *
 * Code without a file (a JIT's) is given the file /tmp/perf-PID.map, the kernel's
 * "[kernel.kallsyms]": symbolize/ knows both. Labels: comm, pid, tid. Branch stacks, registers and
 * copies of the user stack are left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "profile/compact.h"
#include "profile/foreign/assembly.h"
#include "profile/foreign/foreign.h"
#include "profile/foreign/perf_format.h"
#include "profile/foreign/perf_space.h"

#define FRAMES_MAX   1024
#define RECORDS_MAX  ((size_t)1 << 28)
#define BUILD_ID_MAX 20

#define MISC_CPUMODE      7
#define MISC_KERNEL       1
#define MISC_EXEC         (1 << 13) /* of a COMM */
#define MISC_MMAP_BUILDID (1 << 14) /* of a MMAP2 */
#define MISC_BUILDID_SIZE (1 << 15) /* of a build id record */

/* Not addresses but what kind of addresses follow. */
#define CONTEXT_MAX    ((uint64_t)-4095)
#define CONTEXT_KERNEL ((uint64_t)-128)

#define PROT_EXECUTE 4

struct record {
	uint64_t time;
	size_t at; /* in file.records */
};

struct sample {
	uint64_t ip, time, period, id;
	uint32_t pid, tid;
	uint32_t event;
	struct str chain; /* 8 bytes a frame, leaf first */
};

struct reader {
	struct perf_file file;
	struct perf_space space;
	struct assembly a;
	VEC(struct record) records;
	uint64_t first_time, last_time;
};

static struct perf_cursor over(const struct reader *r, struct str s)
{
	return perf_over(&r->file, s);
}

/* How many 8-byte words of a sample's ids end a record of another type, and where its time is. */
static uint64_t record_time(const struct perf_event *event, struct str body)
{
	static const uint64_t order[] = { PERF_HAS_TID, PERF_HAS_TIME, PERF_HAS_ID,
		PERF_HAS_STREAM_ID, PERF_HAS_CPU, PERF_HAS_IDENTIFIER };
	size_t words = 0, before = 0;
	struct perf_cursor c = { .s = body, .swapped = event->swapped };

	if (!event->has_sample_ids || !(event->sample_type & PERF_HAS_TIME))
		return 0;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		before = order[i] == PERF_HAS_TIME ? words : before;
		words += (event->sample_type & order[i]) != 0;
	}
	if (body.n < words * 8)
		return 0;
	c.s = str_skip(body, body.n - words * 8 + before * 8);
	return perf_u64(&c);
}

/* Samples. */

static void skip_read_values(struct perf_cursor *c, uint64_t format)
{
	const uint64_t times = (format & 1) + (format >> 1 & 1);
	const uint64_t each = 1 + (format >> 2 & 1) + (format >> 4 & 1);
	uint64_t n = 1;

	if (!(format & 8)) {
		perf_take(c, (each + times) * 8);
		return;
	}
	n = perf_u64(c);
	if (n > c->s.n / 8)
		c->bad = true;
	else
		perf_take(c, (times + n * each) * 8);
}

static uint64_t take_if(struct perf_cursor *c, const struct perf_event *event, uint64_t bit)
{
	return event->sample_type & bit ? perf_u64(c) : 0;
}

/* False for a record that ends too early. */
static bool parse_sample(struct str body, const struct perf_event *event, struct sample *s)
{
	struct perf_cursor c = { .s = body, .swapped = event->swapped };

	*s = (struct sample){ .period = event->period };
	s->id = take_if(&c, event, PERF_HAS_IDENTIFIER);
	s->ip = take_if(&c, event, PERF_HAS_IP);
	if (event->sample_type & PERF_HAS_TID) {
		s->pid = perf_u32(&c);
		s->tid = perf_u32(&c);
	}
	s->time = take_if(&c, event, PERF_HAS_TIME);
	take_if(&c, event, PERF_HAS_ADDR);
	if (event->sample_type & PERF_HAS_ID)
		s->id = perf_u64(&c);
	take_if(&c, event, PERF_HAS_STREAM_ID);
	take_if(&c, event, PERF_HAS_CPU);
	if (event->sample_type & PERF_HAS_PERIOD)
		s->period = perf_u64(&c);
	if (event->sample_type & PERF_HAS_READ)
		skip_read_values(&c, event->read_format);
	if (event->sample_type & PERF_HAS_CALLCHAIN) {
		uint64_t n = perf_u64(&c);

		c.bad |= n > c.s.n / 8;
		s->chain = perf_take(&c, c.bad ? 0 : n * 8);
	}
	return !c.bad;
}

/* The event a sample is of: the layout of all is the first one's until the id is known. */
static bool read_sample(const struct reader *r, struct str body, struct sample *s)
{
	if (!parse_sample(body, &r->file.events[0], s))
		return false;
	for (uint32_t i = 0; i < r->file.n_events && r->file.n_events > 1; i++) {
		if (!perf_event_has_id(&r->file.events[i], s->id))
			continue;
		if (!parse_sample(body, &r->file.events[i], s))
			return false;
		s->event = i;
		return true;
	}
	return true;
}

static bool is_anonymous(struct str file)
{
	return file.n == 0 || str_starts(file, STR("//anon")) || str_starts(file, STR("[anon")) ||
	       str_starts(file, STR("[heap]")) || str_starts(file, STR("/memfd:")) ||
	       str_starts(file, STR("/dev/zero")) || str_starts(file, STR("[stack"));
}

static str_id hex_id(struct reader *r, struct str raw)
{
	char text[2 * BUILD_ID_MAX];

	for (size_t i = 0; i < raw.n && i < BUILD_ID_MAX; i++) {
		text[2 * i] = "0123456789abcdef"[(unsigned char)raw.p[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[raw.p[i] & 15];
	}
	return profile_intern(r->a.p, (struct str){ text, 2 * raw.n });
}

static uint32_t mapping_of(struct reader *r, uint32_t pid, uint64_t address, bool kernel)
{
	const struct perf_region *region =
	    perf_space_find(&r->space, kernel ? PERF_KERNEL_PID : pid, address);
	struct mapping m = { 0 };
	char map[40];

	if (!region && !kernel)
		return PROFILE_NONE;
	if (region) {
		m.start = region->start;
		m.limit = region->limit;
		m.offset = region->offset;
	}
	if (kernel && (!region || str_starts(region->file, STR("[kernel.kallsyms]")))) {
		m.file = profile_intern(r->a.p, STR("[kernel.kallsyms]"));
		m.offset = 0;
	} else if (is_anonymous(region->file)) {
		snprintf(map, sizeof map, "/tmp/perf-%" PRIu32 ".map", pid);
		m.file = profile_intern(r->a.p, str_c(map));
		m.offset = 0;
	} else {
		m.file = profile_intern(r->a.p, region->file);
	}
	if (region && region->build_id.n)
		m.build_id = hex_id(r, region->build_id);
	return assembly_mapping(&r->a, m);
}

/* Addresses behind the leaf are where calls return to: one less lies on the call. */
static void add_frames(struct reader *r, const struct sample *s, bool kernel)
{
	struct perf_cursor c = over(r, s->chain);
	size_t n = 0;

	if (s->chain.n == 0)
		assembly_address(&r->a, mapping_of(r, s->pid, s->ip, kernel), s->ip);
	while (c.s.n >= 8 && n < FRAMES_MAX) {
		uint64_t address = perf_u64(&c);

		if (address >= CONTEXT_MAX) {
			kernel = address == CONTEXT_KERNEL;
			continue;
		}
		address -= n > 0 && address > 0;
		assembly_address(&r->a, mapping_of(r, s->pid, address, kernel), address);
		n++;
	}
}

static void add_sample(struct reader *r, struct str body, uint16_t misc)
{
	int64_t values[2 * PERF_EVENTS_MAX] = { 0 };
	struct str comm;
	struct sample s;

	if (!read_sample(r, body, &s))
		return;
	if (s.time && (!r->first_time || s.time < r->first_time))
		r->first_time = s.time;
	r->last_time = s.time > r->last_time ? s.time : r->last_time;
	add_frames(r, &s, (misc & MISC_CPUMODE) == MISC_KERNEL);
	comm = perf_space_comm(&r->space, s.tid);
	if (comm.n == 0)
		comm = perf_space_comm(&r->space, s.pid);
	if (comm.n)
		assembly_label_text(&r->a, STR("comm"), comm);
	assembly_label_number(&r->a, STR("pid"), s.pid);
	assembly_label_number(&r->a, STR("tid"), s.tid);
	values[2 * s.event] = 1;
	values[2 * s.event + 1] = (int64_t)s.period;
	assembly_end_sample(&r->a, values);
}

/* Maps and names. */

static void add_map(struct reader *r, struct str body, bool second, uint16_t misc)
{
	struct perf_cursor c = over(r, body);
	struct perf_region region = { 0 };
	uint32_t pid = perf_u32(&c);
	uint64_t n;
	uint32_t protection = PROT_EXECUTE;

	perf_u32(&c); /* tid */
	region.start = perf_u64(&c);
	n = perf_u64(&c);
	region.offset = perf_u64(&c);
	if (second) {
		struct perf_cursor id = over(r, perf_take(&c, 24));
		struct str size = perf_take(&id, 4);

		if (misc & MISC_MMAP_BUILDID && size.n && (uint8_t)size.p[0] <= BUILD_ID_MAX)
			region.build_id = perf_take(&id, (uint8_t)size.p[0]);
		protection = perf_u32(&c);
		perf_u32(&c); /* flags */
	}
	region.file = perf_text(c.s);
	if (c.bad || !(protection & PROT_EXECUTE))
		return;
	region.limit = n > UINT64_MAX - region.start ? UINT64_MAX : region.start + n;
	perf_space_map(&r->space, pid, region);
}

static void add_name(struct reader *r, struct str body, uint16_t misc)
{
	struct perf_cursor c = over(r, body);
	uint32_t pid = perf_u32(&c);
	uint32_t tid = perf_u32(&c);

	if (c.bad)
		return;
	if (misc & MISC_EXEC)
		perf_space_exec(&r->space, pid);
	perf_space_name(&r->space, tid, perf_text(c.s));
}

static void add_fork(struct reader *r, struct str body)
{
	struct perf_cursor c = over(r, body);
	uint32_t pid = perf_u32(&c);
	uint32_t parent = perf_u32(&c);
	uint32_t tid = perf_u32(&c);
	uint32_t parent_tid = perf_u32(&c);

	if (c.bad)
		return;
	perf_space_fork(&r->space, pid, parent);
	perf_space_name(&r->space, tid, perf_space_comm(&r->space, parent_tid));
}

/* Build ids for files, from the header: for regions whose record has none. */
static void give_build_ids(struct reader *r)
{
	struct perf_cursor c = over(r, r->file.build_ids);

	while (c.s.n >= 8) {
		uint16_t misc, size;
		struct str id, file;

		perf_u32(&c); /* type */
		misc = perf_u16(&c);
		size = perf_u16(&c);
		perf_u32(&c); /* pid */
		id = perf_take(&c, 24);
		file = perf_text(perf_take(&c, size > 36 ? size - 36u : 0));
		if (c.bad || size <= 36)
			return;
		id = str_head(id, misc & MISC_BUILDID_SIZE && (uint8_t)id.p[20] <= BUILD_ID_MAX
				      ? (uint8_t)id.p[20]
				      : BUILD_ID_MAX);
		for (size_t i = 0; i < r->a.mappings.n; i++) {
			struct mapping *m = &r->a.mappings.p[i];

			if (!m->build_id && str_eq(profile_str(r->a.p, m->file), file))
				m->build_id = hex_id(r, id);
		}
	}
}

/* The whole. */

static MUST_USE enum err_code list_records(struct reader *r, struct err *e)
{
	struct perf_cursor c = over(r, r->file.records);

	for (;;) {
		struct perf_record record;
		struct sample s;
		uint64_t time;
		bool more;

		TRY(perf_next(&c, &record, &more, e));
		if (!more)
			return OK;
		if (record.type > PERF_MMAP2)
			continue;
		time = record_time(&r->file.events[0], record.body);
		if (record.type == PERF_SAMPLE)
			time = read_sample(r, record.body, &s) ? s.time : 0;
		if (r->records.n == RECORDS_MAX)
			return FAIL(e, ERR_LIMIT, "perf.data: too many records");
		if (!VEC_PUSH(&r->records,
			(struct record){ time, (size_t)(record.whole.p - r->file.records.p) }))
			return FAIL_NOMEM(e);
	}
}

static int by_time(const void *x, const void *y)
{
	const struct record *a = x, *b = y;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

static void apply(struct reader *r, size_t at)
{
	struct perf_cursor c = over(r, str_skip(r->file.records, at));
	uint32_t type = perf_u32(&c);
	uint16_t misc = perf_u16(&c);
	struct str body = perf_take(&c, perf_u16(&c) - 8u);

	if (type == PERF_MMAP || type == PERF_MMAP2)
		add_map(r, body, type == PERF_MMAP2, misc);
	else if (type == PERF_COMM)
		add_name(r, body, misc);
	else if (type == PERF_FORK)
		add_fork(r, body);
	else if (type == PERF_SAMPLE)
		add_sample(r, body, misc);
}

/* "cycles" of "cycles:ukhpppP"; without a name, the number of the event. */
static struct str event_name(const struct perf_event *event, char *room, size_t size)
{
	static const char *const software[] = { "cpu-clock", "task-clock", "page-faults",
		"context-switches" };
	static const char *const hardware[] = { "cycles", "instructions", "cache-references",
		"cache-misses", "branches", "branch-misses" };
	size_t colon = str_find_char(event->name, ':');

	if (event->name.n)
		return colon == STR_NPOS || colon == 0 ? event->name : str_head(event->name, colon);
	if (event->type == 0 && event->config < sizeof hardware / sizeof *hardware)
		return str_c(hardware[event->config]);
	if (event->type == 1 && event->config < sizeof software / sizeof *software)
		return str_c(software[event->config]);
	snprintf(room, size, "event-%" PRIu32 "-%" PRIu64, event->type, event->config);
	return str_c(room);
}

static bool is_clock(struct str name)
{
	return str_is(name, "cpu-clock") || str_is(name, "task-clock");
}

/* Each event is two values: how often it was sampled, and how much of it the samples stand for. */
static void add_types(struct reader *r)
{
	char room[64], count[96];

	for (uint32_t i = 0; i < r->file.n_events; i++) {
		struct str name = event_name(&r->file.events[i], room, sizeof room);
		struct str type = is_clock(name) ? STR("cpu") : name;
		struct str unit = is_clock(name) ? STR("nanoseconds") : STR("count");

		snprintf(
		    count, sizeof count, "%.*s_samples", (int)(name.n < 60 ? name.n : 60), name.p);
		assembly_type(
		    &r->a, r->file.n_events == 1 ? STR("samples") : str_c(count), STR("count"));
		assembly_type(&r->a, type, unit);
		if (i == 0) {
			r->a.p->default_sample_type = profile_intern(r->a.p, type);
			r->a.p->period_type.type = profile_intern(r->a.p, type);
			r->a.p->period_type.unit = profile_intern(r->a.p, unit);
			r->a.p->period = (int64_t)r->file.events[i].period;
		}
	}
}

static bool is_main(const struct profile *p, const struct mapping *m)
{
	struct str file = profile_str(p, m->file);

	return file.n && file.p[0] == '/' && !str_starts(file, STR("/tmp/perf-")) &&
	       str_find(file, STR(".so")) == STR_NPOS && str_find(file, STR(".ko")) == STR_NPOS;
}

/* The program first, as reports name the profile after the first mapping. */
static void put_main_first(struct reader *r)
{
	struct mapping *v = r->a.mappings.p;
	size_t at = 0;

	while (at < r->a.mappings.n && !is_main(r->a.p, &v[at]))
		at++;
	if (at == 0 || at == r->a.mappings.n)
		return;
	for (size_t i = 0; i < r->a.locations.n; i++) {
		struct location *l = &r->a.locations.p[i];

		if (l->mapping == 0)
			l->mapping = (uint32_t)at;
		else if (l->mapping == at)
			l->mapping = 0;
	}
	struct mapping main = v[at];
	v[at] = v[0];
	v[0] = main;
	v[0].id = 1;
	v[at].id = at + 1;
}

/* perf's own command line, as a comment. */
static void add_command(struct reader *r)
{
	struct perf_cursor c = over(r, r->file.command_line);
	uint32_t n = perf_u32(&c);
	struct buf text = { 0 };
	str_id *comments = ARENA_ARRAY(&r->a.p->arena, str_id, 1);

	for (uint32_t i = 0; i < n && !c.bad; i++) {
		struct str word = perf_text(perf_take(&c, perf_u32(&c)));

		if (!c.bad)
			buf_printf(&text, "%s%.*s", i ? " " : "", STR_ARG(word));
	}
	if (comments && text.n && !buf_failed(&text)) {
		comments[0] = profile_intern(r->a.p, buf_str(&text));
		r->a.p->comments = comments;
		r->a.p->n_comments = 1;
	}
	r->a.p->arena.failed |= buf_failed(&text);
	buf_release(&text);
}

static MUST_USE enum err_code read_all(struct reader *r, struct str bytes, struct err *e)
{
	TRY(perf_open(&r->file, bytes, e));
	if (r->file.n_events == 0)
		return FAIL(e, ERR_FORMAT, "perf.data: no events");
	TRY(list_records(r, e));
	if (r->records.n)
		qsort(r->records.p, r->records.n, sizeof *r->records.p, by_time);
	add_types(r);
	add_command(r);
	for (size_t i = 0; i < r->records.n; i++)
		apply(r, r->records.p[i].at);
	if (r->space.too_large)
		return FAIL(e, ERR_LIMIT, "perf.data: too many mappings");
	if (perf_space_failed(&r->space))
		return FAIL_NOMEM(e);
	give_build_ids(r);
	put_main_first(r);
	r->a.p->duration_ns = (int64_t)(r->last_time - r->first_time);
	return assembly_publish(&r->a, e);
}

enum err_code perf_read(struct profile *out, struct str bytes, bool *mine, struct err *e)
{
	struct reader r = { 0 };
	enum err_code code;

	*mine = perf_is_file(bytes);
	if (!*mine)
		return OK;
	TRY(assembly_init(&r.a, out, e));
	code = read_all(&r, bytes, e);
	perf_space_release(&r.space);
	perf_close(&r.file);
	VEC_RELEASE(&r.records);
	assembly_release(&r.a);
	if (code == OK)
		code = profile_compact(out, e);
	if (code != OK)
		profile_release(out);
	return code;
}
