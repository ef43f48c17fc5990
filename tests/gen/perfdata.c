#include "gen/perfdata.h"

#include <string.h>

/* IP TID TIME CALLCHAIN ID PERIOD IDENTIFIER, see perf_event_open(2) */
#define SAMPLE_TYPE  (1u | 2u | 4u | 32u | 64u | 256u | 65536u)
#define HEADER_SIZE  104
#define ATTR_SIZE    ((uint64_t)136)
#define ID_OF(event) (100 + (uint64_t)(event))

static void put(struct buf *b, uint64_t v, size_t size)
{
	buf_add(b, &v, size);
}

static void put_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
	while (b->n % 8)
		buf_char(b, '\0');
}

/* What ends every record but samples: TID, TIME, ID, IDENTIFIER. */
static void put_ids(struct buf *b, uint32_t pid, uint32_t tid, uint64_t time)
{
	put(b, pid, 4);
	put(b, tid, 4);
	put(b, time, 8);
	put(b, ID_OF(0), 8);
	put(b, ID_OF(0), 8);
}

void perfdata_record(struct perfdata *d, uint32_t type, uint16_t misc, struct str body)
{
	put(&d->records, type, 4);
	put(&d->records, misc, 2);
	put(&d->records, body.n + 8, 2);
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

	put(&b, pid, 4);
	put(&b, tid, 4);
	put_text(&b, name);
	put_ids(&b, pid, tid, time);
	finish_record(d, 3, 0, &b);
}

void perfdata_fork(struct perfdata *d, uint32_t pid, uint32_t parent, uint64_t time)
{
	struct buf b = { 0 };

	put(&b, pid, 4);
	put(&b, parent, 4);
	put(&b, pid, 4);
	put(&b, parent, 4);
	put(&b, time, 8);
	put_ids(&b, pid, pid, time);
	finish_record(d, 7, 0, &b);
}

void perfdata_mmap(struct perfdata *d, uint32_t pid, uint64_t time, uint64_t start, uint64_t size,
    uint64_t offset, const char *file, uint8_t id)
{
	struct buf b = { 0 };

	put(&b, pid, 4);
	put(&b, pid, 4);
	put(&b, start, 8);
	put(&b, size, 8);
	put(&b, offset, 8);
	put(&b, id ? 20 : 0, 4);
	buf_fill(&b, (char)id, 20);
	put(&b, 5, 4); /* PROT_READ | PROT_EXEC */
	put(&b, 2, 4); /* MAP_PRIVATE */
	put_text(&b, file);
	put_ids(&b, pid, pid, time);
	finish_record(d, 10, id ? 1 << 14 : 0, &b);
}

void perfdata_sample(struct perfdata *d, uint32_t event, uint32_t pid, uint32_t tid, uint64_t time,
    uint64_t period, const uint64_t *chain, uint64_t n)
{
	struct buf b = { 0 };

	put(&b, ID_OF(event), 8);
	put(&b, chain[n > 1], 8);
	put(&b, pid, 4);
	put(&b, tid, 4);
	put(&b, time, 8);
	put(&b, ID_OF(event), 8);
	put(&b, period, 8);
	put(&b, n, 8);
	buf_add(&b, chain, n * sizeof *chain);
	finish_record(d, 9, chain[0] == PERFDATA_KERNEL ? 1 : 2, &b);
}

static void put_attr(struct buf *out, uint32_t event, uint64_t ids_at)
{
	size_t end = out->n + ATTR_SIZE;

	put(out, 1, 4); /* software */
	put(out, ATTR_SIZE, 4);
	put(out, event ? 2 : 0, 8); /* page-faults, cpu-clock */
	put(out, 1000000, 8);
	put(out, SAMPLE_TYPE, 8);
	put(out, 0, 8);
	put(out, 1 << 18, 8); /* sample_id_all */
	buf_fill(out, '\0', end - out->n);
	put(out, ids_at + (uint64_t)event * 8, 8);
	put(out, 8, 8);
}

void perfdata_finish(struct perfdata *d, struct buf *out)
{
	const uint64_t n = d->n_events ? d->n_events : 1;
	const uint64_t attrs = HEADER_SIZE, ids = attrs + n * (ATTR_SIZE + 16);

	buf_add_str(out, STR("PERFILE2"));
	put(out, HEADER_SIZE, 8);
	put(out, ATTR_SIZE + 16, 8);
	put(out, attrs, 8);
	put(out, n * (ATTR_SIZE + 16), 8);
	put(out, ids + n * 8, 8);
	put(out, d->records.n, 8);
	buf_fill(out, '\0', HEADER_SIZE - out->n);
	for (uint32_t i = 0; i < n; i++)
		put_attr(out, i, ids);
	for (uint32_t i = 0; i < n; i++)
		put(out, ID_OF(i), 8);
	buf_add_str(out, buf_str(&d->records));
	buf_release(&d->records);
}

void perfdata_example(struct buf *out)
{
	static const uint64_t user[] = { PERFDATA_USER, 0x401234, 0x401101 };
	static const uint64_t kernel[] = { PERFDATA_KERNEL, 0xffffffff81000010, 0xffffffff81000021,
		PERFDATA_USER, 0x7f0000002005, 0x401101 };
	static const uint64_t jit[] = { PERFDATA_USER, 0x10000010, 0x401101 };
	struct perfdata d = { .n_events = 2 };

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
	perfdata_finish(&d, out);
}
