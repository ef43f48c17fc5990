/*
 * jemalloc's heap dumps (MALLOC_CONF=prof:true): "heap_v2/RATE", then what lives, and was ever
 * allocated, in all, and for each stack:
 *
 *	@ 0x1 0x2
 *	  t*: count: bytes [count: bytes]
 *	  t0: …                              one line a thread: t* is their sum
 *
 * and the memory map. Counts are of sampled blocks. What was ever allocated is there with
 * prof_accum:true only. google/pprof reads these after jeprof has turned them into another form.
 */
#include "profile/legacy/formats.h"

#include "base/regex.h"

#define HEADER STR("heap_v2/")

struct jemalloc_reader {
	struct legacy_builder *b;
	struct regex *counts;
	struct address_list addresses;
	int64_t rate;
	bool has_total, has_stack, has_allocated;
	struct err *e;
};

static MUST_USE enum err_code malformed(struct jemalloc_reader *r, struct str line)
{
	return FAIL(r->e, ERR_FORMAT, "malformed jemalloc heap profile: %.*s", STR_ARG(line));
}

static bool read_header(struct jemalloc_reader *r, struct str line)
{
	struct err ignored;

	return str_starts(line, HEADER) &&
	       number_decimal(str_skip(line, HEADER.n), &r->rate, &ignored) == OK && r->rate > 0;
}

static void add_types(struct jemalloc_reader *r)
{
	struct legacy_builder *b = r->b;

	legacy_set_period(b, STR("space"), STR("bytes"), r->rate);
	if (r->has_allocated) {
		legacy_add_type(b, STR("alloc_objects"), STR("count"));
		legacy_add_type(b, STR("alloc_space"), STR("bytes"));
		legacy_add_type(b, STR("inuse_objects"), STR("count"));
		legacy_add_type(b, STR("inuse_space"), STR("bytes"));
		return;
	}
	legacy_add_type(b, STR("objects"), STR("count"));
	legacy_add_type(b, STR("space"), STR("bytes"));
}

/* The sum of all threads: of everything before the first stack, of a stack after it. */
static MUST_USE enum err_code read_counts(struct jemalloc_reader *r, struct str line)
{
	int64_t live[2], ever[2], values[LEGACY_MAX_TYPES], size;
	struct str g[5];

	if (!regex_find(r->counts, line, g, 5))
		return malformed(r, line);
	for (unsigned i = 0; i < 2; i++) {
		TRY(number_decimal(g[1 + i], &live[i], r->e));
		TRY(number_decimal(g[3 + i], &ever[i], r->e));
	}
	if (!r->has_total) {
		r->has_total = true;
		r->has_allocated = ever[0] > 0;
		add_types(r);
		return OK;
	}
	if (!r->has_stack)
		return malformed(r, line);
	size = live[0] ? live[1] / live[0] : ever[0] ? ever[1] / ever[0] : 0;
	heap_unsample(&live[0], &live[1], r->rate);
	heap_unsample(&ever[0], &ever[1], r->rate);
	for (unsigned i = 0; i < 2; i++) {
		values[i] = r->has_allocated ? ever[i] : live[i];
		values[2 + i] = live[i];
	}
	r->has_stack = false;
	legacy_add_stack(r->b, &r->addresses, 0);
	(void)VEC_PUSH(&r->b->block_sizes, size);
	legacy_end_sample(r->b, values);
	return OK;
}

static MUST_USE enum err_code read_stack(struct jemalloc_reader *r, struct str line)
{
	if (!r->has_total || r->has_stack)
		return malformed(r, line);
	r->has_stack = true;
	r->addresses.n = 0;
	return address_list_read(&r->addresses, line, r->e);
}

static MUST_USE enum err_code read_line(struct jemalloc_reader *r, struct str line)
{
	if (str_starts(line, STR("@")))
		return read_stack(r, line);
	if (str_starts(line, STR("t*:")))
		return read_counts(r, line);
	return str_starts(line, STR("t")) ? OK : malformed(r, line);
}

static MUST_USE enum err_code read_lines(struct jemalloc_reader *r, struct lines *l)
{
	struct str line;

	TRY(regex_new_capturing(
	    &r->counts, STR("\\At\\*: (\\d+): (\\d+) \\[(\\d+): (\\d+)\\]"), r->e));
	while (lines_next_row(l, &line))
		TRY(read_line(r, line));
	TRY(lines_check(l, r->e));
	if (!r->has_total || r->has_stack)
		return FAIL(r->e, ERR_FORMAT, "malformed jemalloc heap profile: it ends early");
	TRY(legacy_finish_text(r->b, l, r->e));
	return legacy_publish(r->b, r->e);
}

enum err_code jemalloc_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct jemalloc_reader r = { .b = b, .e = e };
	struct lines l = lines_of(bytes);
	enum err_code rc;

	*mine = lines_next(&l) && read_header(&r, l.line);
	if (!*mine)
		return OK;
	rc = read_lines(&r, &l);
	regex_free(r.counts);
	VEC_RELEASE(&r.addresses);
	return rc;
}
