#include "gen/perfdata.h"

#include <string.h>

#include <zstd.h>

/* IP TID TIME CALLCHAIN ID PERIOD IDENTIFIER, see perf_event_open(2) */
#define SAMPLE_TYPE  (1u | 2u | 4u | 32u | 64u | 256u | 65536u)
#define HEADER_SIZE  104
#define ATTR_SIZE    ((uint64_t)136)
#define ID_OF(event) (100 + (uint64_t)(event))

/* Little-endian unless swapped. */
static void put(const struct perfdata *d, struct buf *b, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf_char(b, (char)(v >> 8 * (d->swapped ? size - 1 - i : i)));
}

static void put_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
	while (b->n % 8)
		buf_char(b, '\0');
}

/* What ends every record but samples: TID, TIME, ID, IDENTIFIER. */
static void put_ids(
    const struct perfdata *d, struct buf *b, uint32_t pid, uint32_t tid, uint64_t time)
{
	put(d, b, pid, 4);
	put(d, b, tid, 4);
	put(d, b, time, 8);
	put(d, b, ID_OF(0), 8);
	put(d, b, ID_OF(0), 8);
}

void perfdata_record(struct perfdata *d, uint32_t type, uint16_t misc, struct str body)
{
	put(d, &d->records, type, 4);
	put(d, &d->records, misc, 2);
	put(d, &d->records, body.n + 8, 2);
	buf_add_str(&d->records, body);
}

static void finish_record(struct perfdata *d, uint32_t type, uint16_t misc, struct buf *body)
{
	perfdata_record(d, type, misc, buf_str(body));
	buf_release(body);
}

void perfdata_comm(struct perfdata *d, uint32_t pid, uint32_t tid, uint64_t time, const char *name)
{
	struct buf b = { 0 };

	put(d, &b, pid, 4);
	put(d, &b, tid, 4);
	put_text(&b, name);
	put_ids(d, &b, pid, tid, time);
	finish_record(d, 3, 0, &b);
}

void perfdata_fork(struct perfdata *d, uint32_t pid, uint32_t parent, uint64_t time)
{
	struct buf b = { 0 };

	put(d, &b, pid, 4);
	put(d, &b, parent, 4);
	put(d, &b, pid, 4);
	put(d, &b, parent, 4);
	put(d, &b, time, 8);
	put_ids(d, &b, pid, pid, time);
	finish_record(d, 7, 0, &b);
}

void perfdata_mmap(struct perfdata *d, uint32_t pid, uint64_t time, uint64_t start, uint64_t size,
    uint64_t offset, const char *file, uint8_t id)
{
	struct buf b = { 0 };

	put(d, &b, pid, 4);
	put(d, &b, pid, 4);
	put(d, &b, start, 8);
	put(d, &b, size, 8);
	put(d, &b, offset, 8);
	put(d, &b, id ? 20 : 0, 1);
	buf_fill(&b, '\0', 3);
	buf_fill(&b, (char)id, 20);
	put(d, &b, 5, 4); /* PROT_READ | PROT_EXEC */
	put(d, &b, 2, 4); /* MAP_PRIVATE */
	put_text(&b, file);
	put_ids(d, &b, pid, pid, time);
	finish_record(d, 10, id ? 1 << 14 : 0, &b);
}

void perfdata_sample(struct perfdata *d, uint32_t event, uint32_t pid, uint32_t tid, uint64_t time,
    uint64_t period, const uint64_t *chain, uint64_t n)
{
	struct buf b = { 0 };

	put(d, &b, ID_OF(event), 8);
	put(d, &b, chain[n > 1], 8);
	put(d, &b, pid, 4);
	put(d, &b, tid, 4);
	put(d, &b, time, 8);
	put(d, &b, ID_OF(event), 8);
	put(d, &b, period, 8);
	put(d, &b, n, 8);
	for (uint64_t i = 0; i < n; i++)
		put(d, &b, chain[i], 8);
	finish_record(d, 9, chain[0] == PERFDATA_KERNEL ? 1 : 2, &b);
}

/* The flags are bit fields: on a big-endian machine they begin at the upper end of each byte. */
static void put_flags(const struct perfdata *d, struct buf *out, uint64_t flags)
{
	for (size_t i = 0; i < 8; i++) {
		uint8_t byte = (uint8_t)(flags >> 8 * i), turned = 0;

		for (unsigned bit = 0; bit < 8; bit++)
			turned |= (uint8_t)((byte >> bit & 1) << (7 - bit));
		buf_char(out, (char)(d->swapped ? turned : byte));
	}
}

static void put_attr(const struct perfdata *d, struct buf *out, uint32_t event)
{
	size_t end = out->n + ATTR_SIZE;

	put(d, out, 1, 4); /* software */
	put(d, out, ATTR_SIZE, 4);
	put(d, out, event ? 2 : 0, 8); /* page-faults, cpu-clock */
	put(d, out, 1000000, 8);
	put(d, out, SAMPLE_TYPE, 8);
	put(d, out, 0, 8);
	put_flags(d, out, 1 << 18); /* sample_id_all */
	buf_fill(out, '\0', end - out->n);
}

/* The records with all but the first in two pieces of a stream that is flushed, not ended. */
static void pack(struct perfdata *d)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	struct perfdata out = { .n_events = d->n_events, .swapped = d->swapped };
	const unsigned char *size = (const unsigned char *)d->records.p + 6;
	size_t first = d->swapped ? size[0] * 256u + size[1] : size[1] * 256u + size[0];
	size_t cut = first + (d->records.n - first) / 2; /* within a record, most likely */
	struct str parts[] = { { d->records.p + first, cut - first },
		{ d->records.p + cut, d->records.n - cut } };

	buf_add(&out.records, d->records.p, first);
	for (size_t i = 0; i < 2; i++) {
		char room[1 << 15];
		ZSTD_inBuffer from = { parts[i].p, parts[i].n, 0 };
		ZSTD_outBuffer to = { room, sizeof room, 0 };

		while (ZSTD_compressStream2(z, &to, &from, ZSTD_e_flush) != 0)
			;
		perfdata_record(&out, 81, 0, (struct str){ room, to.pos });
	}
	ZSTD_freeCCtx(z);
	buf_release(&d->records);
	*d = out;
}

static void finish_file(struct perfdata *d, uint64_t n, struct buf *out)
{
	const uint64_t attrs = HEADER_SIZE, ids = attrs + n * (ATTR_SIZE + 16);

	put(d, out, HEADER_SIZE, 8);
	put(d, out, ATTR_SIZE + 16, 8);
	put(d, out, attrs, 8);
	put(d, out, n * (ATTR_SIZE + 16), 8);
	put(d, out, ids + n * 8, 8);
	put(d, out, d->records.n, 8);
	buf_fill(out, '\0', HEADER_SIZE - out->n);
	for (uint32_t i = 0; i < n; i++) {
		put_attr(d, out, i);
		put(d, out, ids + (uint64_t)i * 8, 8);
		put(d, out, 8, 8);
	}
	for (uint32_t i = 0; i < n; i++)
		put(d, out, ID_OF(i), 8);
	buf_add_str(out, buf_str(&d->records));
}

/* A record of a stream's head. */
static void put_record(const struct perfdata *d, struct buf *out, uint32_t type, struct buf *body)
{
	put(d, out, type, 4);
	put(d, out, 0, 2);
	put(d, out, body->n + 8, 2);
	buf_add_str(out, buf_str(body));
	buf_release(body);
}

/* Attributes and names as records, and one that is followed by what is no record. */
static void finish_stream(struct perfdata *d, uint64_t n, struct buf *out)
{
	struct buf b = { 0 };

	put(d, out, 16, 8);
	for (uint32_t i = 0; i < n; i++) {
		put_attr(d, &b, i);
		put(d, &b, ID_OF(i), 8);
		put_record(d, out, 64, &b);
	}
	put(d, &b, 2, 8); /* its name */
	put(d, &b, ID_OF(0), 8);
	put_text(&b, "cpu-clock:u");
	put_record(d, out, 78, &b);
	put(d, &b, 11, 8); /* the command line */
	put(d, &b, 1, 4);
	put(d, &b, 8, 4);
	put_text(&b, "perf");
	put_record(d, out, 80, &b);
	put(d, &b, 8, 4);
	put_record(d, out, 66, &b);
	buf_add_str(out, STR("no\xffthing"));
	buf_add_str(out, buf_str(&d->records));
}

void perfdata_finish_as(struct perfdata *d, enum perfdata_form form, struct buf *out)
{
	const uint64_t n = d->n_events ? d->n_events : 1;

	if (form == PERFDATA_PACKED || form == PERFDATA_PACKED_STREAM)
		pack(d);
	buf_add_str(out, d->swapped ? STR("2ELIFREP") : STR("PERFILE2"));
	if (form == PERFDATA_STREAM || form == PERFDATA_PACKED_STREAM)
		finish_stream(d, n, out);
	else
		finish_file(d, n, out);
	buf_release(&d->records);
}

void perfdata_finish(struct perfdata *d, struct buf *out)
{
	perfdata_finish_as(d, PERFDATA_FILE, out);
}

void perfdata_example_as(enum perfdata_form form, bool swapped, struct buf *out)
{
	static const uint64_t user[] = { PERFDATA_USER, 0x401234, 0x401101 };
	static const uint64_t kernel[] = { PERFDATA_KERNEL, 0xffffffff81000010, 0xffffffff81000021,
		PERFDATA_USER, 0x7f0000002005, 0x401101 };
	static const uint64_t jit[] = { PERFDATA_USER, 0x10000010, 0x401101 };
	struct perfdata d = { .n_events = 2, .swapped = swapped };

	perfdata_mmap(&d, UINT32_MAX, 0, 0xffffffff81000000, 0x1000000, 0xffffffff81000000,
	    "[kernel.kallsyms]_text", 0xee);
	perfdata_comm(&d, 7, 7, 10, "server");
	/* Out of order, as records of several CPUs are: the sample is later than the maps. */
	perfdata_sample(&d, 0, 7, 7, 20, 1000000, user, 3);
	perfdata_mmap(&d, 7, 11, 0x7f0000000000, 0x10000, 0x2000, "/lib/libwork.so.1", 0);
	perfdata_mmap(&d, 7, 12, 0x400000, 0x10000, 0, "/usr/bin/server", 0xab);
	perfdata_mmap(&d, 7, 13, 0x10000000, 0x1000, 0, "//anon", 0);
	perfdata_sample(&d, 0, 7, 7, 21, 1000000, user, 3);
	perfdata_sample(&d, 0, 7, 8, 22, 1000000, kernel, 6);
	perfdata_sample(&d, 1, 7, 7, 23, 5, jit, 3);
	perfdata_fork(&d, 9, 7, 24);
	perfdata_comm(&d, 9, 9, 25, "child");
	perfdata_sample(&d, 0, 9, 9, 26, 1000000, user, 3);
	perfdata_finish_as(&d, form, out);
}

void perfdata_example(struct buf *out)
{
	perfdata_example_as(PERFDATA_FILE, false, out);
}
