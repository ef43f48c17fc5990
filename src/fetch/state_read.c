/*
 * State files as profiles; see state_read.h. Called by grab.c for sources that begin with the
 * magic. What is hard: the file may be damaged, hostile, or written to at this moment, so each
 * thing is copied out (core/statefmt.c does that) before it is believed.
 */
#include "fetch/state_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/vec.h"
#include "core/hash.h"
#include "core/heapframes.h"
#include "core/statefmt.h"
#include "fetch/state_births.h"
#include "profile/check.h"

/* Frames in all stacks; the runtime's tables hold a tenth. */
#define MAX_FRAMES ((size_t)64 << 20)
/* Functions of pseudo frames, one each. */
#define MAX_PSEUDO STATEFMT_PC_END

/* Go's order of a heap profile's values. */
enum {
	ALLOC_OBJECTS,
	ALLOC_BYTES,
	INUSE_OBJECTS,
	INUSE_BYTES,
	VALUES,
};

struct reader {
	struct statefmt f;
	struct profile *p;
	struct state_totals totals;
	VEC(uint64_t) pcs; /* of locations, by index */
	struct map by_pc;
	VEC(uint32_t) stacks;
	VEC(uint32_t) stack_at;
	VEC(int64_t) values;
	VEC(uint32_t) label_at;
	VEC(struct label) labels;
	VEC(struct mapping) mappings; /* by address once they are complete */
	str_id bytes_key, born_key, seconds;
	bool with_births;
	struct state_births births;
	size_t birth; /* the first of those of this or a later record */
};

static void reader_release(struct reader *r)
{
	VEC_RELEASE(&r->pcs);
	map_release(&r->by_pc);
	VEC_RELEASE(&r->stacks);
	VEC_RELEASE(&r->stack_at);
	VEC_RELEASE(&r->values);
	VEC_RELEASE(&r->label_at);
	VEC_RELEASE(&r->labels);
	VEC_RELEASE(&r->mappings);
	state_births_release(&r->births);
}

static bool reader_failed(const struct reader *r)
{
	return arena_failed(&r->p->arena) || r->pcs.failed || r->by_pc.failed || r->stacks.failed ||
	       r->stack_at.failed || r->values.failed || r->label_at.failed || r->labels.failed ||
	       r->mappings.failed || r->births.list.failed;
}

static bool pc_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct reader *r = ctx;

	return r->pcs.p[index] == *(const uint64_t *)key;
}

static void add_frame(struct reader *r, uint64_t pc)
{
	uint32_t fresh = (uint32_t)r->pcs.n;
	uint32_t at = map_intern(&r->by_pc, hash_u64(pc), pc_equal, r, &pc, fresh);

	if (at == fresh)
		(void)VEC_PUSH(&r->pcs, pc);
	(void)VEC_PUSH(&r->stacks, at);
}

static void add_values(struct reader *r, const struct statefmt_values *v)
{
	int64_t values[VALUES] = {
		[ALLOC_OBJECTS] = statefmt_objects(v->alloc.objects),
		[ALLOC_BYTES] = (int64_t)v->alloc.bytes,
		[INUSE_OBJECTS] = statefmt_objects(v->alloc.objects - v->freed.objects),
		[INUSE_BYTES] = (int64_t)(v->alloc.bytes - v->freed.bytes),
	};

	for (unsigned i = 0; i < VALUES; i++)
		(void)VEC_PUSH(&r->values, values[i]);
	r->totals.inuse_bytes =
	    (int64_t)((uint64_t)r->totals.inuse_bytes + (uint64_t)values[INUSE_BYTES]);
}

/* A row about to be added: what all of a record's have in common. */
struct row {
	uint32_t record;
	uint64_t first_size;
	const uint64_t *pcs;
	size_t depth;
	const struct statefmt_pairs *labels;
};

static void add_labels(struct reader *r, const struct row *row)
{
	for (uint32_t i = 0; i < row->labels->n; i++)
		(void)VEC_PUSH(&r->labels,
		    (struct label){ .key = profile_intern(r->p, row->labels->pair[i].key),
			.str = profile_intern(r->p, row->labels->pair[i].value) });
	if (row->first_size)
		(void)VEC_PUSH(&r->labels,
		    (struct label){
			.key = r->bytes_key, .num = (int64_t)row->first_size, .is_num = true });
}

/* Those with values `v`; `born` is NULL for blocks of any or no age. */
static void add_sample(struct reader *r, const struct row *row, const struct statefmt_values *v,
    const struct state_birth *born)
{
	for (size_t i = 0; i < row->depth; i++)
		add_frame(r, row->pcs[i]);
	add_values(r, v);
	add_labels(r, row);
	if (born)
		(void)VEC_PUSH(&r->labels, (struct label){ .key = r->born_key,
					       .num = born->born,
					       .unit = r->seconds,
					       .is_num = true });
	(void)VEC_PUSH(&r->stack_at, (uint32_t)r->stacks.n);
	(void)VEC_PUSH(&r->label_at, (uint32_t)r->labels.n);
}

/* True when `part` is in `all`, from which it is then taken. */
static bool take(struct statefmt_amounts *all, const struct statefmt_amounts *part)
{
	if (part->samples > all->samples || part->objects > all->objects ||
	    part->bytes > all->bytes)
		return false;
	all->samples -= part->samples;
	all->objects -= part->objects;
	all->bytes -= part->bytes;
	return true;
}

/*
 * A record's live blocks by birth, and what is left of it as a row without. What a block has that
 * was freed between the reading of the two counts as alive; more than was allocated is damage, and
 * then there are no births for the rest.
 */
static void add_births(struct reader *r, const struct row *row, const struct statefmt_values *all)
{
	struct statefmt_values rest = *all;
	const struct state_births *b = &r->births;
	size_t rows = r->stack_at.n;

	while (r->birth < b->list.n && b->list.p[r->birth].record < row->record)
		r->birth++;
	for (; r->birth < b->list.n && b->list.p[r->birth].record == row->record; r->birth++) {
		const struct state_birth *one = &b->list.p[r->birth];

		if (take(&rest.alloc, &one->sum))
			add_sample(r, row, &(struct statefmt_values){ .alloc = one->sum }, one);
	}
	/* What is left was allocated, and at most all of that is freed. */
	if (rest.freed.samples > rest.alloc.samples)
		rest.freed.samples = rest.alloc.samples;
	if (rest.freed.objects > rest.alloc.objects)
		rest.freed.objects = rest.alloc.objects;
	if (rest.freed.bytes > rest.alloc.bytes)
		rest.freed.bytes = rest.alloc.bytes;
	if (rest.alloc.objects > 0 || rest.alloc.bytes > 0 || r->stack_at.n == rows)
		add_sample(r, row, &rest, NULL);
}

/* True when record i was good, or there was nothing to it. */
static bool read_record(struct reader *r, uint32_t i)
{
	uint64_t pcs[STATEFMT_MAX_DEPTH];
	struct statefmt_pairs labels;
	struct statefmt_row found;
	struct row row = { .record = i, .pcs = pcs, .labels = &labels };

	switch (statefmt_record(&r->f, i, &found)) {
	case STATEFMT_NONE:
		return true;
	case STATEFMT_BAD:
		return false;
	case STATEFMT_FOUND:
		break;
	}
	if (found.v.alloc.samples == 0)
		return true;
	row.depth = statefmt_stack(&r->f, found.stack, pcs);
	if (row.depth == 0)
		return false;
	row.first_size = found.first_size;
	statefmt_record_labels(&r->f, i, &labels);
	if (r->with_births)
		add_births(r, &row, &found.v);
	else
		add_sample(r, &row, &found.v, NULL);
	r->totals.records++;
	return true;
}

static MUST_USE enum err_code read_records(struct reader *r, struct err *e)
{
	(void)VEC_PUSH(&r->stack_at, 0);
	(void)VEC_PUSH(&r->label_at, 0);
	for (uint32_t i = 0; i < r->f.n_records; i++) {
		if (!read_record(r, i))
			r->totals.damaged++;
		if (r->stacks.n > MAX_FRAMES)
			return FAIL(e, ERR_LIMIT, "the state file has too many stack frames");
		if (reader_failed(r))
			return FAIL_NOMEM(e);
	}
	if (r->totals.damaged && r->totals.records == 0)
		return FAIL(e, ERR_FORMAT,
		    "the state file is damaged: none of its %" PRIu32 " records can be read",
		    r->f.n_records);
	return OK;
}

static bool overlaps(const struct reader *r, const struct statefmt_module *m)
{
	for (size_t i = 0; i < r->mappings.n; i++)
		if (m->start < r->mappings.p[i].limit && r->mappings.p[i].start < m->end)
			return true;
	return false;
}

/* Those still loaded, or those that are gone; of two at one place the later one. */
static void read_modules(struct reader *r, bool gone)
{
	struct statefmt_module m;

	for (uint32_t i = r->f.n_modules; i-- > 0;) {
		if (statefmt_module(&r->f, i, &m) != STATEFMT_FOUND || (m.gone != 0) != gone ||
		    overlaps(r, &m))
			continue;
		(void)VEC_PUSH(
		    &r->mappings, (struct mapping){ .id = (uint64_t)i + 1,
				      .start = m.start,
				      .limit = m.end,
				      .offset = m.offset,
				      .file = profile_intern(r->p, str_c(m.path)),
				      .build_id = profile_intern(r->p, str_c(m.build_id)) });
	}
}

static int by_start(const void *a, const void *b)
{
	const struct mapping *x = a;
	const struct mapping *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * The program itself goes first, as everywhere in profiles: it is the one that its head names, else
 * the lowest, where the loader puts it.
 */
static void put_program_first(struct reader *r)
{
	str_id program = profile_find_str(r->p, str_c(r->f.head.program));
	struct mapping *v = r->mappings.p;

	for (size_t i = 1; program && i < r->mappings.n; i++) {
		struct mapping main = v[i];

		if (main.file != program || v[0].file == program)
			continue;
		memmove(v + 1, v, i * sizeof *v);
		v[0] = main;
	}
	for (size_t i = 0; i < r->mappings.n; i++)
		v[i].id = i + 1;
}

static bool holds(const struct mapping *m, uint64_t address)
{
	return address >= m->start && address < m->limit;
}

/* All but the first are in address order. */
static uint32_t mapping_of(const struct reader *r, uint64_t address)
{
	const struct mapping *v = r->mappings.p;
	size_t lo = 1, hi = r->mappings.n;

	if (hi == 0)
		return PROFILE_NONE;
	if (holds(&v[0], address))
		return 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (address >= v[mid].limit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->mappings.n && holds(&v[lo], address) ? (uint32_t)lo : PROFILE_NONE;
}

/* The line of a frame that is no code: its function has the frame's name. */
static uint32_t add_pseudo(
    struct profile *p, struct function *functions, struct line *lines, uint64_t pc)
{
	struct str name = statefmt_pseudo_name(pc);
	str_id id = profile_intern(p, name.n ? name : STR("[unknown]"));
	uint32_t n = p->n_functions;

	if (n == MAX_PSEUDO)
		return 0; /* there are not that many addresses */
	functions[n] = (struct function){ .id = (uint64_t)n + 1, .name = id, .system_name = id };
	lines[n] = (struct line){ .function = n };
	p->n_functions++;
	p->n_lines++;
	return n;
}

static void build_locations(struct reader *r)
{
	struct profile *p = r->p;
	struct location *v = ARENA_ARRAY(&p->arena, struct location, r->pcs.n);
	struct function *functions = ARENA_ARRAY(&p->arena, struct function, MAX_PSEUDO);
	struct line *lines = ARENA_ARRAY(&p->arena, struct line, MAX_PSEUDO);

	if (!v || !functions || !lines)
		return;
	for (size_t i = 0; i < r->pcs.n; i++) {
		uint64_t pc = r->pcs.p[i];

		v[i] = (struct location){ .id = i + 1, .mapping = PROFILE_NONE };
		if (pc < STATEFMT_PC_END) {
			v[i].first_line = add_pseudo(p, functions, lines, pc);
			v[i].n_lines = 1;
			continue;
		}
		v[i].address = pc - 1; /* return addresses: one back is inside the call */
		v[i].mapping = mapping_of(r, pc - 1);
	}
	p->locations = v;
	p->n_locations = (uint32_t)r->pcs.n;
	p->functions = functions;
	p->lines = lines;
}

static void build_types(struct profile *p, const struct statefmt_head *h)
{
	static const struct {
		const char *type, *unit;
	} types[VALUES] = {
		[ALLOC_OBJECTS] = { "alloc_objects", "count" },
		[ALLOC_BYTES] = { "alloc_space", "bytes" },
		[INUSE_OBJECTS] = { "inuse_objects", "count" },
		[INUSE_BYTES] = { "inuse_space", "bytes" },
	};

	p->sample_types = ARENA_ARRAY(&p->arena, struct value_type, VALUES);
	for (uint32_t i = 0; p->sample_types && i < VALUES; i++)
		p->sample_types[i] = (struct value_type){ profile_intern(p, str_c(types[i].type)),
			profile_intern(p, str_c(types[i].unit)) };
	p->n_sample_types = VALUES;
	p->default_sample_type = profile_intern(p, STR("inuse_space"));
	p->drop_frames = profile_intern(p, STR(HEAP_DROP_FRAMES));
	p->period_type.type = profile_intern(p, STR("space"));
	p->period_type.unit = profile_intern(p, STR("bytes"));
	p->period = h->rate <= INT64_MAX ? (int64_t)h->rate : 0;
	p->time_ns = statefmt_last_ns(h);
}

static void build_comment(struct profile *p, const struct statefmt_head *h)
{
	str_id *comment = ARENA_NEW(&p->arena, str_id);
	struct str text =
	    arena_printf(&p->arena, "State of process %" PRIu32 ", %s", h->pid, h->program);

	if (!comment || !text.p)
		return;
	*comment = profile_intern(p, text);
	p->comments = comment;
	p->n_comments = 1;
}

/* The arena takes a vector's storage over. */
#define SETTLE(r, vec)                                                                             \
	((vec)->failed ? NULL                                                                      \
		       : arena_adopt(&(r)->p->arena, settle_take((void **)(void *)&(vec)->p)))

static void *settle_take(void **p)
{
	void *taken = *p;

	*p = NULL;
	return taken;
}

static void build_samples(struct reader *r)
{
	struct samples *s = &r->p->samples;

	s->n = r->stack_at.n - 1;
	s->values = SETTLE(r, &r->values);
	s->stacks = SETTLE(r, &r->stacks);
	s->stack_at = SETTLE(r, &r->stack_at);
	if (r->labels.n) {
		s->label_at = SETTLE(r, &r->label_at);
		s->labels = SETTLE(r, &r->labels);
	}
	r->p->n_mappings = (uint32_t)r->mappings.n;
	r->p->mappings = SETTLE(r, &r->mappings);
}

static MUST_USE enum err_code build(struct reader *r, struct err *e)
{
	uint32_t now = r->f.head.last_s;

	r->bytes_key = profile_intern(r->p, STR("bytes"));
	r->born_key = profile_intern(r->p, STR("born"));
	r->seconds = profile_intern(r->p, STR("seconds"));
	if (r->with_births)
		state_births_read(&r->births, &r->f, now);
	TRY(read_records(r, e));
	read_modules(r, false);
	read_modules(r, true);
	if (reader_failed(r))
		return FAIL_NOMEM(e);
	if (r->mappings.n)
		qsort(r->mappings.p, r->mappings.n, sizeof *r->mappings.p, by_start);
	put_program_first(r);
	build_locations(r);
	build_types(r->p, &r->f.head);
	/* Births count from the start: how long ago that was belongs to them. */
	if (r->with_births)
		r->p->duration_ns = (int64_t)now * 1000000000;
	build_comment(r->p, &r->f.head);
	build_samples(r);
	if (reader_failed(r))
		return FAIL_NOMEM(e);
	return profile_check(r->p, e);
}

enum err_code state_read(
    struct profile *out, struct str bytes, bool births, struct state_totals *totals, struct err *e)
{
	struct reader r = { .p = out, .with_births = births };
	enum statefmt_status status = statefmt_open(bytes.p, bytes.n, &r.f);
	enum err_code code;

	*out = (struct profile){ 0 };
	if (status != STATEFMT_OK)
		return FAIL(e, ERR_FORMAT, "%s", statefmt_status_text(status));
	TRY(profile_init(out, e));
	code = build(&r, e);
	reader_release(&r);
	if (code != OK)
		profile_release(out);
	else if (totals)
		*totals = r.totals;
	return code;
}

bool state_is_file(struct str path)
{
	char name[PATH_MAX];
	char magic[8];
	bool is = false;
	int fd;

	if (!fs_path(name, path))
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	/* A pipe's bytes are for its one reader: pread fails on it. */
	is = pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
	     statefmt_is(magic, sizeof magic);
	close(fd);
	return is;
}

enum err_code state_read_file(
    struct profile *out, struct str path, bool births, const struct ui *ui, struct err *e)
{
	struct state_totals totals;
	struct fs_map file;
	enum err_code code;

	*out = (struct profile){ 0 };
	TRY(fs_map_open(&file, path, e));
	code = state_read(out, (struct str){ file.p, file.n }, births, &totals, e);
	fs_map_close(&file);
	if (code == OK && totals.damaged)
		ui_error(ui, "%.*s: %" PRIu32 " of %" PRIu32 " records are damaged and left out",
		    STR_ARG(path), totals.damaged, totals.damaged + totals.records);
	return code;
}
