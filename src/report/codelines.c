/*
 * Source and machine code of the functions that the report's symbol matches. Called by weblist.c.
 *
 * Steps: wanted addresses are widened to ranges of code, the heaviest ranges are disassembled,
 * every instruction is given to each line of its inlined calls that belongs to a wanted function,
 * and lines of one function that lie close together become a block. Addresses without code that
 * can be read count with the lines that the profile itself knows.
 */
#include "report/codelines.h"

#include <stdlib.h>

#include "graph/trimpath.h"

#define CODELINES_WIDEN      500  /* bytes of code around a sampled address */
#define CODELINES_JOIN       1000 /* bytes between addresses of one range */
#define CODELINES_MAX_RANGES 25
#define CODELINES_NEAR       32 /* bytes within which a missing line is taken from a neighbour */
#define CODELINES_MERGE      20 /* lines between two parts of one block */
#define CODELINES_CONTEXT    5  /* lines around a block */

struct range {
	uint64_t begin, end;
	const struct mapping *mapping; /* NULL: no code */
	size_t first, n;               /* sites */
	int64_t score;
};

struct maker {
	struct codelines *l;
	struct report *r;
	const struct mapping **mappings; /* by start */
	VEC(struct range) ranges;
};

void codelines_release(struct codelines *l)
{
	sites_release(&l->sites);
	VEC_RELEASE(&l->code);
	VEC_RELEASE(&l->uses);
	VEC_RELEASE(&l->blocks);
	*l = (struct codelines){ 0 };
}

static int by_start(const void *a, const void *b)
{
	const struct mapping *x = *(const struct mapping *const *)a;
	const struct mapping *y = *(const struct mapping *const *)b;

	return x->start != y->start ? (x->start < y->start ? -1 : 1) : (x < y ? -1 : x > y);
}

static enum err_code sort_mappings(struct maker *m, struct err *e)
{
	const struct profile *p = m->r->profile;

	m->mappings = ARENA_ARRAY(&m->r->arena, const struct mapping *, p->n_mappings);
	if (!m->mappings)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++)
		m->mappings[i] = &p->mappings[i];
	if (p->n_mappings > 1)
		qsort(m->mappings, p->n_mappings, sizeof(const struct mapping *), by_start);
	return OK;
}

/* Widens a range at both ends, within its mapping. */
static void widen(struct range *range)
{
	const struct mapping *m = range->mapping;

	if (!m)
		return;
	range->begin = range->begin > m->start && range->begin - m->start >= CODELINES_WIDEN
			   ? range->begin - CODELINES_WIDEN
			   : m->start;
	range->end =
	    m->limit - range->end >= CODELINES_WIDEN ? range->end + CODELINES_WIDEN : m->limit;
}

/* Joins wanted sites whose widened ranges would touch. */
static void make_ranges(struct maker *m)
{
	const struct sites *s = &m->l->sites;
	const uint32_t n_mappings = m->r->profile->n_mappings;
	uint32_t at = 0;
	struct range *last = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct site *site = &s->v[i];
		const struct mapping *in = NULL;

		if (!site->wanted)
			continue;
		while (at < n_mappings && m->mappings[at]->limit <= site->address)
			at++;
		if (at < n_mappings && !site->made_up && m->mappings[at]->start <= site->address)
			in = m->mappings[at];
		if (last && in && last->mapping == in &&
		    site->address - last->end <= CODELINES_JOIN) {
			last->end = site->address;
			last->n = i + 1 - last->first;
			last->score += (int64_t)site->flat;
			continue;
		}
		if (!VEC_PUSH(&m->ranges, (struct range){ site->address, site->address, in, i, 1,
					      (int64_t)site->flat }))
			return;
		last = &m->ranges.p[m->ranges.n - 1];
	}
	for (size_t i = 0; i < m->ranges.n; i++)
		widen(&m->ranges.p[i]);
}

static int by_score(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (!x->mapping != !y->mapping)
		return x->mapping ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Samples within the instruction, also those that point behind its first byte. */
static void sum_code(const struct sites *s, struct codelines_code *code)
{
	for (size_t i = sites_at(s, code->address);
	     i < s->n && s->v[i].address - code->address < code->length; i++) {
		code->flat += s->v[i].flat;
		code->cum += s->v[i].cum;
	}
}

static struct str clean_file(struct maker *m, struct str path)
{
	if (str_starts(path, STR("/proc/self/cwd/")))
		path = str_skip(path, sizeof "/proc/self/cwd/" - 1);
	if (str_starts(path, STR("./")))
		path = str_skip(path, 2);
	return graph_clean_path(path, &m->r->arena);
}

static int64_t sane_line(int64_t line)
{
	return line < 0 || line > INT32_MAX ? 0 : line;
}

/* The callees of frame `n`, outermost first. */
static const struct codelines_call *inlined_calls(
    struct maker *m, const struct source_frame *frames, uint32_t n)
{
	struct codelines_call *calls = ARENA_ARRAY(&m->r->arena, struct codelines_call, n);

	for (uint32_t i = 0; calls && i < n; i++)
		calls[i] = (struct codelines_call){ clean_file(m, frames[n - 1 - i].file),
			sane_line(frames[n - 1 - i].line) };
	return calls;
}

/* Gives an instruction to the lines of its frames (leaf first) that belong to wanted functions. */
static void add_uses(struct maker *m, uint32_t code, const struct source_frame *frames, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!sites_wants(&m->l->sites, frames[i].function))
			continue;
		VEC_PUSH(&m->l->uses, (struct codelines_use){ clean_file(m, frames[i].file),
					  sane_line(frames[i].line), frames[i].function, code,
					  inlined_calls(m, frames, i), i });
	}
}

/* Without code: the frames that the profile knows. */
static enum err_code add_site(struct maker *m, const struct site *site, struct err *e)
{
	const struct profile *p = m->r->profile;
	const struct location *l = &p->locations[site->location];
	const struct line *lines = location_lines(p, l);
	struct source_frame *frames = ARENA_ARRAY(&m->r->arena, struct source_frame, l->n_lines);
	struct codelines_code code = { .address = site->address,
		.object_address = site->address,
		.length = 1,
		.flat = site->flat,
		.cum = site->cum };
	uint32_t n = 0;

	if (!frames)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct function *f;

		if (lines[i].function == PROFILE_NONE)
			continue;
		f = &p->functions[lines[i].function];
		frames[n++] = (struct source_frame){ profile_str(p, f->name),
			profile_str(p, f->filename), lines[i].line, lines[i].column };
	}
	if (n > 0) {
		code.file = frames[0].file;
		code.line = sane_line(frames[0].line);
	}
	if (VEC_PUSH(&m->l->code, code))
		add_uses(m, (uint32_t)(m->l->code.n - 1), frames, n);
	return OK;
}

static enum err_code add_sites(struct maker *m, const struct range *range, struct err *e)
{
	for (size_t i = range->first; i < range->first + range->n; i++)
		if (m->l->sites.v[i].wanted)
			TRY(add_site(m, &m->l->sites.v[i], e));
	return OK;
}

/* Frames of an instruction that had a line, for neighbours that have none. */
struct neighbour {
	const struct source_frame *frames;
	uint32_t n;
	uint64_t address;
};

static enum err_code frames_of(struct maker *m, const struct range *range,
    const struct source_instruction *in, struct source_frame **frames, uint32_t *n, struct err *e)
{
	const struct source_ops *ops = m->r->options->source;
	struct err why = { 0 };
	enum err_code code = ERR_UNSUPPORTED;

	*n = 0;
	if (ops->frames)
		code = ops->frames(ops->ctx, m->r->profile, range->mapping, in->address,
		    &m->r->arena, frames, n, &why);
	if (code == ERR_NOMEM)
		return FAIL_NOMEM(e);
	if (code == OK && *n > 0)
		return OK;
	*frames = ARENA_NEW(&m->r->arena, struct source_frame);
	if (!*frames)
		return FAIL_NOMEM(e);
	**frames = (struct source_frame){ in->function, in->file, in->line, 0 };
	*n = 1;
	return OK;
}

static enum err_code add_instruction(struct maker *m, const struct range *range,
    const struct source_instruction *in, uint64_t next, struct neighbour *near, struct err *e)
{
	struct source_frame *frames;
	uint32_t n;
	struct codelines_code code = { .address = in->address,
		.object_address = in->object_address,
		.length = next > in->address ? next - in->address : 1,
		.text = in->text };

	TRY(frames_of(m, range, in, &frames, &n, e));
	code.file = frames[0].file;
	code.line = sane_line(frames[0].line);
	sum_code(&m->l->sites, &code);
	if (!VEC_PUSH(&m->l->code, code))
		return FAIL_NOMEM(e);
	if (frames[0].line != 0)
		*near = (struct neighbour){ frames, n, in->address };
	if (frames[0].line == 0 && near->frames && in->address - near->address <= CODELINES_NEAR)
		add_uses(m, (uint32_t)(m->l->code.n - 1), near->frames, near->n);
	else
		add_uses(m, (uint32_t)(m->l->code.n - 1), frames, n);
	return OK;
}

/* A range whose code cannot be read still shows its samples. */
static enum err_code add_range(struct maker *m, const struct range *range, struct err *e)
{
	const struct source_ops *ops = m->r->options->source;
	struct source_instruction *v = NULL;
	struct neighbour near = { 0 };
	struct err why = { 0 };
	enum err_code code = ERR_UNSUPPORTED;
	uint32_t n = 0;

	if (range->mapping && ops && ops->disassemble)
		code = ops->disassemble(ops->ctx, m->r->profile, range->mapping, range->begin,
		    range->end, m->r->options->intel_syntax, &m->r->arena, &v, &n, &why);
	if (code == ERR_NOMEM)
		return FAIL_NOMEM(e);
	if (code != OK || n == 0)
		return add_sites(m, range, e);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && v[i].address <= v[i - 1].address)
			continue;
		TRY(add_instruction(m, range, &v[i], i + 1 < n ? v[i + 1].address : 0, &near, e));
	}
	return OK;
}

static enum err_code add_ranges(struct maker *m, struct err *e)
{
	make_ranges(m);
	if (m->ranges.failed)
		return FAIL_NOMEM(e);
	if (m->ranges.n > 1)
		qsort(m->ranges.p, m->ranges.n, sizeof *m->ranges.p, by_score);
	for (size_t i = 0; i < m->ranges.n; i++) {
		if (i < CODELINES_MAX_RANGES)
			TRY(add_range(m, &m->ranges.p[i], e));
		else
			TRY(add_sites(m, &m->ranges.p[i], e));
	}
	return m->l->uses.failed || m->l->code.failed ? FAIL_NOMEM(e) : OK;
}

static int by_place(const void *a, const void *b, void *ctx)
{
	const struct codelines_code *code = ctx;
	const struct codelines_use *x = a, *y = b;
	const int order = str_cmp(x->file, y->file);

	if (order != 0)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (code[x->code].address != code[y->code].address)
		return code[x->code].address < code[y->code].address ? -1 : 1;
	return x->n_calls < y->n_calls ? -1 : x->n_calls > y->n_calls;
}

/* Adds the uses of one line to the last block of the file, or to a new one. */
static void add_line(struct maker *m, size_t first, size_t n, bool new_file)
{
	struct codelines *l = m->l;
	const struct codelines_use *use = &l->uses.p[first];
	const struct str name = sites_pretty(&l->sites, use->function);
	struct codelines_block *block = l->blocks.n ? &l->blocks.p[l->blocks.n - 1] : NULL;

	if (!block || new_file || use->line - block->end >= CODELINES_MERGE ||
	    !str_eq(block->function, name)) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): VEC_PUSH has room */
		if (!VEC_PUSH(&l->blocks, (struct codelines_block){ .function = name,
					      .file = use->file,
					      .begin = use->line,
					      .first_use = first }))
			return;
		block = &l->blocks.p[l->blocks.n - 1];
	}
	block->end = use->line + 1;
	block->n_uses += n;
	for (size_t i = first; i < first + n; i++) {
		block->flat += l->code.p[l->uses.p[i].code].flat;
		block->cum += l->code.p[l->uses.p[i].code].cum;
	}
}

/* Lines around the blocks of one file; a gap between two is shared. */
static void add_context(struct codelines_block *v, size_t n)
{
	if (v[0].begin > CODELINES_CONTEXT)
		v[0].begin -= CODELINES_CONTEXT;
	else if (v[0].begin > 1)
		v[0].begin = 1;
	for (size_t i = 1; i < n; i++) {
		int64_t half = (v[i].begin - v[i - 1].end) / 2;

		half = half > CODELINES_CONTEXT ? CODELINES_CONTEXT : half;
		v[i - 1].end += half;
		v[i].begin -= half;
	}
	v[n - 1].end += CODELINES_CONTEXT;
}

/* An instruction may belong to several lines of a file and counts once. */
static uint64_t file_flat(
    const struct codelines *l, size_t first, size_t end, uint32_t *counted, uint32_t stamp)
{
	uint64_t flat = 0;

	for (size_t i = first; i < end; i++) {
		const uint32_t code = l->uses.p[i].code;

		if (counted[code] != stamp)
			flat += l->code.p[code].flat;
		counted[code] = stamp;
	}
	return flat;
}

/* Blocks of the uses [first, end) of one file. */
static void add_file(struct maker *m, size_t first, size_t end, uint64_t flat)
{
	struct codelines *l = m->l;
	const size_t first_block = l->blocks.n;

	for (size_t i = first, next; i < end; i = next) {
		for (next = i + 1; next < end && l->uses.p[next].line == l->uses.p[i].line; next++)
			;
		add_line(m, i, next - i, i == first);
	}
	if (l->blocks.failed)
		return;
	for (size_t i = first_block; i < l->blocks.n; i++)
		l->blocks.p[i].file_flat = flat;
	add_context(l->blocks.p + first_block, l->blocks.n - first_block);
}

static int by_weight(const void *a, const void *b)
{
	const struct codelines_block *x = a, *y = b;
	const int64_t fx = (int64_t)x->file_flat, fy = (int64_t)y->file_flat;

	if (fx != fy)
		return fx > fy ? -1 : 1;
	return x->first_use < y->first_use ? -1 : x->first_use > y->first_use;
}

/* With a limit on files, the heaviest come first and the rest is left out. */
static void choose_files(struct codelines *l, uint32_t most)
{
	uint32_t files = 0;

	if (most == 0 || l->blocks.n < 2)
		return;
	qsort(l->blocks.p, l->blocks.n, sizeof *l->blocks.p, by_weight);
	for (size_t i = 0; i < l->blocks.n; i++) {
		if (i == 0 || !str_eq(l->blocks.p[i].file, l->blocks.p[i - 1].file))
			files++;
		if (files > most) {
			l->blocks.n = i;
			return;
		}
	}
}

static enum err_code make_blocks(struct maker *m, struct err *e)
{
	struct codelines *l = m->l;
	uint32_t *counted = ARENA_ARRAY(&m->r->arena, uint32_t, l->code.n);
	uint32_t stamp = 0;

	if (!counted)
		return FAIL_NOMEM(e);
	if (l->uses.n > 1)
		qsort_r(l->uses.p, l->uses.n, sizeof *l->uses.p, by_place, l->code.p);
	for (size_t i = 0, end; i < l->uses.n; i = end) {
		for (end = i + 1; end < l->uses.n && str_eq(l->uses.p[end].file, l->uses.p[i].file);
		     end++)
			;
		add_file(m, i, end, file_flat(l, i, end, counted, ++stamp));
	}
	choose_files(l, m->r->options->max_sections);
	return l->blocks.failed || arena_failed(&m->r->arena) ? FAIL_NOMEM(e) : OK;
}

enum err_code codelines_make(struct codelines *l, struct report *r, struct err *e)
{
	struct maker m = { .l = l, .r = r };
	enum err_code code;

	*l = (struct codelines){ 0 };
	TRY(sites_collect(&l->sites, r, e));
	if (l->sites.wanted.n == 0)
		return FAIL(e, ERR_NOT_FOUND, "no matches found for regexp: %.*s",
		    STR_ARG(r->options->symbol_text));
	TRY(sort_mappings(&m, e));
	code = add_ranges(&m, e);
	VEC_RELEASE(&m.ranges);
	return code == OK ? make_blocks(&m, e) : code;
}
